#include "core/http/deflate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <zlib.h>

namespace sluice::http {
namespace {

constexpr std::size_t kStep = 64 * 1024;

class Unpacking {
 public:
  explicit Unpacking(std::string_view bytes) {
    // zlib does not write there.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~Unpacking() { inflateEnd(&stream_); }
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;

  // Fills `room` as far as the input goes. Z_OK: there is more, or the input is cut off.
  int next(char* room, std::size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(room);
    stream_.avail_out = static_cast<uInt>(size);
    return ::inflate(&stream_, Z_NO_FLUSH);
  }
  std::size_t room_left() const { return stream_.avail_out; }
  std::size_t input_left() const { return stream_.avail_in; }

 private:
  z_stream stream_{};
};

}  // namespace

std::string deflate(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  const int status = compress(reinterpret_cast<Bytef*>(result.data()), &size,
                              reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (status != Z_OK) throw std::bad_alloc();
  result.resize(size);
  return result;
}

Result<std::string> inflate(std::string_view bytes, std::size_t limit) {
  Unpacking unpacking(bytes);
  std::string result;
  for (;;) {
    const std::size_t filled = result.size();
    // One byte more than allowed shows that there is too much.
    result.resize(filled + std::min(kStep, limit + 1 - filled));
    const int status = unpacking.next(result.data() + filled, result.size() - filled);
    result.resize(result.size() - unpacking.room_left());
    if (result.size() > limit) {
      return Error(Errc::corrupt, fmt::format("inflate: more than {} bytes", limit));
    }
    if (status == Z_STREAM_END) break;
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_BUF_ERROR) return Error(Errc::corrupt, "inflate: not a zlib stream");
    if (result.size() == filled) return Error(Errc::corrupt, "inflate: the stream is cut off");
  }
  if (unpacking.input_left() > 0) {
    return Error(Errc::corrupt, fmt::format("inflate: {} bytes follow the stream", unpacking.input_left()));
  }
  return result;
}

}  // namespace sluice::http
