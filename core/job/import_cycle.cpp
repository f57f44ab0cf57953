// From a cron expression and two dates to the keys of a schedule.
#include "core/job/civil_time.hpp"
#include "core/job/cron.hpp"
#include "core/job/import_parts.hpp"
#include "core/job/schedule_text.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::job {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes kImportDay{24 * 60};

// Every day that an expression can speak of.
bool comes_daily(const Cron& cron) {
  using std::chrono::sys_days;
  using std::chrono::year;
  for (sys_days day = year(1970) / 1 / 1; day < sys_days(year(2100) / 1 / 1); day += std::chrono::days(1)) {
    if (!cron.on(day)) return false;
  }
  return true;
}

// From time to time, when it is always the same number of minutes.
std::optional<minutes> even_step(const std::vector<seconds>& times) {
  if (times.size() < 2 || times.front() % minutes(1) != seconds(0)) return std::nullopt;
  const seconds step = times[1] - times[0];
  for (std::size_t at = 2; at < times.size(); ++at) {
    if (times[at] - times[at - 1] != step) return std::nullopt;
  }
  const auto whole = std::chrono::floor<minutes>(step);
  const bool divides = whole < minutes(60) ? 60 % whole.count() == 0 : whole.count() % 60 == 0;
  return whole == step && divides ? std::optional(whole) : std::nullopt;
}

std::string clock_text(seconds of_day) {
  return fmt::format("\"{}\"", time_of_day_text(std::chrono::floor<minutes>(of_day)));
}

// The cycle in words, for the note.
std::string set_cycle(ImportWork& work, const Cron& cron, const ImportedKey& key) {
  const auto set = [&](std::string_view name, std::string value) {
    work.set(fmt::format("schedule.{}", name), std::move(value), key.from, key.place);
  };
  const std::vector<seconds> times = cron.times();
  const auto step = even_step(times);
  const bool one = times.size() == 1 && times.front() % minutes(1) == seconds(0);
  if ((!step && !one) || !comes_daily(cron)) {
    set("cycle", "cron");
    set("cron", quoted_text(key.value));
    return "as cycle: cron";
  }
  if (one) {
    set("cycle", "day");
    set("at", clock_text(times.front()));
    return fmt::format("as cycle: day, at: {}", clock_text(times.front()));
  }
  const bool hours = *step % minutes(60) == minutes(0);
  const std::string interval =
      hours ? fmt::format("{}h", step->count() / 60) : fmt::format("{}m", step->count());
  const bool all_day = times.back() + *step >= kImportDay;
  const std::string end = all_day ? "\"23:59\"" : clock_text(times.back());
  set("cycle", hours ? "hour" : "minute");
  set("start", clock_text(times.front()));
  set("end", end);
  set("interval", interval);
  return fmt::format("as cycle: {}, {} to {} every {}", hours ? "hour" : "minute", clock_text(times.front()),
                     end, interval);
}

void set_effective(ImportWork& work, std::string_view millis_path, std::string_view path) {
  const ImportedKey* found = work.find(millis_path);
  if (found == nullptr) return;
  const ImportedKey key = *found;
  const auto millis = parse_integer(key.value);
  const ImportedKey* zone = work.find("schedule.timezone");
  // An instant far beyond the calendar means "for ever".
  constexpr std::int64_t kLast = 253370736000000;  // 9999-01-01T00:00Z
  // DataWorks' default is midnight of 1970-01-01 in the zone of the node, at most 14 hours east of Greenwich.
  constexpr std::int64_t kFirst = -14 * 3'600'000;
  if (!millis || *millis < kFirst) {
    work.error(key.place, fmt::format("{}: expected milliseconds since 1970, got \"{}\"", key.from,
                                      printable(key.value)));
    return;
  }
  std::string date = "9999-01-01";
  if (*millis < kLast) {
    const auto civil = to_civil(Instant(std::chrono::milliseconds(*millis)),
                                zone == nullptr ? "Asia/Shanghai" : std::string_view(zone->value));
    if (!civil) return;  // the zone is reported by the check
    date = date_text(std::chrono::floor<std::chrono::days>(*civil));
  }
  work.set(std::string(path), date, key.from, key.place);
  work.note(Fate::kept, key.from, fmt::format("as {}: {}", path, date), key.place);
}

}  // namespace

void plan_cycle(ImportWork& work) {
  set_effective(work, kFromMillisPath, "schedule.effectiveFrom");
  set_effective(work, kToMillisPath, "schedule.effectiveTo");
  const ImportedKey* found = work.find(kCronPath);
  if (found == nullptr) {
    const ImportPlace none = option_place("--cron");
    work.set("schedule.cycle", "minute", "no schedule was given", none);
    work.set("schedule.interval", "5m", "no schedule was given", none);
    work.note(Fate::changed, "schedule",
              "none was given: every 5 minutes, as the original's guide has it; give --cron, --schedule or "
              "--crontab for another",
              none);
    return;
  }
  const ImportedKey key = *found;
  const auto cron = Cron::parse(key.value);
  if (!cron) {
    work.error(key.place, fmt::format("{}: {}", key.from, cron.error().message()));
    return;
  }
  work.note(Fate::kept, key.from, set_cycle(work, *cron, key), key.place);
}

}  // namespace sluice::job
