#include "core/job/cron.hpp"

#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace sluice::job {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2099;

constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

// One field of the expression.
struct CronField {
  std::string_view name;
  int least = 0;
  int greatest = 0;
  const std::string_view* names = nullptr;  // of least, least + 1, ...
  std::size_t name_count = 0;
  int round = greatest - least + 1;  // different values: after so many a range that goes round is back
};

constexpr CronField kMinute{"minute", 0, 59};
constexpr CronField kHour{"hour", 0, 23};
constexpr CronField kMonthDay{"day of month", 1, 31};
constexpr CronField kMonth{"month", 1, 12, kMonths.data(), kMonths.size()};
constexpr CronField kQuartzWeekday{"day of week", 1, 7, kWeekdays.data(), kWeekdays.size()};
constexpr CronField kUnixWeekday{"day of week", 0, 7, kWeekdays.data(), kWeekdays.size(), 7};  // two Sundays
constexpr CronField kYear{"year", kFirstYear, kLastYear};

std::vector<std::string_view> split_field(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(text.substr(at, end - at));
    if (end == text.size()) return parts;
    at = end + 1;
  }
}

std::vector<std::string_view> cron_fields(std::string_view text) {
  std::vector<std::string_view> found = split_field(text, " \t");
  std::erase_if(found, [](std::string_view word) { return word.empty(); });
  return found;
}

bool same_name(std::string_view a, std::string_view upper) {
  return std::equal(a.begin(), a.end(), upper.begin(), upper.end(), [](char x, char y) {
    return std::toupper(static_cast<unsigned char>(x)) == static_cast<unsigned char>(y);
  });
}

// Digits alone: parse_integer() also takes a sign.
std::optional<std::int64_t> plain_number(std::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? parse_integer(text) : std::nullopt;
}

std::optional<int> field_number(std::string_view text, const CronField& field) {
  for (std::size_t at = 0; at < field.name_count; ++at) {
    if (same_name(text, field.names[at])) return field.least + static_cast<int>(at);
  }
  const auto value = plain_number(text);
  if (!value || *value < field.least || *value > field.greatest) return std::nullopt;
  return static_cast<int>(*value);
}

Error wrong_piece(const CronField& field, std::string_view piece) {
  const std::string names =
      field.names == nullptr ? ""
                             : fmt::format(" or {} .. {}", field.names[0], field.names[field.name_count - 1]);
  return Error(Errc::invalid_argument,
               fmt::format("{}: \"{}\" is none; write *, or {} .. {}{}, a range a-b, a step a/n or */n, or a "
                           "list of these",
                           field.name, piece, field.least, field.greatest, names));
}

// The numbers of one piece of a list: "*", "a", "a-b", each perhaps with "/n". A range may go round: FRI-MON.
Result<std::vector<int>> numbers_of(std::string_view piece, const CronField& field) {
  const std::vector<std::string_view> parts = split_field(piece, "/");
  if (parts.size() > 2) return wrong_piece(field, piece);
  const auto step = parts.size() == 2 ? plain_number(parts[1]) : std::optional<std::int64_t>(1);
  if (!step || *step < 1 || *step > field.greatest - field.least + 1) return wrong_piece(field, piece);
  std::optional<int> first = field.least;
  std::optional<int> last = field.greatest;
  if (parts[0] != "*") {
    const std::vector<std::string_view> ends = split_field(parts[0], "-");
    if (ends.size() > 2) return wrong_piece(field, piece);
    first = field_number(ends[0], field);
    if (ends.size() == 2) last = field_number(ends[1], field);
    if (ends.size() == 1 && parts.size() == 1) last = first;
  }
  if (!first || !last) return wrong_piece(field, piece);
  const int length = *last >= *first ? *last - *first : *last - *first + field.round;
  std::vector<int> found;
  for (int at = 0; at <= length; at += static_cast<int>(*step)) {
    found.push_back(field.least + (*first - field.least + at) % field.round);
  }
  return found;
}

}  // namespace

// Reads the fields of one expression into a Cron.
class CronReader {
 public:
  Result<Cron> read(std::string_view text) {
    const std::vector<std::string_view> fields = cron_fields(text);
    if (fields.size() < 5 || fields.size() > 7) {
      return Error(Errc::invalid_argument,
                   fmt::format("expected 5 to 7 fields (second minute hour day-of-month month day-of-week "
                               "[year], or without the second), got {}",
                               fields.size()));
    }
    const bool unix_fields = fields.size() == 5;
    const std::size_t base = unix_fields ? 0 : 1;
    if (!unix_fields) {
      const auto second = read_second(fields[0]);
      if (!second) return second.error();
    }
    const std::array<Result<void>, 6> read{
        fill(fields[base], kMinute, cron_.minutes_),
        fill(fields[base + 1], kHour, cron_.hours_),
        read_month_days(fields[base + 2]),
        fill(fields[base + 3], kMonth, cron_.months_),
        read_weekdays(fields[base + 4], unix_fields),
        fields.size() == 7 && fields[6] != "*" && fields[6] != "?" ? read_years(fields[6]) : Result<void>(),
    };
    for (const Result<void>& field : read) {
      if (!field) return field.error();
    }
    const bool by_month_day = fields[base + 2] != "*" && fields[base + 2] != "?";
    const bool by_weekday = fields[base + 4] != "*" && fields[base + 4] != "?";
    if (by_month_day && by_weekday) {
      return Error(Errc::invalid_argument,
                   "day of month and day of week are both given; put ? for one of them, or make two jobs");
    }
    return cron_;
  }

