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

// One interval of the schedule, up to the slot that `values` tell.
Result<TimeRange> window_of_slot(const Job& job, const ParameterValues& values) {
  const auto slot =
      std::find_if(values.begin(), values.end(), [](const auto& value) { return value.first == kSlotName; });
  if (slot == values.end()) {
    return Error(Errc::invalid_argument,
                 fmt::format("resolve job {}: {} has no value: the instance was planned with another script",
                             job.name, kSlotName));
  }
  const auto end = parse_local_digits(slot->second, job.schedule.zone);
  if (!end) return end.error().in(fmt::format("resolve job {}: {}", job.name, kSlotName));
  return TimeRange{*end - job.schedule.interval, *end};
}

Result<TimeRange> range_of_keys(const Job& job, const Script& script, const ParameterValues& values) {
  if (const auto plain = plain_time_range(script.times, values, job.schedule.zone)) return *plain;
  ProblemList problems(script.file);
  const Variables variables{values, kNothingBroken};
  const YamlNode times = fill_variables(script.times, "reader.parameter", variables, problems);
  YamlMap map(times, "reader.parameter", problems);
  const auto range = read_time_range(map, job.schedule.zone);
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

Result<pipeline::Window> window_of(const Job& job, const ParameterValues& values) {
  const auto script = script_of(job);
  if (!script) return script.error();
  const auto range =
      (*script)->takes_window_of_slot() ? window_of_slot(job, values) : range_of_keys(job, **script, values);
  if (!range) return range.error();
  pipeline::Window window;
  window.job = job.name;
  window.start = range->start;
  window.end = range->end;
  window.zone = job.schedule.zone;
  return window;
}

Result<Export> resolve(const Job& job, const ParameterValues& values, const DataSources& sources) {
  auto window = window_of(job, values);
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
