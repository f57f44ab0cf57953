#include "core/job/job_limits.hpp"

#include "core/job/job_keys.hpp"

#include <array>

namespace sluice::job {
namespace {

constexpr std::array kProperties = {Word<RerunProperty>{"always", RerunProperty::always},
                                    Word<RerunProperty>{"after_failure", RerunProperty::after_failure},
                                    Word<RerunProperty>{"never", RerunProperty::never}};

}  // namespace

std::string_view to_string(RerunProperty property) noexcept {
  for (const auto& [word, value] : kProperties) {
    if (value == property) return word;
  }
  return "";
}

Rerun read_rerun(YamlMap map) {
  Rerun rerun;
  read_word(map, "property", kProperties, rerun.property);
  const auto times = map.integer("times", 0, 10);
  rerun.interval = map.duration("interval", Duration(0), std::chrono::minutes(30)).value_or(rerun.interval);
  if (rerun.property == RerunProperty::never && times.value_or(0) > 0) {
    map.error("times", "a job with property: never is not run again; leave times out, or set it to 0");
  }
  rerun.times = static_cast<int>(times.value_or(rerun.property == RerunProperty::never ? 0 : rerun.times));
  map.finish(declared_names("rerun"));
  return rerun;
}

void read_limits(YamlMap& map, Job& job) {
  job.timeout =
      map.duration("timeout", std::chrono::minutes(1), std::chrono::hours(168)).value_or(job.timeout);
  job.priority = static_cast<int>(map.integer("priority", 1, 9).value_or(job.priority));
  if (const auto most = map.integer("maxParallel", 1, 10'000)) {
    job.max_parallel = static_cast<std::size_t>(*most);
  }
}

}  // namespace sluice::job
