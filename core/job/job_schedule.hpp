#pragma once
// The parts of a job file around its script.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// True for [A-Za-z0-9_.-]{1,100}.
bool is_job_name(std::string_view name) noexcept;

Schedule read_schedule(YamlMap schedule);

// The map or the string under `parameters`, expressions parsed. A parameter whose expression is wrong is
// reported, left out, and its name put into `broken`.
std::vector<Parameter> read_parameters(YamlMap& job, std::vector<std::string>& broken);

}  // namespace sluice::job
