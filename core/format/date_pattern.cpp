#include "core/format/date_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

namespace sluice::format {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr std::size_t kWidthMax = 64;  // longer ones are slips, not zeros somebody wants

constexpr std::string_view kLetters = "yMdDEuwWFaHkKhmsSzZX";

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};

constexpr std::int64_t kFirst = sys_seconds(sys_days(year(1) / 1 / 1)).time_since_epoch().count();
constexpr std::int64_t kEnd = sys_seconds(sys_days(year(10000) / 1 / 1)).time_since_epoch().count();

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

void append_number(std::uint64_t value, std::size_t width, ByteBuffer& out) {
  if (value < 100 && width == 2) {
    char* const to = out.grow(2);
    to[0] = static_cast<char>('0' + value / 10);
    to[1] = static_cast<char>('0' + value % 10);
    return out.advance(2);
  }
  char digits[20];
  char* at = digits + sizeof digits;
  do {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  const auto count = static_cast<std::size_t>(digits + sizeof digits - at);
  for (std::size_t zeros = count; zeros < width; ++zeros) out.append('0');
  out.append(std::string_view(at, count));
}

void append_name(std::string_view name, std::size_t width, ByteBuffer& out) {
  out.append(width >= 4 ? name : name.substr(0, 3));
}

// "+0800"; with `colon` "+08:00"; of `width` 1 the hours only.
void append_offset(seconds offset, bool hours_only, bool colon, ByteBuffer& out) {
  const auto minutes = static_cast<std::uint64_t>(std::abs(offset.count()) / 60);
  out.append(offset.count() < 0 ? '-' : '+');
  append_number(minutes / 60, 2, out);
  if (hours_only) return;
  if (colon) out.append(':');
  append_number(minutes % 60, 2, out);
}

std::string utf8_of(const UChar* text, std::int32_t size) {
  std::array<char, 256> bytes{};
  std::int32_t written = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8(bytes.data(), static_cast<std::int32_t>(bytes.size()), &written, text, size, &error);
  return U_SUCCESS(error) != 0 ? std::string(bytes.data(), static_cast<std::size_t>(written)) : std::string();
}

// "China Standard Time"; empty if ICU has no name for the zone.
std::string name_of(std::string_view zone, bool summer) {
  const std::u16string id(zone.begin(), zone.end());
  UErrorCode error = U_ZERO_ERROR;
  UCalendar* const calendar =
      ucal_open(id.data(), static_cast<std::int32_t>(id.size()), "en_US", UCAL_GREGORIAN, &error);
  if (U_FAILURE(error) != 0) return "";
  std::array<UChar, 80> name{};
  const std::int32_t size =
      ucal_getTimeZoneDisplayName(calendar, summer ? UCAL_DST : UCAL_STANDARD, "en_US", name.data(),
                                  static_cast<std::int32_t>(name.size()), &error);
  ucal_close(calendar);
  return U_SUCCESS(error) != 0 ? utf8_of(name.data(), size) : std::string();
}

Error wrong(std::string_view pattern, std::string_view what) {
  return Error(Errc::invalid_argument, fmt::format("read date pattern \"{}\": {}", pattern, what));
}

bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

}  // namespace

// A moment on the zone's clocks.
struct DatePattern::Reading {
  std::uint64_t year = 0;
  unsigned month = 0;        // 1 .. 12
  unsigned day = 0;          // 1 .. 31
  unsigned day_of_year = 0;  // 1 .. 366
  unsigned weekday = 0;      // 0: Sunday
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned millisecond = 0;
  bool leap = false;

  // Weeks begin on Sunday, and the first one holds the first day, however few follow.
  unsigned week_of_month() const { return (day - 1 + (weekday + 35 - (day - 1)) % 7) / 7 + 1; }
  unsigned week_of_year() const {
    const unsigned left = (leap ? 366U : 365U) - day_of_year;  // days of the year behind this one
    if (left + weekday < 6) return 1;                          // the week that holds next January 1
    return (day_of_year - 1 + (weekday + 371 - (day_of_year - 1)) % 7) / 7 + 1;
  }
};

DatePattern::DatePattern() {
  constexpr std::string_view kPattern = kUsualDatePattern;
  for (std::size_t at = 0; at < kPattern.size();) {
    const std::size_t end = std::min(kPattern.find_first_not_of(kPattern[at], at), kPattern.size());
    if (is_letter(kPattern[at])) {
      parts_.push_back(Part{kPattern[at], end - at, ""});
    } else {
      add_text(kPattern.substr(at, end - at));
    }
    at = end;
  }
}

Result<DatePattern> DatePattern::parse(std::string_view pattern, std::string_view zone) {
  DatePattern parsed;
  parsed.parts_.clear();
  parsed.zone_ = zone;
  const auto period = job::zone_period(sys_seconds(), zone);
  if (!period) return period.error();
  parsed.period_ = *period;
  for (std::size_t at = 0; at < pattern.size();) {
    const char byte = pattern[at];
    if (byte == '\'') {
      const std::size_t end = parsed.add_quoted(pattern, at);
      if (end == 0) return wrong(pattern, fmt::format("the quote at {} has no end", at + 1));
      at = end;
    } else if (is_letter(byte)) {
      std::size_t end = pattern.find_first_not_of(byte, at);
      if (end == std::string_view::npos) end = pattern.size();
      const Result<void> added = parsed.add_letters(pattern, at, end - at);
      if (!added) return added.error();
      at = end;
    } else {
      parsed.add_text(pattern.substr(at, 1));
      ++at;
    }
  }
  return parsed;
}

