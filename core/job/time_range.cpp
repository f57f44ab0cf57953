#include "core/job/time_range.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::job {
namespace {

constexpr std::string_view kStartMillis = "startTimestampMillis";
constexpr std::string_view kEndMillis = "endTimestampMillis";
constexpr std::string_view kStartString = "startTimeString";
constexpr std::string_view kEndString = "endTimeString";
constexpr std::string_view kDate = "date";
constexpr std::array<std::string_view, 5> kTimeKeys{kStartMillis, kEndMillis, kStartString, kEndString,
                                                    kDate};

// What the original product's template holds where nobody has filled it in.
constexpr std::string_view kTemplateDate = "yyyyMMdd";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

// Given, and more than white space.
bool is_given(YamlMap& parameter, std::string_view key) {
  const YamlNode* node = parameter.get(key);
  return node != nullptr && !(node->kind == YamlNode::Kind::scalar && is_blank(node->text));
}

// `count` digits at `at`; the caller has checked that they are digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
  return value;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// yyyyMMdd, optionally followed by HHmmss; strict.
std::optional<CivilTime> parse_civil(std::string_view text) {
  const std::chrono::year_month_day date(std::chrono::year(digits(text, 0, 4)),
                                         std::chrono::month(static_cast<unsigned>(digits(text, 4, 2))),
                                         std::chrono::day(static_cast<unsigned>(digits(text, 6, 2))));
  if (!date.ok()) return std::nullopt;
  const CivilTime day = std::chrono::sys_days(date);
  if (text.size() == 8) return day;
  const int hour = digits(text, 8, 2);
  const int minute = digits(text, 10, 2);
  const int second = digits(text, 12, 2);
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return day + std::chrono::seconds(hour * 3600 + minute * 60 + second);
}

std::optional<Instant> local_instant(YamlMap& parameter, std::string_view key, CivilTime civil,
                                     std::string_view zone) {
  const auto instant = to_instant(civil, zone);
  if (instant) return *instant;
  parameter.error(key, instant.error().message());
  return std::nullopt;
}

// A time of a key, and the same reading's first pass where it comes twice.
struct KeyTime {
  Instant at{};
  Instant first_pass{};
};

std::optional<KeyTime> local_time(YamlMap& parameter, std::string_view key, CivilTime civil,
                                  std::string_view zone, const PassChooser& choose) {
  const auto reading = read_local(civil, zone);
  if (!reading) {
    parameter.error(key, reading.error().message());
    return std::nullopt;
  }
  const bool twice = reading->kind == LocalReading::Kind::repeated;
  return KeyTime{twice && choose ? choose(key, *reading) : reading->first, reading->first};
}

std::optional<KeyTime> read_time(YamlMap& parameter, std::string_view key, std::string_view zone,
                                 const PassChooser& choose) {
  const auto text = parameter.text(key);
  if (!text) return std::nullopt;
  if (all_digits(*text) && text->size() == 13) {
    const Instant at(std::chrono::milliseconds(*parse_integer(*text)));
    return KeyTime{at, at};
  }
  if (all_digits(*text) && text->size() == 14) {
    const auto civil = parse_civil(*text);
    if (civil) return local_time(parameter, key, *civil, zone, choose);
    parameter.error(key, fmt::format("\"{}\" is no time of the calendar; expected yyyyMMddHHmmss", *text));
    return std::nullopt;
  }
  const std::string_view hint =
      all_digits(*text) && text->size() == 10 ? "; 10 digits look like seconds, append 000" : "";
  parameter.error(
      key, fmt::format("expected 14 digits of local time (yyyyMMddHHmmss) or 13 digits of milliseconds, "
                       "got \"{}\"{}",
                       *text, hint));
  return std::nullopt;
}

std::optional<TimeRange> read_pair(YamlMap& parameter, std::string_view start_key, std::string_view end_key,
                                   std::string_view zone, const PassChooser& choose) {
  for (const auto& [key, other] : {std::pair(start_key, end_key), std::pair(end_key, start_key)}) {
    if (is_given(parameter, key)) continue;
    parameter.error(key, fmt::format("missing beside {}; a time range needs both", other));
    return std::nullopt;
  }
  const auto start = read_time(parameter, start_key, zone, choose);
  const auto end = read_time(parameter, end_key, zone, choose);
  if (!start || !end) return std::nullopt;
  const Instant from = start->at < end->at ? start->at : start->first_pass;
  if (from >= end->at) {
    parameter.error(end_key, fmt::format("must be later than {}: the window [{}, {}) is empty", start_key,
                                         format_local(from, zone), format_local(end->at, zone)));
    return std::nullopt;
  }
  return TimeRange{from, end->at};
}

bool is_template_date(YamlMap& parameter) {
  const YamlNode* value = parameter.get(kDate);
  return value != nullptr && value->kind == YamlNode::Kind::scalar && value->text == kTemplateDate;
}

// There is no time range. The original's template comes with keys that are to be filled in.
void report_missing(YamlMap& parameter) {
  const bool template_date = is_template_date(parameter);
  for (const auto& [start, end] :
       {std::pair(kStartMillis, kEndMillis), std::pair(kStartString, kEndString)}) {
    if (parameter.get(start) == nullptr || parameter.get(end) == nullptr) continue;
    parameter.error(start,
                    fmt::format("blank, and so is {}; write \"${{start_time}}\" and \"${{end_time}}\"{}", end,
                                template_date ? ", and remove date: \"yyyyMMdd\" is the unfilled value "
                                                "of the template"
                                              : ""));
    return;
  }
  if (template_date) {
    parameter.error(kDate,
                    "\"yyyyMMdd\" is the unfilled value of the template; write startTimestampMillis: "
                    "\"${start_time}\" and endTimestampMillis: \"${end_time}\", or a day such as "
                    "\"${bdp.system.bizdate}\"");
    return;
  }
  parameter.problems().error(
      parameter.node().place,
      "reader.parameter: no time range; give startTimestampMillis and endTimestampMillis (or "
      "startTimeString and endTimeString, or date)");
}

std::optional<TimeRange> read_date(YamlMap& parameter, std::string_view zone) {
  const auto text = parameter.text(kDate);
  if (!text) return std::nullopt;
  const auto civil = text->size() == 8 && all_digits(*text) ? parse_civil(*text) : std::nullopt;
  if (!civil) {
    parameter.error(kDate, fmt::format("expected a day as 8 digits (yyyyMMdd), got \"{}\"", *text));
    return std::nullopt;
  }
  const auto start = local_instant(parameter, kDate, *civil, zone);
  const auto end = local_instant(parameter, kDate, *civil + std::chrono::days(1), zone);
  if (!start || !end) return std::nullopt;
  return TimeRange{*start, *end};
}

// The time of 14 digits that the clocks of the zone show once.
std::optional<Instant> only_instant(std::string_view digits, std::string_view zone) {
  const auto civil = digits.size() == 14 && all_digits(digits) ? parse_civil(digits) : std::nullopt;
  if (!civil) return std::nullopt;
  const auto reading = read_local(*civil, zone);
  if (!reading || reading->kind != LocalReading::Kind::once) return std::nullopt;
  return reading->first;
}

// The value of the variable that is all that stands under `key`.
const std::string* value_under(const YamlNode& times, std::string_view key, const ParameterValues& values) {
  const YamlNode* node = times.find(key);
  if (node == nullptr || node->kind != YamlNode::Kind::scalar) return nullptr;
  const std::string_view text = node->text;
  if (!text.starts_with("${") || text.find('}') + 1 != text.size()) return nullptr;
  const std::string_view name = text.substr(2, text.size() - 3);
  const auto is_named = [&](const auto& value) { return value.first == name; };
  const auto found = std::find_if(values.begin(), values.end(), is_named);
  return found == values.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<TimeRange> plain_time_range(const YamlNode& times, const ParameterValues& values,
                                          std::string_view zone) {
  const YamlNode* date = times.find(kDate);
  const bool no_date =
      date == nullptr || (date->kind == YamlNode::Kind::scalar && date->text == kTemplateDate);
  if (!no_date || times.keys.size() != (date == nullptr ? 2U : 3U)) return std::nullopt;
  for (const auto& [start_key, end_key] :
       {std::pair(kStartMillis, kEndMillis), std::pair(kStartString, kEndString)}) {
    const std::string* start_digits = value_under(times, start_key, values);
    const std::string* end_digits = value_under(times, end_key, values);
    if (start_digits == nullptr || end_digits == nullptr) continue;
    const auto start = only_instant(*start_digits, zone);
    const auto end = only_instant(*end_digits, zone);
    if (start && end && *start < *end) return TimeRange{*start, *end};
  }
  return std::nullopt;
}

bool is_time_key(std::string_view key) noexcept {
  return std::find(kTimeKeys.begin(), kTimeKeys.end(), key) != kTimeKeys.end();
}

Result<Instant> parse_local_digits(std::string_view text, std::string_view zone) {
  const auto civil = text.size() == 14 && all_digits(text) ? parse_civil(text) : std::nullopt;
  if (civil) return to_instant(*civil, zone);
  return Error(Errc::invalid_argument,
               fmt::format("expected 14 digits of local time (yyyyMMddHHmmss), got \"{}\"", text));
}

void ignore_time_keys(YamlMap& parameter) {
  for (const std::string_view key : kTimeKeys) parameter.ignore(key);
}

std::optional<TimeRange> read_time_range(YamlMap& parameter, std::string_view zone,
                                         const PassChooser& choose) {
  const bool start_millis = is_given(parameter, kStartMillis);
  const bool millis = is_given(parameter, kEndMillis) || start_millis;
  const bool start_string = is_given(parameter, kStartString);
  const bool strings = is_given(parameter, kEndString) || start_string;
  const bool date = is_given(parameter, kDate);
  if (millis && strings) {
    parameter.error(
        start_string ? kStartString : kEndString,
        "cannot be given together with startTimestampMillis or endTimestampMillis; keep one pair");
    return std::nullopt;
  }
  if (date && (millis || strings)) {
    if (!is_template_date(parameter)) {
      parameter.error(kDate,
                      "cannot be given together with a time range; remove date, or the start and end times");
      return std::nullopt;
    }
    parameter.warning(kDate,
                      "\"yyyyMMdd\" is the unfilled value of the template and is ignored; remove this line");
  }
  if (millis) return read_pair(parameter, kStartMillis, kEndMillis, zone, choose);
  if (strings) return read_pair(parameter, kStartString, kEndString, zone, choose);
  if (date && !is_template_date(parameter)) return read_date(parameter, zone);
  report_missing(parameter);
  return std::nullopt;
}

void warn_of_fixed_range(YamlMap& parameter, const TimeRange& range, std::string_view zone) {
  const auto given =
      std::find_if(kTimeKeys.begin(), kTimeKeys.end(), [&](auto key) { return is_given(parameter, key); });
  if (given == kTimeKeys.end()) return;
  parameter.warning(
      *given,
      fmt::format(
          "the window [{}, {}) is the same for every slot: the first one exports it, and the others find "
          "nothing that is new; write a variable that moves with the slot, such as \"${{end_time}}\" with "
          "end_time=$[yyyymmddhh24miss-5/24/60]",
          format_local(range.start, zone), format_local(range.end, zone)));
}

}  // namespace sluice::job
