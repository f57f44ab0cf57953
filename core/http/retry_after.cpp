#include "core/http/retry_after.hpp"

#include "core/http/headers.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::http {
namespace {

constexpr std::chrono::seconds kAskedPauseMax{60};

}  // namespace

std::optional<Duration> asked_pause(const Response& answer, Instant now) {
  if (answer.status != 429 && answer.status != 503) return std::nullopt;
  const std::string_view text = trim(answer.header("Retry-After"));
  if (text.empty()) return std::nullopt;
  if (const auto date = parse_date(text)) {
    const Instant from = parse_date(answer.header("Date")).value_or(now);
    return std::clamp<Duration>(*date - from, Duration(0), kAskedPauseMax);
  }
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc()) return kAskedPauseMax;  // more than 136 years
  return std::min<Duration>(std::chrono::seconds(seconds), kAskedPauseMax);
}

Duration spread(Duration asked, Random& random) {
  return asked + Duration(random.below(static_cast<std::uint64_t>(asked.count()) / 8 + 1));
}

}  // namespace sluice::http
