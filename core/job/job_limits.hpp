#pragma once
// Reads the keys that bound the attempts of a job: rerun, timeout, priority, maxParallel.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

namespace sluice::job {

// The map "rerun".
Rerun read_rerun(YamlMap rerun);

// timeout, priority and maxParallel of the job file, into `job`.
void read_limits(YamlMap& map, Job& job);

}  // namespace sluice::job