 private:
  Result<void> read_second(std::string_view text) {
    const CronField field{"second", 0, 59};
    const auto second = field_number(text, field);
    if (!second) {
      return Error(Errc::invalid_argument,
                   fmt::format("second: expected one number from 0 to 59, got \"{}\"; a job starts at most "
                               "once a minute",
                               text));
    }
    cron_.second_ = seconds(*second);
    return {};
  }

  template <std::size_t size>
  Result<void> fill(std::string_view text, const CronField& field, std::bitset<size>& set, int base = 0) {
    for (const std::string_view piece : split_field(text, ",")) {
      const auto found = numbers_of(piece, field);
      if (!found) return found.error();
      for (const int value : *found) set.set(static_cast<std::size_t>(value - base));
    }
    return {};
  }

  Result<void> read_years(std::string_view text) { return fill(text, kYear, cron_.years_, kFirstYear); }

  Result<void> read_month_days(std::string_view text) {
    if (text == "?") text = "*";
    for (const std::string_view piece : split_field(text, ",")) {
      if (same_name(piece, "L")) {
        cron_.last_of_month_ = true;
      } else if (const auto read = fill(piece, kMonthDay, cron_.month_days_); !read) {
        return Error(Errc::invalid_argument, read.error().message() + ", or L for the last day");
      }
    }
    return {};
  }

  // "FRIL" and "6L" are the last Friday of the month.
  Result<void> read_weekdays(std::string_view text, bool unix_fields) {
    if (text == "?") text = "*";
    const CronField& field = unix_fields ? kUnixWeekday : kQuartzWeekday;
    for (std::string_view piece : split_field(text, ",")) {
      const bool last = piece.size() > 1 && same_name(piece.substr(piece.size() - 1), "L");
      if (last) piece.remove_suffix(1);
      // Unix has two numbers for Sunday, so its "*" must not go round by eight.
      const auto found = unix_fields && piece.starts_with('*')
                             ? numbers_of(piece, CronField{field.name, 0, 6, field.names, field.name_count})
                             : numbers_of(piece, field);
      if (!found)
        return Error(Errc::invalid_argument, found.error().message() + ", or FRIL for the last one");
      for (const int value : *found) {
        const int from_sunday = unix_fields ? value % 7 : value - 1;
        const auto weekday = static_cast<std::size_t>(from_sunday == 0 ? 7 : from_sunday);
        (last ? cron_.last_weeks_ : cron_.weekdays_).set(weekday);
      }
    }
    return {};
  }

  Cron cron_;
};

Result<Cron> Cron::parse(std::string_view text) {
  Result<Cron> cron = CronReader().read(text);
  if (!cron) return cron;
  if (!cron->first_day(sys_days(std::chrono::year(kFirstYear) / 1 / 1))) {
    return Error(Errc::invalid_argument,
                 "no day of the calendar is meant: the day of month is in none of its months");
  }
  return cron;
}

std::vector<seconds> Cron::times() const {
  std::vector<seconds> found;
  for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
    for (std::size_t minute = 0; hours_[hour] && minute < minutes_.size(); ++minute) {
      if (minutes_[minute]) found.push_back(seconds((hour * 60 + minute) * 60) + second_);
    }
  }
  return found;
}

bool Cron::on(sys_days date) const {
  const year_month_day civil(date);
  const int year = static_cast<int>(civil.year());
  if (years_.any() &&
      (year < kFirstYear || year > kLastYear || !years_[static_cast<std::size_t>(year - kFirstYear)])) {
    return false;
  }
  if (!months_[static_cast<unsigned>(civil.month())]) return false;
  const std::chrono::year_month_day_last last(civil.year() / civil.month() / std::chrono::last);
  const bool month_day =
      month_days_[static_cast<unsigned>(civil.day())] || (last_of_month_ && civil.day() == last.day());
  const std::size_t weekday = std::chrono::weekday(date).iso_encoding();
  const bool last_week = last.day() - civil.day() < std::chrono::days(7);
  return month_day && (weekdays_[weekday] || (last_weeks_[weekday] && last_week));
}

std::optional<sys_days> Cron::first_day(sys_days from) const {
  // 400 years are a whole number of weeks; a cron that names years has no day behind them.
  constexpr std::chrono::days kCycle(146'097);
  for (sys_days date = from; date < from + kCycle; date += std::chrono::days(1)) {
    if (on(date)) return date;
  }
  return std::nullopt;
}

}  // namespace sluice::job