// Takes the quote at `at` and what it opens; the place behind, or 0 if the text has no end. '' is a quote.
std::size_t DatePattern::add_quoted(std::string_view pattern, std::size_t at) {
  if (pattern.substr(at, 2) == "''") {
    add_text("'");
    return at + 2;
  }
  std::string text;
  for (++at; at < pattern.size(); ++at) {
    if (pattern[at] == '\'') {
      if (pattern.substr(at, 2) != "''") {
        add_text(text);
        return at + 1;
      }
      ++at;
    }
    text += pattern[at];
  }
  return 0;
}

Result<void> DatePattern::add_letters(std::string_view pattern, std::size_t at, std::size_t width) {
  const char letter = pattern[at];
  if (kLetters.find(letter) == std::string_view::npos) {
    std::string_view hint = "put text in single quotes";
    if (letter == 'Y') hint = "y is the year";
    return wrong(pattern, fmt::format("the letter {} at {} is not known; {}", letter, at + 1, hint));
  }
  if (width > kWidthMax || (letter == 'X' && width > 3)) {
    return wrong(pattern, fmt::format("the letter {} at {} stands there {} times, at most {} are meant",
                                      letter, at + 1, width, letter == 'X' ? 3 : kWidthMax));
  }
  if (letter == 'z' && width >= 4) {
    names_[0] = name_of(zone_, false);
    names_[1] = name_of(zone_, true);
  }
  parts_.push_back(Part{letter, width, ""});
  return {};
}

void DatePattern::add_text(std::string_view text) {
  if (parts_.empty() || parts_.back().letter != 0) parts_.emplace_back();
  parts_.back().text += text;
}

const job::ZonePeriod& DatePattern::period_at(std::int64_t time) const {
  const sys_seconds at{seconds(time)};
  if (at < period_.begin || at >= period_.end) period_ = job::zone_period(at, zone_).value();
  return period_;
}

bool DatePattern::append(std::int64_t ms, ByteBuffer& out) const {
  const std::int64_t utc = floor_divide(ms, 1000);
  if (utc < kFirst || utc >= kEnd) return false;
  const std::int64_t local = utc + period_at(utc).offset.count();
  const std::int64_t day_number = floor_divide(local, 86400);
  const sys_days day{days(day_number)};
  const std::chrono::year_month_day date(day);
  if (date.year() < year(1) || date.year() > year(9999)) return false;
  const auto of_day = static_cast<unsigned>(local - day_number * 86400);
  Reading reading;
  reading.year = static_cast<std::uint64_t>(static_cast<int>(date.year()));
  reading.month = static_cast<unsigned>(date.month());
  reading.day = static_cast<unsigned>(date.day());
  reading.day_of_year = static_cast<unsigned>((day - sys_days(date.year() / 1 / 1)).count()) + 1;
  reading.leap = date.year().is_leap();
  reading.weekday = std::chrono::weekday(day).c_encoding();
  reading.hour = of_day / 3600;
  reading.minute = of_day / 60 % 60;
  reading.second = of_day % 60;
  reading.millisecond = static_cast<unsigned>(ms - utc * 1000);
  for (const Part& part : parts_) append_part(part, reading, out);
  return true;
}

void DatePattern::append_part(const Part& part, const Reading& reading, ByteBuffer& out) const {
  switch (part.letter) {
    case 0:
      return out.append(part.text);
    case 'y':
      return append_number(part.width == 2 ? reading.year % 100 : reading.year, part.width, out);
    case 'M':
      if (part.width >= 3) return append_name(kMonths[reading.month - 1], part.width, out);
      return append_number(reading.month, part.width, out);
    case 'd':
      return append_number(reading.day, part.width, out);
    case 'D':
      return append_number(reading.day_of_year, part.width, out);
    case 'E':
      return append_name(kDays[reading.weekday], part.width, out);
    case 'u':
      return append_number(reading.weekday == 0 ? 7 : reading.weekday, part.width, out);
    case 'w':
      return append_number(reading.week_of_year(), part.width, out);
    case 'W':
      return append_number(reading.week_of_month(), part.width, out);
    case 'F':
      return append_number((reading.day - 1) / 7 + 1, part.width, out);
    case 'a':
      return out.append(reading.hour < 12 ? "AM" : "PM");
    case 'H':
      return append_number(reading.hour, part.width, out);
    case 'k':
      return append_number(reading.hour == 0 ? 24 : reading.hour, part.width, out);
    case 'K':
      return append_number(reading.hour % 12, part.width, out);
    case 'h':
      return append_number(reading.hour % 12 == 0 ? 12 : reading.hour % 12, part.width, out);
    case 'm':
      return append_number(reading.minute, part.width, out);
    case 's':
      return append_number(reading.second, part.width, out);
    case 'S':
      return append_number(reading.millisecond, part.width, out);
    default:
      return append_zone(part, out);
  }
}

void DatePattern::append_zone(const Part& part, ByteBuffer& out) const {
  if (part.letter == 'Z') return append_offset(period_.offset, false, false, out);
  if (part.letter == 'X') {
    if (period_.offset.count() == 0) return out.append('Z');
    return append_offset(period_.offset, part.width == 1, part.width == 3, out);
  }
  const std::string& full = names_[period_.summer ? 1 : 0];
  if (part.width >= 4 && !full.empty()) return out.append(full);
  const bool letters = is_letter(period_.abbreviation.empty() ? '+' : period_.abbreviation.front());
  if (letters) return out.append(period_.abbreviation);
  out.append("GMT");
  append_offset(period_.offset, false, true, out);
}

}  // namespace sluice::format
