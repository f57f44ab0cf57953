#include "core/http/repeat.hpp"

#include "core/http/headers.hpp"
#include "core/http/retry_after.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

constexpr int kAttemptsMax = 5;
constexpr Duration kFirstPause = std::chrono::milliseconds(200);

}  // namespace

std::optional<Duration> Attempts::pause(Retry retry, std::optional<Duration> asked, Random& random) {
  if (!may_repeat(retry)) return std::nullopt;
  if (retry == Retry::correct_clock || retry == Retry::renew_keys) return Duration(0);
  const Duration wanted = asked ? spread(*asked, random) : Duration(0);
  const Duration longest = kFirstPause * (1 << (begun_ - 1));
  const auto half = static_cast<std::uint64_t>(longest.count()) / 2;
  return std::max(wanted, Duration(half + random.below(half + 1)));
}

bool Attempts::may_repeat(Retry retry) {
  if (begun_ >= kAttemptsMax) return false;
  switch (retry) {
    case Retry::never:
      return false;
    case Retry::always:
      return true;
    case Retry::once:
      return !std::exchange(repeated_once_, true);
    case Retry::correct_clock:
      return !std::exchange(clock_corrected_, true);
    case Retry::renew_keys:
      return !std::exchange(keys_renewed_, true);
  }
  return false;
}

std::string repeat_line(std::string_view failure, int attempt, Duration pause) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
  return fmt::format("{}; attempt {} in {} ms", failure, attempt, ms);
}

std::optional<Duration> clock_offset_of(std::string_view named, const Response& answer, Instant now) {
  std::optional<Instant> server = parse_iso_date(named);
  if (!server) server = parse_date(answer.header("Date"));
  const Instant earliest = std::chrono::sys_days(std::chrono::year(2015) / 1 / 1);
  const Instant latest = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
  if (!server || *server < earliest || *server > latest) return std::nullopt;
  return *server - now;
}

}  // namespace sluice::http
