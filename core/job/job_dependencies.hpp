#pragma once
// The part dependsOn of a job file: what an instance waits for, and what jobs that depend on each other have
// to keep to.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// self, jobs. `own_name` is the job's own, which it cannot name.
Dependencies read_dependencies(YamlMap map, std::string_view own_name);

// Reports self: false for a source that is a stream. After the script is read.
void check_order(const Job& job, YamlMap& document);

// Jobs that wait for each other within one cycle, in the order of waiting, the first one again at the end;
// empty: there are none. An edge to a previous cycle closes no circle.
std::vector<std::string> find_circle(const std::vector<Job>& jobs);

// Takes circles out of `jobs`, which replace `before`: those jobs of a circle that are new or changed stay as
// they were before, or away. Returns an error for each of them. `before` has no circle itself.
std::vector<Problem> take_out_circles(std::vector<Job>& jobs, const std::vector<Job>& before);

// A warning for each job depended on that is not among `jobs`.
std::vector<Problem> missing_upstreams(const std::vector<Job>& jobs);

}  // namespace sluice::job
