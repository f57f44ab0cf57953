#include "core/http/inflate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace sluice::http {
namespace {

// One byte of deflate never stands for more: 258 bytes cost at least two bits.
constexpr std::size_t kRatioMax = 1032;
constexpr std::size_t kLengthMax = std::numeric_limits<uInt>::max();  // of one call of zlib
constexpr std::size_t kStep = 64 * 1024;

struct Inflater {
  explicit Inflater(std::string_view compressed) : ready(inflateInit(&stream) == Z_OK) {
    stream.next_in = reinterpret_cast<const Bytef*>(compressed.data());
    stream.avail_in = static_cast<uInt>(compressed.size());
  }
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
  bool ready;
};

Error damaged(std::size_t at, std::size_t of, std::string_view reason) {
  return Error(Errc::corrupt, fmt::format("inflate {} bytes: {} at byte {}", of, reason, at));
}

}  // namespace

Result<std::string> inflate_zlib(std::string_view compressed, std::size_t bytes) {
  if (compressed.size() > kLengthMax || bytes > kLengthMax || bytes / kRatioMax > compressed.size()) {
    return Error(Errc::corrupt,
                 fmt::format("inflate {} bytes: they cannot be the {} announced", compressed.size(), bytes));
  }
  Inflater inflater(compressed);
  if (!inflater.ready) return Error(Errc::internal, "inflate: refused by zlib");
  std::string out(bytes + 1, '\0');  // one more, to notice what is too long
  inflater.stream.next_out = reinterpret_cast<Bytef*>(out.data());
  inflater.stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&inflater.stream, Z_FINISH);
  const std::size_t read = compressed.size() - inflater.stream.avail_in;
  const std::size_t written = out.size() - inflater.stream.avail_out;
  if (written > bytes)
    return damaged(read, compressed.size(), fmt::format("more than the {} announced", bytes));
  if (result == Z_BUF_ERROR) return damaged(read, compressed.size(), "cut off");
  if (result != Z_STREAM_END) {
    const char* text = inflater.stream.msg;
    return damaged(read, compressed.size(), text != nullptr ? text : "not zlib data");
  }
  if (written < bytes)
    return damaged(read, compressed.size(), fmt::format("{} instead of {} bytes", written, bytes));
  if (read < compressed.size()) return damaged(read, compressed.size(), "something else behind the end");
  out.resize(bytes);
  return out;
}

Result<std::string> inflate_zlib_within(std::string_view compressed, std::size_t bytes_max) {
  const auto fail = [&](std::size_t at, std::string_view reason) {
    return damaged(at, compressed.size(), reason);
  };
  if (compressed.size() > kLengthMax) return fail(0, "too many");
  Inflater inflater(compressed);
  if (!inflater.ready) return Error(Errc::internal, "inflate: refused by zlib");
  std::string out;
  for (;;) {
    const std::size_t filled = out.size();
    out.resize(filled + std::min(kStep, bytes_max + 1 - filled));  // one more, to notice what is too long
    inflater.stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    inflater.stream.avail_out = static_cast<uInt>(out.size() - filled);
    const int result = inflate(&inflater.stream, Z_NO_FLUSH);
    out.resize(out.size() - inflater.stream.avail_out);
    const std::size_t read = compressed.size() - inflater.stream.avail_in;
    if (out.size() > bytes_max) return fail(read, fmt::format("more than {} bytes", bytes_max));
    if (result == Z_STREAM_END && read < compressed.size())
      return fail(read, "something else behind the end");
    if (result == Z_STREAM_END) return out;
    if (result != Z_OK && result != Z_BUF_ERROR) {
      return fail(read, inflater.stream.msg != nullptr ? inflater.stream.msg : "not zlib data");
    }
    if (out.size() == filled) return fail(read, "cut off");
  }
}

}  // namespace sluice::http
