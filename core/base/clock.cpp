#include "core/base/clock.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace sluice {

Duration wall_lead(const Clock& clock) {
  // Two readings are only as good as the time between them is short: a thread may be put aside there.
  constexpr Duration kApart = std::chrono::milliseconds(20);
  Duration lead{};
  for (int look = 0; look < 5; ++look) {
    const Duration before = clock.monotonic();
    lead = clock.now().time_since_epoch() - before;
    if (clock.monotonic() - before < kApart) break;
  }
  return lead;
}

std::optional<Duration> WallSteps::look() {
  const Duration present = wall_lead(clock_);
  const Duration step = present - lead_;
  lead_ = present;  // slow corrections add up without ever being a step
  if (std::chrono::abs(step) < kWallStepMin) return std::nullopt;
  return step;
}

std::string length_text(Duration length) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(std::chrono::abs(length)).count();
  std::string text;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds / 60 % 60 != 0) text += fmt::format("{}m", seconds / 60 % 60);
  if (seconds % 60 != 0 || text.empty()) text += fmt::format("{}s", seconds % 60);
  return text;
}

}  // namespace sluice
