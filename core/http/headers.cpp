#include "core/http/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::http {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// All of `text` as an unsigned number.
std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Whether `text` is like `shape`, in which "#" stands for any character and all else for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] != '#' && text[i] != shape[i]) return false;
  }
  return true;
}

struct DateFields {
  std::optional<unsigned> year, month, day, hour, minute, second;
};

std::optional<Instant> to_instant(const DateFields& f) {
  if (!f.year || !f.month || !f.day || !f.hour || !f.minute || !f.second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*f.year)),
                                         std::chrono::month(*f.month), std::chrono::day(*f.day));
  // 60 is a leap second.
  if (!date.ok() || *f.hour > 23 || *f.minute > 59 || *f.second > 60) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*f.hour) +
         std::chrono::minutes(*f.minute) + std::chrono::seconds(*f.second);
}

// ".123" as microseconds.
std::optional<Duration> fraction(std::string_view text) {
  constexpr std::size_t kDigitsMax = 9;
  if (text.empty()) return Duration(0);
  if (text.front() != '.' || text.size() < 2 || text.size() > kDigitsMax + 1) return std::nullopt;
  if (text.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;
  std::string six(text.substr(1, 6));
  six.resize(6, '0');
  return Duration(*digits(six));
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string format_date(Instant time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Instant> parse_date(std::string_view text) {
  // Sun, 06 Nov 1994 08:49:37 GMT: every field has its place.
  if (!has_shape(text, "###, ## ### #### ##:##:## GMT")) return std::nullopt;
  if (std::find(kDays.begin(), kDays.end(), text.substr(0, 3)) == kDays.end()) return std::nullopt;
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  DateFields fields;
  fields.year = digits(text.substr(12, 4));
  fields.month = static_cast<unsigned>(month - kMonths.begin()) + 1;
  fields.day = digits(text.substr(5, 2));
  fields.hour = digits(text.substr(17, 2));
  fields.minute = digits(text.substr(20, 2));
  fields.second = digits(text.substr(23, 2));
  return to_instant(fields);
}

std::optional<Instant> parse_iso_date(std::string_view text) {
  constexpr std::size_t kToSeconds = 19;
  if (!text.ends_with('Z') || !has_shape(text.substr(0, kToSeconds), "####-##-##T##:##:##")) {
    return std::nullopt;
  }
  DateFields fields;
  fields.year = digits(text.substr(0, 4));
  fields.month = digits(text.substr(5, 2));
  fields.day = digits(text.substr(8, 2));
  fields.hour = digits(text.substr(11, 2));
  fields.minute = digits(text.substr(14, 2));
  fields.second = digits(text.substr(17, 2));
  const auto instant = to_instant(fields);
  const auto part = fraction(text.substr(kToSeconds, text.size() - kToSeconds - 1));
  if (!instant || !part) return std::nullopt;
  return *instant + *part;
}

std::string format_basic_date(Instant time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace sluice::http
