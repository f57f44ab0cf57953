// Fuzz target of the value expressions of parameters: what parses also prints, in any zone and at any time.

#include "core/job/time_expression.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = job::TimeExpression::parse(text);
  if (!parsed) {
    if (parsed.error().offset > text.size() || parsed.error().message.empty()) std::abort();
    job::describe(parsed.error(), text);
    return 0;
  }
  // The turn of a leap day, the second hour of an autumn change, and the last representable year.
  constexpr std::int64_t kSeconds[] = {1'709'222'400, 1'761'440'400, 253'402'214'400};
  for (const std::int64_t seconds : kSeconds) {
    for (const std::string_view zone : {"Asia/Shanghai", "Europe/Berlin"}) {
      const auto moment = job::moment_of(Instant(std::chrono::seconds(seconds)), zone, "orders");
      if (!moment) std::abort();
      const auto printed = parsed->evaluate(*moment);
      if (printed && printed->size() > 64 * (text.size() + 1)) std::abort();
    }
  }
  return 0;
}
