#pragma once
// `access` of sluice.yaml.

#include "core/job/yaml_map.hpp"
#include "daemon/http/access.hpp"

namespace sluice::daemon {

AccessConfig read_access(job::YamlMap access);

}  // namespace sluice::daemon
