#include "core/job/definition_keys.hpp"

#include "core/job/schedule_text.hpp"
#include "core/job/script.hpp"
#include "core/job/variables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace sluice::job {
namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;

template <class Enum>
std::string_view name_of(Enum value, std::initializer_list<std::string_view> names) {
  return *(names.begin() + static_cast<std::ptrdiff_t>(value));
}

// "5m", "2h", "90s": the largest unit that leaves no rest.
std::string length_of(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (whole != 0 && whole % 3600 == 0) return fmt::format("{}h", whole / 3600);
  if (whole != 0 && whole % 60 == 0) return fmt::format("{}m", whole / 60);
  return fmt::format("{}s", whole);
}

std::string year_days_of(const Schedule& schedule) {
  std::vector<std::string> days;
  for (const std::chrono::month_day& day : schedule.year_days) {
    days.push_back(
        fmt::format("{:02}-{:02}", static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())));
  }
  return fmt::format("{}", fmt::join(days, ", "));
}

void add_schedule_keys(const Schedule& schedule, Keys& keys) {
  const auto add = [&](std::string_view key, std::string value) {
    keys.emplace_back(fmt::format("schedule.{}", key), std::move(value));
  };
  add("cycle", std::string(to_string(schedule.cycle)));
  add("start", time_of_day_text(schedule.start));
  add("end", time_of_day_text(schedule.end));
  add("interval", length_of(schedule.interval));
  add("at", time_of_day_text(schedule.at));
  add("weekdays", fmt::format("{}", fmt::join(schedule.weekdays, ", ")));
  add("monthDays", fmt::format("{}", fmt::join(schedule.month_days, ", ")));
  add("yearDays", year_days_of(schedule));
  add("cron", schedule.cron);
  add("offDays", schedule.off_days_dry_run ? "dry run" : "none");
  add("timezone", schedule.zone);
  add("dst", std::string(to_string(schedule.dst)));
  add("generation", std::string(to_string(schedule.generation)));
  add("effectiveFrom", date_text(schedule.effective_from));
  add("effectiveTo", date_text(schedule.effective_to));
}

std::string upstreams_of(const Dependencies& dependencies) {
  std::vector<std::string> names;
  for (const Upstream& upstream : dependencies.jobs)
    names.push_back(upstream.job + (upstream.previous_cycle ? " (previous cycle)" : ""));
  return fmt::format("{}", fmt::join(names, ", "));
}

void add_rule_keys(const Job& job, Keys& keys) {
  keys.emplace_back("rerun.times", fmt::format("{}", job.rerun.times));
  keys.emplace_back("rerun.interval", length_of(job.rerun.interval));
  keys.emplace_back("rerun.property",
                    std::string(name_of(job.rerun.property, {"always", "after_failure", "never"})));
  keys.emplace_back("dependencies.self", job.dependencies.self ? "true" : "false");
  keys.emplace_back("dependencies.jobs", upstreams_of(job.dependencies));
  keys.emplace_back("timeout", length_of(job.timeout));
  keys.emplace_back("priority", fmt::format("{}", job.priority));
  keys.emplace_back("maxParallel", job.max_parallel == 0 ? "none" : fmt::format("{}", job.max_parallel));
  keys.emplace_back("catchUp.policy", std::string(name_of(job.catch_up.policy, {"all", "latest", "none"})));
  keys.emplace_back("catchUp.maxAge", job.catch_up.max_age ? length_of(*job.catch_up.max_age) : "none");
  keys.emplace_back("catchUp.maxCount",
                    job.catch_up.max_count ? fmt::format("{}", *job.catch_up.max_count) : "none");
}

void add_node_keys(const YamlNode& node, const std::string& path, Keys& keys) {
  if (node.items.empty()) {
    keys.emplace_back(path, node.text);
    return;
  }
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    if (!node.is_mapping()) {
      add_node_keys(node.items[at], fmt::format("{}[{}]", path, at), keys);
    } else if (!is_credential_key(node.keys[at].text)) {
      add_node_keys(node.items[at], fmt::format("{}.{}", path, node.keys[at].text), keys);
    }
  }
}

void add_script_keys(const Script& script, Keys& keys) {
  keys.emplace_back("reader.plugin", script.source == SourceKind::table ? "ots" : "otsstream");
  keys.emplace_back("writer.plugin",
                    std::string(name_of(script.target, {"oss", "s3", "localfile", "stream"})));
  add_node_keys(script.reader, "reader.parameter", keys);
  add_node_keys(script.writer, "writer.parameter", keys);
  add_node_keys(script.setting, "setting", keys);
}

}  // namespace

Keys definition_keys(const Job& job) {
  Keys keys;
  add_schedule_keys(job.schedule, keys);
  add_rule_keys(job, keys);
  for (const Parameter& parameter : job.parameters)
    keys.emplace_back("parameters." + parameter.name, parameter.expression);
  if (job.script != nullptr) add_script_keys(*job.script, keys);
  return keys;
}

std::vector<KeyChange> changed_keys(const Job& before, const Job& after) {
  const Keys old_keys = definition_keys(before);
  std::map<std::string, std::string> old_values(old_keys.begin(), old_keys.end());
  std::vector<KeyChange> changes;
  for (auto& [key, value] : definition_keys(after)) {
    const auto old = old_values.find(key);
    const std::string old_value = old == old_values.end() ? "" : old->second;
    if (old == old_values.end() || old_value != value) changes.push_back(KeyChange{key, old_value, value});
    if (old != old_values.end()) old_values.erase(old);
  }
  for (const auto& [key, value] : old_keys) {
    if (old_values.contains(key)) changes.push_back(KeyChange{key, value, ""});
  }
  if (changes.empty() && before.version != after.version) {
    // The order of the parameters is all that is left.
    changes.push_back(KeyChange{"parameters", "in another order", ""});
  }
  return changes;
}

}  // namespace sluice::job
