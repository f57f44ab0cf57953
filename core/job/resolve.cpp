#include "core/job/freeze.hpp"
#include "core/job/job.hpp"
#include "core/job/script.hpp"
#include "core/job/sections.hpp"
#include "core/job/time_range.hpp"
#include "core/job/variables.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::job {
namespace {

const std::vector<std::string> kNothingBroken;

Error as_error(const Job& job, const Problem& problem) {
  return Error(Errc::invalid_argument, fmt::format("resolve job {}: {}:{}:{}: {}", job.name, problem.file,
                                                   problem.line, problem.column, problem.message));
}

// One interval, up to `end`; a day where the cycle has no interval.
TimeRange window_before(const Schedule& schedule, Instant end) {
  const bool by_interval = schedule.cycle == Cycle::minute || schedule.cycle == Cycle::hour;
  return TimeRange{by_interval ? end - schedule.interval : end - std::chrono::days(1), end};
}

// Up to the slot, or without it the one that `values` tell.
Result<TimeRange> window_of_slot(const Job& job, const ParameterValues& values,
                                 std::optional<Instant> known_slot) {
  if (known_slot) return window_before(job.schedule, *known_slot);
  const auto slot =
      std::find_if(values.begin(), values.end(), [](const auto& value) { return value.first == kSlotName; });
  if (slot == values.end()) {
    return Error(Errc::invalid_argument,
                 fmt::format("resolve job {}: {} has no value: the instance was planned with another script",
                             job.name, kSlotName));
  }
  const auto end = parse_local_digits(slot->second, job.schedule.zone);
  if (!end) return end.error().in(fmt::format("resolve job {}: {}", job.name, kSlotName));
  return window_before(job.schedule, *end);
}

// The names of the variables in `text`, in their order.
std::vector<std::string_view> variables_in(std::string_view text) {
  std::vector<std::string_view> names;
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) break;
    names.push_back(text.substr(at + 2, end - at - 2));
    at = end;
  }
  return names;
}

// What a variable of the script is computed by; null for a name that is none of the job's.
std::shared_ptr<const TimeExpression> expression_of(const Job& job, std::string_view name) {
  using Builtin = TimeExpression::Builtin;
  const auto builtin = [](Builtin which) {
    return std::make_shared<const TimeExpression>(std::vector<TimeExpression::Piece>{which});
  };
  const auto parameter = std::find_if(job.parameters.begin(), job.parameters.end(),
                                      [&](const Parameter& known) { return known.name == name; });
  if (parameter != job.parameters.end() && name != kBusinessDateName) return parameter->parsed;
  if (name == kSlotName) return builtin(Builtin::cyctime);
  if (name == kBusinessDateName || name == kSystemDateName) return builtin(Builtin::bizdate);
  return nullptr;
}

bool has_value(const ParameterValues& values, std::string_view name, const Result<std::string>& wanted) {
  return wanted && std::any_of(values.begin(), values.end(), [&](const auto& value) {
           return value.first == name && value.second == *wanted;
         });
}

// The pass of `reading`, which a time key's `text` comes to at `moment`. The instant whose hour the text
// prints tells it, or whose minute where its hour is written out: the pass is the one the clocks are in then,
// so two slots that mean the same instant mean the same reading. A date with the time of day written out
// means the first one, as the slot of a day does. Values that others put in place of the computed ones tell
// nothing; windows lie before their slot, so it is the last pass that is not behind it.
Instant pass_of(const Job& job, const ParameterValues& values, std::string_view text,
                const LocalReading& reading, const Moment& moment) {
  std::optional<Instant> hour;
  std::optional<Instant> minute;
  for (const std::string_view name : variables_in(text)) {
    const auto expression = expression_of(job, name);
    if (expression == nullptr || !has_value(values, name, expression->evaluate(moment)))
      return reading.second <= moment.scheduled ? reading.second : reading.first;
    if (!hour) hour = expression->instant(moment, TimeExpression::Clock::hour);
    if (!minute) minute = expression->instant(moment, TimeExpression::Clock::minute);
  }
  const auto meant = hour ? hour : minute;
  if (!meant) return reading.first;
  const auto later = zone_period(std::chrono::floor<std::chrono::seconds>(reading.second), moment.zone);
  return later && *meant >= later->begin ? reading.second : reading.first;
}

PassChooser pass_chooser(const Job& job, const ParameterValues& values, std::optional<Instant> slot) {
  if (!slot) return {};
  return [&job, &values, slot = *slot](std::string_view key, const LocalReading& reading) {
    const YamlNode* node = job.script->times.find(key);
    const auto moment = moment_of(slot, job.schedule.zone, job.name);
    if (!moment || node == nullptr) return reading.first;
    return pass_of(job, values, node->text, reading, *moment);
  };
}

Result<TimeRange> range_of_keys(const Job& job, const Script& script, const ParameterValues& values,
                                std::optional<Instant> slot) {
  if (const auto plain = plain_time_range(script.times, values, job.schedule.zone)) return *plain;
  ProblemList problems(script.file);
  const Variables variables{values, kNothingBroken};
  const YamlNode times = fill_variables(script.times, "reader.parameter", variables, problems);
  YamlMap map(times, "reader.parameter", problems);
  const auto range = read_time_range(map, job.schedule.zone, pass_chooser(job, values, slot));
  if (const Problem* problem = problems.first_error()) return as_error(job, *problem);
  if (!range) return Error(Errc::internal, fmt::format("resolve job {}: no time range", job.name));
  return *range;
}

Result<const Script*> script_of(const Job& job) {
  if (job.script == nullptr)
    return Error(Errc::invalid_argument, fmt::format("resolve job {}: no script", job.name));
  return job.script.get();
}

}  // namespace

Result<pipeline::Window> window_of(const Job& job, const ParameterValues& values,
                                   std::optional<Instant> slot) {
  const auto script = script_of(job);
  if (!script) return script.error();
  const auto range = (*script)->takes_window_of_slot() ? window_of_slot(job, values, slot)
                                                       : range_of_keys(job, **script, values, slot);
  if (!range) return range.error();
  pipeline::Window window;
  window.job = job.name;
  window.start = range->start;
  window.end = range->end;
  window.zone = job.schedule.zone;
  return window;
}

Result<Export> resolve(const Job& job, const ParameterValues& values, const DataSources& sources,
                       std::optional<Instant> slot) {
  auto window = window_of(job, values, slot);
  if (!window) return window.error();
  const Script& script = *job.script;
  ProblemList problems(script.file);
  const Variables variables{values, kNothingBroken};
  auto source_section = read_source(fill_variables(script.reader, "reader.parameter", variables, problems),
                                    script.source, sources, problems);
  auto target_section = read_target(fill_variables(script.writer, "writer.parameter", variables, problems),
                                    script.target, sources, problems);
  auto settings = read_settings(fill_variables(script.setting, "setting", variables, problems), problems);
  if (const Problem* problem = problems.first_error()) return as_error(job, *problem);
  auto source = connect(std::move(source_section));
  if (!source) return source.error().in(fmt::format("resolve job {}", job.name));
  auto target = connect(std::move(target_section));
  if (!target) return target.error().in(fmt::format("resolve job {}", job.name));
  complete(*target, *source, job.schedule.zone);
  Export work{std::move(*window), std::move(*source), std::move(*target), settings};
  if (const auto checked = check_export(work); !checked) return checked.error();
  return work;
}

}  // namespace sluice::job
