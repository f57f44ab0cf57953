#pragma once
// The three parts of a script, variables filled in, as typed values. docs/job-files.md lists their keys.

#include "core/job/connection.hpp"
#include "core/job/job.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"

#include <string>
#include <vector>

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
TargetSection read_target(const YamlNode& parameter, TargetKind kind, const DataSources& sources,
                          ProblemList& problems);
Settings read_settings(const YamlNode& setting, ProblemList& problems);

// Names of the values of a row, in order. Empty in column mode, where only the table knows those of its key.
std::vector<std::string> written_columns(const TableStoreSource& source);

// Puts in what the target takes from elsewhere: the names of the columns, and the zone of its dates. In jsonl
// the header's names are those of the values.
void complete(Target& target, const TableStoreSource& source, const std::string& zone);

// What does not go together although each part is right by itself, or "". The target is complete().
std::string conflict_between(const TableStoreSource& source, const Target& target);
std::string target_conflict(const TableStoreSource& source, const Target& target);

// What is probably not meant, or "".
std::string header_doubt(const Target& target);

// Opens the connection's references and puts its values in. Errors name key and source, never a value.
Result<TableStoreSource> connect(SourceSection section);
Result<Target> connect(TargetSection section);

}  // namespace sluice::job
