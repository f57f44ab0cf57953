#include "core/job/job_file.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/definition.hpp"
#include "core/job/freeze.hpp"
#include "core/job/job_alerts.hpp"
#include "core/job/job_catch_up.hpp"
#include "core/job/job_dependencies.hpp"
#include "core/job/job_keys.hpp"
#include "core/job/job_limits.hpp"
#include "core/job/job_schedule.hpp"
#include "core/job/script.hpp"
#include "core/job/sections.hpp"
#include "core/job/time_range.hpp"
#include "core/job/variables.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace sluice::job {
namespace {

void append(std::vector<Problem>& all, std::vector<Problem> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// A script's own list of problems: the job file's for an inline one, else a list of the script's file.
struct LocatedScript {
  std::optional<Script> script;
  std::optional<ProblemList> own;  // nothing: inline

  ProblemList& problems(ProblemList& job_file) { return own ? *own : job_file; }
};

LocatedScript read_script_file(YamlMap& map, const std::string& name, const FileReader& read_file) {
  LocatedScript located;
  const std::filesystem::path beside = std::filesystem::path(map.problems().file()).parent_path();
  const std::string path = (beside / name).string();
  const auto text = read_file(path);
  if (!text) {
    map.error("file", text.error().message());
    return located;
  }
  located.own.emplace(path);
  const auto root = parse_yaml(*text);
  if (root) {
    located.script = read_script(*root, *located.own);
  } else {
    located.own->error(root.error().place, root.error().message);
  }
  return located;
}

LocatedScript locate_script(YamlMap& job, const FileReader& read_file) {
  LocatedScript located;
  const YamlNode* node = job.require("script", "give file: NAME, or inline: and the script itself");
  if (node == nullptr) return located;
  YamlMap map = job.map("script");
  const auto file = map.text("file");
  const YamlNode* inline_script = map.get("inline");
  if (file && inline_script != nullptr) {
    map.error("inline", "cannot be given together with file; keep one");
  } else if (file) {
    located = read_script_file(map, *file, read_file);
  } else if (inline_script != nullptr) {
    located.script = read_script(*inline_script, job.problems());
  } else if (map.get("file") == nullptr && node->is_mapping()) {
    const bool empty = node->keys.empty();
    job.error("script", fmt::format("{}; give file: NAME, or inline: and the script itself",
                                    empty ? "empty" : "neither file nor inline is in it"));
  }
  map.finish(declared_names("script"));
  return located;
}

std::string read_name(YamlMap& job) {
  job.require("name", "name the job; letters, digits, \"_\", \".\" and \"-\"");
  auto name = job.text("name");
  if (name && !is_job_name(*name)) {
    const bool begins = name->starts_with('.') || name->starts_with('-');
    job.error(
        "name",
        begins ? fmt::format("expected a letter, a digit or \"_\" first, got \"{}\"", *name)
               : fmt::format("expected 1 to 100 letters, digits, \"_\", \".\" or \"-\", got \"{}\"", *name));
  }
  return name.value_or("");
}

// A slot to try the job on: what it computes there shows most mistakes of the real ones.
Result<Moment> sample_moment(const Job& job) {
  constexpr std::chrono::sys_days kSampleDay(std::chrono::year(2018) / 10 / 16);
  const Schedule& schedule = job.schedule;
  // The first time of the day where the cycle has several, and `at`, which is 00:00 there, where it has one.
  const CivilTime civil =
      std::max(kSampleDay, schedule.effective_from) + std::max(schedule.start, schedule.at);
  const auto slot = to_instant(civil, job.schedule.zone);
  if (!slot) return slot.error();
  return moment_of(*slot, job.schedule.zone, job.name);
}

// Values of the sample slot; a parameter that fails there is reported and becomes broken.
ParameterValues sample_values(const Job& job, YamlMap& map, std::vector<std::string>& broken) {
  ParameterValues values;
  const auto moment = sample_moment(job);
  if (!moment) return values;  // an unknown zone was reported with the schedule, and replaced
  for (const Parameter& parameter : job.parameters) {
    auto value = value_of(parameter, *moment);
    if (value) {
      values.emplace_back(parameter.name, std::move(*value));
    } else {
      map.error("parameters", value.error().message());
      broken.push_back(parameter.name);
    }
  }
  append_system_values(job, *moment, values);
  return values;
}

// What the two sides have to do with each other; when one of them is wrong by itself, that comes first.
void check_together(const Job& job, const TableStoreSource& source, Target& target, ProblemList& problems) {
  complete(target, source, job.schedule.zone);
  if (const std::string conflict = conflict_between(source, target); !conflict.empty()) {
    problems.error(job.script->reader.place, "reader.parameter: " + conflict);
  }
  if (problems.first_error() != nullptr) return;
  if (const std::string conflict = target_conflict(source, target); !conflict.empty()) {
    problems.error(job.script->writer.place, "writer.parameter: " + conflict);
  }
  if (const std::string doubt = header_doubt(target); !doubt.empty()) {
    problems.warning(job.script->writer.place, "writer.parameter: " + doubt);
  }
}

// Slots on one day alone may be meant to export the same, and a table has something new at any time.
bool has_fixed_window(const Job& job, const TimeRange& sample) {
  if (job.script->source != SourceKind::stream) return false;
  if (job.schedule.effective_from >= job.schedule.effective_to) return false;
  // No field of it is that of the sample slot.
  constexpr std::chrono::sys_days kOtherDay(std::chrono::year(2031) / 3 / 27);
  const Instant other = kOtherDay + std::chrono::hours(9) + std::chrono::minutes(43);
  const auto values = freeze(job, other);
  if (!values) return false;
  const auto window = window_of(job, *values, other);
  return window && window->start == sample.start && window->end == sample.end;
}

// Reads the script as an instance would, but opens no secret.
void check_script(const Job& job, YamlMap& map, std::vector<std::string> broken, const DataSources& sources,
                  ProblemList& problems) {
  const ParameterValues values = sample_values(job, map, broken);
  const Variables variables{values, broken};
  const YamlNode reader = fill_variables(job.script->reader, "reader.parameter", variables, problems);
  const SourceSection source = read_source(reader, job.script->source, sources, problems);
  TargetSection target =
      read_target(fill_variables(job.script->writer, "writer.parameter", variables, problems),
                  job.script->target, sources, problems);
  check_together(job, source.source, target.target, problems);
  read_settings(fill_variables(job.script->setting, "setting", variables, problems), problems);
  if (job.script->takes_window_of_slot()) return;
  const YamlNode times = time_keys_of(reader);
  YamlMap time_keys(times, "reader.parameter", problems);
  const auto range = read_time_range(time_keys, job.schedule.zone);
  if (!range || problems.first_error() != nullptr) return;
  if (has_fixed_window(job, *range)) warn_of_fixed_range(time_keys, *range, job.schedule.zone);
}

void warn_about_unused(const Job& job, YamlMap& map) {
  const YamlNode* node = map.get("parameters");
  for (const Parameter& parameter : job.parameters) {
    const auto& used = job.script->variables;
    if (std::find(used.begin(), used.end(), parameter.name) != used.end()) continue;
    const YamlNode* value = node->is_mapping() ? node->find(parameter.name) : nullptr;
    map.problems().warning(value == nullptr ? node->place : value->place,
                           fmt::format("parameters.{}: not used in the script", parameter.name));
  }
}

void check_document(const YamlNode& root, const DataSources& sources, const FileReader& read_file,
                    ProblemList& problems, LoadedJobs& loaded) {
  if (root.find("script") == nullptr &&
      (root.find("configuration") || root.find("steps") || root.find("job"))) {
    problems.error(root.place,
                   "this is a script, not a job file; write a job file with script: {file: NAME}");
    return;
  }
  YamlMap map(root, "", problems);
  if (!root.is_mapping()) return;  // reported by the line before
  Job job;
  job.file = problems.file();
  job.name = read_name(map);
  job.schedule = read_schedule(map.map("schedule"));
  job.rerun = read_rerun(map.map("rerun"));
  read_limits(map, job);
  job.catch_up = read_catch_up(map.map("catchUp"));
  job.alerts = read_job_alerts(map);
  job.dependencies = read_dependencies(map.map("dependsOn"), job.name);
  std::vector<std::string> broken;
  job.parameters = read_parameters(map, broken);
  LocatedScript located = locate_script(map, read_file);
  map.finish(declared_names(""));
  if (located.script) {
    job.script = std::make_shared<const Script>(std::move(*located.script));
    check_order(job, map);
    check_script(job, map, std::move(broken), sources, located.problems(problems));
    warn_about_unused(job, map);
  }
  const bool wrong =
      problems.first_error() != nullptr || (located.own && located.own->first_error() != nullptr);
  if (!wrong && job.script != nullptr) {
    job.version = definition_version(job);
    loaded.jobs.push_back(std::move(job));
  }
  loaded.problems = problems.take();
  if (located.own) append(loaded.problems, located.own->take());
}

}  // namespace

LoadedJobs load_job_text(const std::string& path, std::string_view text, const DataSources& sources,
                         const FileReader& read_file) {
  LoadedJobs loaded;
  ProblemList problems(path);
  const auto root = parse_yaml(text);
  if (root) {
    check_document(*root, sources, read_file, problems, loaded);
  } else {
    problems.error(root.error().place, root.error().message);
  }
  append(loaded.problems, problems.take());
  return loaded;
}

LoadedJobs load_job_file(const std::string& path, const DataSources& sources) {
  const auto text = read_text_file(path);
  if (text) return load_job_text(path, *text, sources, read_text_file);
  LoadedJobs loaded;
  loaded.problems.push_back(Problem{Severity::error, path, 1, 1, text.error().message()});
  return loaded;
}

}  // namespace sluice::job
