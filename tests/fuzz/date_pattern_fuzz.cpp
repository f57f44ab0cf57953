// Fuzz target of date patterns: what parses also prints, in any zone and at any time, or says that it has no
// text.

#include "core/format/date_pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::int64_t given = 0;
  if (size < sizeof given) return 0;
  std::memcpy(&given, data, sizeof given);
  const std::string_view pattern(reinterpret_cast<const char*>(data) + sizeof given, size - sizeof given);
  for (const std::string_view zone : {"Asia/Shanghai", "America/New_York"}) {
    const auto parsed = format::DatePattern::parse(pattern, zone);
    if (!parsed) {
      if (parsed.error().code() != Errc::invalid_argument || parsed.error().message().empty()) std::abort();
      continue;
    }
    format::ByteBuffer out;
    for (const std::int64_t ms : {given, given % 253'402'300'800'000, std::int64_t{1'541'311'199'999}}) {
      const std::size_t before = out.size();
      const bool written = parsed->append(ms, out);
      if (!written && out.size() != before) std::abort();
      if (out.size() - before > 64 * (pattern.size() + 1)) std::abort();
    }
  }
  return 0;
}
