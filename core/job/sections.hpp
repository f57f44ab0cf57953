#pragma once
// The three parts of a script, variables filled in, as typed values. docs/job-files.md lists their keys.

#include "core/job/connection.hpp"
#include "core/job/job.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"

namespace sluice::job {

// Everything but the connection, which stays unopened until connect().
struct SourceSection {
  TableStoreSource source;
  Connection connection;
};
struct TargetSection {
  Target target;
  Connection connection;
};

// Each reports all that is wrong with its part and returns what it could read. The time keys are
// read_time_range()'s.
SourceSection read_source(const YamlNode& parameter, SourceKind kind, const DataSources& sources,
                          ProblemList& problems);
TargetSection read_target(const YamlNode& parameter, const DataSources& sources, ProblemList& problems);
Settings read_settings(const YamlNode& setting, ProblemList& problems);

// What does not go together although each part is right by itself, or "".
std::string conflict_between(const TableStoreSource& source, const Target& target);

// Opens the connection's references and puts its values in. Errors name key and source, never a value.
Result<TableStoreSource> connect(SourceSection section);
Result<Target> connect(TargetSection section);

}  // namespace sluice::job
