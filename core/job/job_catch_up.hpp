#pragma once
// The part catchUp of a job file: what becomes of windows that were missed.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <string_view>

namespace sluice::job {

// policy, maxAge, maxCount. The limits go with policy all only.
CatchUp read_catch_up(YamlMap map);

// "all", "latest", "none"
std::string_view to_string(CatchUp::Policy policy) noexcept;

}  // namespace sluice::job
