#pragma once
// What the readers of streams and of tables have in common.

#include "core/job/connection.hpp"
#include "core/job/job.hpp"
#include "core/job/sections.hpp"
#include "core/job/yaml_map.hpp"

#include <string>
#include <string_view>

namespace sluice::job {

SourceSection read_stream_source(const YamlNode& parameter, const DataSources& sources,
                                 ProblemList& problems);
SourceSection read_table_source(const YamlNode& parameter, const DataSources& sources, ProblemList& problems);

Connection read_source_connection(YamlMap& parameter, const DataSources& sources);
std::string read_table_name(YamlMap& parameter);

// maxRetries, retryBudget, compressAnswers.
void read_request_limits(YamlMap& parameter, TableStoreSource& source);

// Passes over the keys that have no effect and the time keys, and reports what the plugin does not have.
void finish_source(YamlMap& parameter, std::string_view plugin);

// "type" of a column, the only one of which is "date".
void read_column_type(YamlMap& map, Column& column);

// binaryFormat, nonFinite.
void read_value_forms(YamlMap& parameter, TableStoreSource& source);

}  // namespace sluice::job
