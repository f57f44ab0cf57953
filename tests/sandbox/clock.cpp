#include "tests/sandbox/clock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <time.h>

namespace sluice::sandbox {
namespace {

std::tm utc(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm out{};
  ::gmtime_r(&time, &out);
  return out;
}

std::string date_and_time(std::int64_t us) {
  const std::tm t = utc(us / 1'000'000);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                     t.tm_hour, t.tm_min, t.tm_sec);
}

std::optional<std::int64_t> parse(std::string_view text, const char* format, bool fraction) {
  const std::string copy(text);
  std::tm fields{};
  const char* rest = ::strptime(copy.c_str(), format, &fields);
  if (rest == nullptr) return std::nullopt;
  if (fraction) {
    if (*rest == '.')
      for (++rest; *rest >= '0' && *rest <= '9';) ++rest;
    if (*rest++ != 'Z') return std::nullopt;
  }
  if (*rest != '\0') return std::nullopt;
  return ::timegm(&fields);
}

}  // namespace

std::int64_t now_us() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

std::string iso8601(std::int64_t us) { return fmt::format("{}.{:06}Z", date_and_time(us), us % 1'000'000); }

std::string oss_time(std::int64_t us) { return date_and_time(us) + ".000Z"; }

std::string rfc1123(std::int64_t us) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = utc(us / 1'000'000);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::optional<std::int64_t> parse_iso8601(std::string_view text) {
  return parse(text, "%Y-%m-%dT%H:%M:%S", true);
}

std::optional<std::int64_t> parse_basic_iso8601(std::string_view text) {
  return text.size() == 16 ? parse(text, "%Y%m%dT%H%M%SZ", false) : std::nullopt;
}

std::optional<std::int64_t> parse_rfc1123(std::string_view text) {
  return parse(text, "%a, %d %b %Y %H:%M:%S GMT", false);
}

}  // namespace sluice::sandbox
