#pragma once
// `access` of sluice.yaml.

#include "core/job/yaml_map.hpp"
#include "daemon/access.hpp"

namespace sluice::daemon {

AccessConfig read_access(job::YamlMap access);

// "2026-12-31" as the first instant at which a token with that date is refused: the end of the day, UTC.
std::optional<Instant> end_of_date(std::string_view text);

}  // namespace sluice::daemon
