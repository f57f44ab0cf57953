#pragma once
// The keys of a stream reader that say what its rows are made of.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

namespace sluice::job {

// Reads mode, columns and how values are written into `source`; reports what is wrong, and what does not go
// together.
void read_row_keys(YamlMap& parameter, TableStoreSource& source);

}  // namespace sluice::job
