#include "core/job/civil_time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace sluice::job {
namespace {

using std::chrono::seconds;

// Null for an unknown name. The last zone is remembered: a scheduler asks for the same one 288,000 times.
const date::time_zone* find_zone(std::string_view name) {
  thread_local std::string last_name;
  thread_local const date::time_zone* last_zone = nullptr;
  if (last_zone != nullptr && name == last_name) return last_zone;
  const std::string wanted(name);
  try {
    last_zone = date::locate_zone(wanted);
  } catch (const std::runtime_error&) {  // how the library says "unknown"
    return nullptr;
  }
  last_name = wanted;
  return last_zone;
}

Error unknown_zone(std::string_view name) {
  return Error(
      Errc::invalid_argument,
      fmt::format("find time zone {}: unknown name; use one of the IANA list, such as Asia/Shanghai", name));
}

std::chrono::sys_seconds whole_seconds(Instant instant) { return std::chrono::floor<seconds>(instant); }

// Reads exactly `digits` digits of `text` at `at`.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "Z", "+08:00" or "+08:05:43".
std::optional<seconds> parse_offset(std::string_view text) {
  if (text == "Z") return seconds(0);
  if (text.size() != 6 && text.size() != 9) return std::nullopt;
  if ((text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = number_at(text, 1, 2);
  const auto minutes = number_at(text, 4, 2);
  std::optional<int> rest = 0;
  if (text.size() == 9) rest = text[6] == ':' ? number_at(text, 7, 2) : std::nullopt;
  if (!hours || !minutes || !rest || *hours > 23 || *minutes > 59 || *rest > 59) return std::nullopt;
  const seconds length(*hours * 3600 + *minutes * 60 + *rest);
  return text[0] == '-' ? -length : length;
}

struct Reading {
  CivilTime civil{};
  std::string_view rest;  // what follows the seconds, or the minutes
};

// "YYYY-MM-DDTHH:MM[:SS]" at the head of `text`.
std::optional<Reading> parse_reading(std::string_view text) {
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2);
  const auto minute = number_at(text, 14, 2);
  if (!year || !month || !day || !hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':') return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  int second = 0;
  std::size_t length = 16;
  if (text.size() > 16 && text[16] == ':') {
    const auto given = number_at(text, 17, 2);
    if (!given || *given > 59) return std::nullopt;
    second = *given;
    length = 19;
  }
  const CivilTime civil = std::chrono::sys_days(date) + seconds(*hour * 3600 + *minute * 60 + second);
  return Reading{civil, text.substr(length)};
}

std::string format_reading(CivilTime civil) {
  const auto day = std::chrono::floor<std::chrono::days>(civil);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(civil - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 time.hours().count(), time.minutes().count());
  if (time.seconds().count() != 0) text += fmt::format(":{:02}", time.seconds().count());
  return text;
}

std::string format_offset(seconds offset) {
  const auto length = std::abs(offset.count());
  std::string text =
      fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', length / 3600, length / 60 % 60);
  if (length % 60 != 0) text += fmt::format(":{:02}", length % 60);  // local mean time, before 1900
  return text;
}

}  // namespace

bool zone_exists(std::string_view zone) { return find_zone(zone) != nullptr; }

Result<CivilTime> to_civil(Instant instant, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  const auto whole = whole_seconds(instant);
  return whole + found->get_info(whole).offset;
}

Result<ZonePeriod> zone_period(std::chrono::sys_seconds time, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  date::sys_info info = found->get_info(time);
  ZonePeriod period;
  period.begin = info.begin;
  period.end = info.end;
  period.offset = info.offset;
  period.summer = info.save.count() != 0;
  period.abbreviation = std::move(info.abbrev);
  return period;
}

Result<Instant> to_instant(CivilTime civil, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  const date::local_info info = found->get_info(date::local_seconds(civil.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return Instant(info.first.end);
  return Instant(civil - info.first.offset);  // `first` is the earlier one where the hour repeats
}

Result<LocalReading> read_local(CivilTime civil, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  const date::local_info info = found->get_info(date::local_seconds(civil.time_since_epoch()));
  LocalReading reading;
  reading.first = civil - info.first.offset;
  reading.second = reading.first;
  if (info.result == date::local_info::ambiguous) {
    reading.kind = LocalReading::Kind::repeated;
    reading.second = civil - info.second.offset;
  } else if (info.result == date::local_info::nonexistent) {
    reading.kind = LocalReading::Kind::left_out;
    reading.first = info.first.end;
    reading.gap_begin = info.first.end + info.first.offset;
    reading.gap_end = info.first.end + info.second.offset;
  }
  return reading;
}

std::string format_local(Instant instant, std::string_view zone) {
  const date::time_zone* found = find_zone(zone);
  const auto whole = whole_seconds(instant);
  if (found == nullptr) return format_reading(whole) + "Z";
  const seconds offset = found->get_info(whole).offset;
  return format_reading(whole + offset) + format_offset(offset);
}

Result<Instant> parse_local(std::string_view text) {
  const auto reading = parse_reading(text);
  const auto offset = reading ? parse_offset(reading->rest) : std::nullopt;
  if (!offset) {
    return Error(Errc::invalid_argument,
                 fmt::format("read time \"{}\": expected a form like 2018-10-16T00:15+08:00", text));
  }
  return Instant(reading->civil - *offset);
}

}  // namespace sluice::job
