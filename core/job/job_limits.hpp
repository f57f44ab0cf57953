#pragma once
// Reads the keys that bound the attempts of a job: rerun, timeout, priority, maxParallel.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <string_view>

namespace sluice::job {

// As job files write it.
std::string_view to_string(RerunProperty property) noexcept;

// The map "rerun".
Rerun read_rerun(YamlMap rerun);

// timeout, priority and maxParallel of the job file, into `job`.
void read_limits(YamlMap& map, Job& job);

}  // namespace sluice::job
