#include "daemon/base/time_text.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {

std::string local_second(Instant instant, std::string_view zone) {
  return job::format_local(std::chrono::floor<std::chrono::seconds>(instant), zone);
}

std::string utc_text(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(instant - seconds).count();
  const std::string text =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(seconds.time_since_epoch().count()));
  return ms == 0 ? text + "Z" : fmt::format("{}.{:03}Z", text, ms);
}

namespace {

// As job::parse_local(), and with a fraction behind the seconds: utc_text() writes one.
Result<Instant> full_time(std::string_view text) {
  constexpr std::size_t kPoint = std::string_view("2018-10-16T00:15:41").size();
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= kPoint || text[kPoint] != '.') return job::parse_local(text);
  std::string rest(text.substr(kPoint + 1));
  const auto length = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin());
  const auto whole = job::parse_local(std::string(text.substr(0, kPoint)) + rest.substr(length));
  if (length == 0 || !whole) return job::parse_local(text);  // which tells what it expects
  Duration fraction{0};
  Duration place = std::chrono::seconds(1);
  for (const char digit : rest.substr(0, length)) {
    place /= 10;
    fraction += place * (digit - '0');
  }
  return *whole + fraction;
}

}  // namespace

Result<Instant> time_from_text(std::string_view text, std::string_view zone) {
  const auto number = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (const char c : text.substr(at, length))
      value = c >= '0' && c <= '9' && value >= 0 ? value * 10 + (c - '0') : -1;
    return value;
  };
  const bool day_only = text.size() == 10;
  const bool minute = text.size() == 16 && (text[10] == 'T' || text[10] == ' ') && text[13] == ':';
  if (!day_only && !minute) return full_time(text);
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(std::max(number(5, 2), 0))),
                                        std::chrono::day(static_cast<unsigned>(std::max(number(8, 2), 0))));
  const int hours = minute ? number(11, 2) : 0;
  const int minutes = minute ? number(14, 2) : 0;
  const bool valid = text[4] == '-' && text[7] == '-' && number(0, 4) >= 0 && day.ok() && hours >= 0 &&
                     hours < 24 && minutes >= 0 && minutes < 60;
  if (!valid) {
    return Error(Errc::invalid_argument, fmt::format("read the time \"{}\": expected 2018-10-16 or "
                                                     "2018-10-16T00:15, with or without +08:00",
                                                     text));
  }
  const job::CivilTime civil =
      std::chrono::sys_days(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return job::to_instant(civil, zone);
}

Result<LocalDay> local_day(std::string_view date, std::string_view zone) {
  if (date.size() != 10) {
    return Error(Errc::invalid_argument, fmt::format("read date: expected 2018-10-16, got \"{}\"", date));
  }
  const auto read = time_from_text(date, "UTC");
  if (!read) return read.error().in("date");
  const auto day = std::chrono::floor<std::chrono::days>(*read);
  // Of a date that a zone left out both are the beginning of the next one.
  const auto from = job::to_instant(day, zone);
  if (!from) return from.error();
  const auto to = job::to_instant(day + std::chrono::days(1), zone);
  if (!to) return to.error();
  return LocalDay{*from, *to};
}

std::optional<Instant> end_of_date(std::string_view text) {
  constexpr std::size_t kDateLength = 10;
  if (text.size() != kDateLength) return std::nullopt;  // nor with a time of day
  const auto begin = time_from_text(text, "UTC");
  if (!begin || *begin < Instant()) return std::nullopt;
  return *begin + std::chrono::days(1);
}

}  // namespace sluice::daemon
