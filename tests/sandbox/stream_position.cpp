#include "tests/sandbox/stream_position.hpp"

#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace sluice::sandbox {
namespace {

std::vector<std::string> fields_of(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '|')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

bool read_number(const std::string& text, std::int64_t& out) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

}  // namespace

std::string Position::text() const {
  std::string plain = fmt::format("{}|{}|{}|{}", kind, stream, shard, number);
  if (turn != 0) plain += fmt::format("|{}", turn);
  return base64_encode(plain);
}

Position parse_position(const std::string& text, std::string_view kind) {
  const std::vector<std::string> fields = fields_of(base64_decode(text).value_or(""));
  Position out;
  const bool right = (fields.size() == 4 || fields.size() == 5) && fields[0] == kind &&
                     read_number(fields[3], out.number) &&
                     (fields.size() == 4 || read_number(fields[4], out.turn));
  if (!right) throw invalid(fmt::format("Invalid shard iterator or token: {}.", text));
  out.kind = fields[0];
  out.stream = fields[1];
  out.shard = fields[2];
  return out;
}

}  // namespace sluice::sandbox
