#include "core/job/civil_time.hpp"
#include "core/job/cron.hpp"
#include "core/job/job_keys.hpp"
#include "core/job/job_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::job {
namespace {

using std::chrono::minutes;

constexpr minutes kDay{24 * 60};

constexpr std::array<Word<Cycle>, 7> kCycles{{{"minute", Cycle::minute},
                                              {"hour", Cycle::hour},
                                              {"day", Cycle::day},
                                              {"week", Cycle::week},
                                              {"month", Cycle::month},
                                              {"year", Cycle::year},
                                              {"cron", Cycle::cron}}};

// The keys that only some cycles have.
struct CycleKey {
  std::string_view key;
  std::vector<Cycle> cycles;
};
const std::array<CycleKey, 8>& cycle_keys() {
  static const std::array<CycleKey, 8> kKeys{{{"start", {Cycle::minute, Cycle::hour}},
                                              {"end", {Cycle::minute, Cycle::hour}},
                                              {"interval", {Cycle::minute, Cycle::hour}},
                                              {"allowUnevenInterval", {Cycle::minute}},
                                              {"at", {Cycle::day, Cycle::week, Cycle::month, Cycle::year}},
                                              {"on", {Cycle::week, Cycle::month, Cycle::year}},
                                              {"offDays", {Cycle::week, Cycle::month, Cycle::year}},
                                              {"cron", {Cycle::cron}}}};
  return kKeys;
}

std::string_view name_of(Cycle cycle) { return kCycles[static_cast<std::size_t>(cycle)].first; }

bool has_key(const CycleKey& key, Cycle cycle) {
  return std::find(key.cycles.begin(), key.cycles.end(), cycle) != key.cycles.end();
}

std::string list_of(const std::vector<Cycle>& cycles) {
  std::vector<std::string_view> names;
  for (const Cycle cycle : cycles) names.push_back(name_of(cycle));
  return join_names(names, " or ");
}

// Reports the keys of other cycles, which then count as known.
void refuse_foreign_keys(YamlMap& schedule, Cycle cycle, bool cycle_is_known) {
  for (const CycleKey& key : cycle_keys()) {
    if (has_key(key, cycle)) continue;
    if (schedule.get(key.key) == nullptr || !cycle_is_known) continue;
    schedule.error(key.key, fmt::format("goes with cycle: {}, not with cycle: {}; take it out, or set that "
                                        "cycle",
                                        list_of(key.cycles), name_of(cycle)));
  }
}

bool matches(std::string_view text, std::string_view pattern) {  // '0' in the pattern is any digit
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

int number(std::string_view text, std::size_t at, std::size_t count) {
  return static_cast<int>(parse_integer(text.substr(at, count)).value_or(0));
}

minutes read_time_of_day(YamlMap& schedule, std::string_view key, minutes fallback) {
  const auto text = schedule.text(key);
  if (!text) return fallback;
  const bool form = matches(*text, "00:00");
  if (form && number(*text, 0, 2) < 24 && number(*text, 3, 2) < 60) {
    return minutes(number(*text, 0, 2) * 60 + number(*text, 3, 2));
  }
  schedule.error(key, fmt::format("expected a time of day from 00:00 to 23:59, got \"{}\"", *text));
  return fallback;
}

std::chrono::sys_days read_date(YamlMap& schedule, std::string_view key, std::chrono::sys_days fallback) {
  const auto text = schedule.text(key);
  if (!text) return fallback;
  if (matches(*text, "0000-00-00")) {
    const std::chrono::year_month_day date(std::chrono::year(number(*text, 0, 4)),
                                           std::chrono::month(static_cast<unsigned>(number(*text, 5, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(*text, 8, 2))));
    if (date.ok()) return date;
  }
  schedule.error(key, fmt::format("expected a date such as 2018-10-16, got \"{}\"", *text));
  return fallback;
}

// Whole minutes for a cycle of minutes, whole hours for one of hours.
minutes read_interval(YamlMap& schedule, Cycle cycle, minutes fallback) {
  const bool hours = cycle == Cycle::hour;
  const bool uneven = !hours && schedule.boolean("allowUnevenInterval").value_or(false);
  const minutes unit = hours ? minutes(60) : minutes(1);
  const auto length = schedule.duration("interval", unit, kDay);
  if (!length) return fallback;
  const auto interval = std::chrono::duration_cast<minutes>(*length);
  if (*length % unit != Duration(0)) {
    schedule.error("interval", hours ? "expected whole hours, such as 1h or 120m; cycle: minute takes others"
                                     : "expected whole minutes, such as 5m or 300s");
    return fallback;
  }
  if (!hours && 60 % interval.count() != 0 && !uneven) {
    schedule.error("interval",
                   fmt::format("{} minutes do not divide an hour, so the slots shift from hour to hour; "
                               "take 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60, or set "
                               "allowUnevenInterval: true",
                               interval.count()));
  }
  return interval;
}

void read_intervals(YamlMap& map, Schedule& schedule) {
  schedule.start = read_time_of_day(map, "start", schedule.start);
  schedule.end = read_time_of_day(map, "end", schedule.end);
  if (schedule.end < schedule.start) map.error("end", "must not be before start");
  const minutes fallback = schedule.cycle == Cycle::hour ? minutes(60) : schedule.interval;
  schedule.interval = read_interval(map, schedule.cycle, fallback);
}

std::optional<int> weekday_of(std::string_view text) {
  constexpr std::array<std::string_view, 7> kNames{"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (std::size_t at = 0; at < kNames.size(); ++at) {
    if (lower == kNames[at] || lower == kNames[at].substr(0, 3)) return static_cast<int>(at) + 1;
  }
  return std::nullopt;
}

std::optional<int> month_day_of(std::string_view text) {
  if (text == "last") return -1;
  const auto day = parse_integer(text);
  if (!day || *day < 1 || *day > 31) return std::nullopt;
  return static_cast<int>(*day);
}

std::optional<std::chrono::month_day> year_day_of(std::string_view text) {
  if (!matches(text, "00-00")) return std::nullopt;
  const std::chrono::month_day day(std::chrono::month(static_cast<unsigned>(number(text, 0, 2))),
                                   std::chrono::day(static_cast<unsigned>(number(text, 3, 2))));
  if (!day.ok()) return std::nullopt;
  return day;
}

// The days of `on`, ascending; `read` gives nothing for a text that is no such day.
template <class Day>
std::vector<Day> read_days(YamlMap& map, std::string_view expected,
                           std::optional<Day> (*read)(std::string_view)) {
  std::vector<Day> found;
  if (map.require("on", fmt::format("give {}", expected)) == nullptr) return found;
  const auto texts = map.texts("on");
  if (!texts) return found;
  if (texts->empty()) map.error("on", fmt::format("empty; give {}", expected));
  for (const std::string& text : *texts) {
    const auto day = read(text);
    if (!day) {
      map.error("on", fmt::format("expected {}, got \"{}\"", expected, text));
    } else if (std::find(found.begin(), found.end(), *day) != found.end()) {
      map.error("on", fmt::format("\"{}\" is given twice", text));
    } else {
      found.push_back(*day);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void read_days_of_cycle(YamlMap& map, Schedule& schedule) {
  schedule.at = read_time_of_day(map, "at", schedule.at);
  if (schedule.cycle == Cycle::day) return;
  if (schedule.cycle == Cycle::week) {
    schedule.weekdays = read_days(map, "days of the week, such as [mon, wed]", &weekday_of);
  } else if (schedule.cycle == Cycle::month) {
    schedule.month_days = read_days(map, "days from 1 to 31 or last, such as [1, 15, last]", &month_day_of);
  } else {
    schedule.year_days = read_days(map, "months and days, such as [\"03-01\", \"12-31\"]", &year_day_of);
  }
  constexpr std::array<Word<bool>, 2> kOffDays{{{"dryRun", true}, {"none", false}}};
  read_word(map, "offDays", kOffDays, schedule.off_days_dry_run);
}

void read_cron(YamlMap& map, Schedule& schedule) {
  map.require("cron", "give an expression, such as \"00 30 05 * * ?\"");
  const auto text = map.text("cron");
  if (!text) return;
  schedule.cron = *text;
  if (const auto cron = Cron::parse(*text); !cron) map.error("cron", cron.error().message());
}

void read_cycle(YamlMap& map, Schedule& schedule) {
  const YamlNode* word = map.get("cycle");  // read_word() says what is wrong with it
  const auto known = std::find_if(kCycles.begin(), kCycles.end(), [&](const auto& cycle) {
    return word != nullptr && cycle.first == word->text;
  });
  read_word(map, "cycle", kCycles, schedule.cycle);
  refuse_foreign_keys(map, schedule.cycle, word == nullptr || known != kCycles.end());
  switch (schedule.cycle) {
    case Cycle::minute:
    case Cycle::hour:
      return read_intervals(map, schedule);
    case Cycle::day:
    case Cycle::week:
    case Cycle::month:
    case Cycle::year:
      return read_days_of_cycle(map, schedule);
    case Cycle::cron:
      return read_cron(map, schedule);
  }
}

void read_effective_dates(YamlMap& map, Schedule& schedule) {
  schedule.effective_from = read_date(map, "effectiveFrom", schedule.effective_from);
  schedule.effective_to = read_date(map, "effectiveTo", schedule.effective_to);
  if (schedule.effective_to < schedule.effective_from)
    map.error("effectiveTo", "must not be before effectiveFrom");
}

void read_zone(YamlMap& map, Schedule& schedule) {
  auto zone = map.text("timezone");
  if (zone && zone_exists(*zone)) {
    schedule.zone = std::move(*zone);
  } else if (zone) {
    map.error("timezone", fmt::format("\"{}\" is not known; use an IANA name such as Asia/Shanghai", *zone));
  }
  constexpr std::array<Word<DstPolicy>, 2> kPolicies{
      {{"every_real_minute", DstPolicy::every_real_minute}, {"dataworks", DstPolicy::dataworks}}};
  read_word(map, "dst", kPolicies, schedule.dst);
}

void read_beginning(YamlMap& map, Schedule& schedule) {
  constexpr std::array<Word<Generation>, 2> kGenerations{
      {{"immediate", Generation::immediate}, {"next_day", Generation::next_day}}};
  read_word(map, "generation", kGenerations, schedule.generation);
  const auto from = map.text("from");
  if (!from) return;
  if (const auto slot = parse_local(*from)) {
    schedule.first_slot = *slot;
  } else {
    map.error("from", fmt::format("expected a time such as 2018-10-16T00:15+08:00, got \"{}\"", *from));
  }
  if (schedule.generation == Generation::next_day) {
    map.error("from", "cannot be given together with generation: next_day, which begins tomorrow; keep one");
  }
}

}  // namespace

Schedule read_schedule(YamlMap map) {
  Schedule schedule;
  read_cycle(map, schedule);
  read_zone(map, schedule);
  read_effective_dates(map, schedule);
  read_beginning(map, schedule);
  map.finish(declared_names("schedule"));
  return schedule;
}

}  // namespace sluice::job
