#pragma once
// The definition of a job as it was written: what is kept of each version, so that an instance can run by the
// one it was planned with.

#include "core/job/job.hpp"

#include <string>

namespace sluice::job {

// Credentials written out in a file are not kept: "***" stands in their place. What refers to a credential
// ("${env:NAME}", "file:/path", "credential:NAME", a named data source) stays as it is.
struct DefinitionText {
  std::string file;         // path of the job file
  std::string text;         // empty: not kept, for the reason `missing`
  std::string script_file;  // path of the script's file; empty: it is inside the job file
  std::string script;
  std::string missing;
  friend bool operator==(const DefinitionText&, const DefinitionText&) = default;
};

inline constexpr std::string_view kMaskedCredential = "***";

// `written` without credentials, also not in comments. A file from which they cannot be taken with certainty
// is not kept at all.
DefinitionText without_credentials(DefinitionText written);

// The job as the text has it, to look at: where credentials are masked it has stars. Errors as
// load_definition().
Result<Job> read_definition(const DefinitionText& kept, const DataSources& sources);

// The job as the text has it, to run. Credentials that are not kept come from `present`, the job's definition
// of today, where it has them at the same place. Errors (invalid_argument) say why the text cannot run any
// more.
Result<Job> load_definition(const DefinitionText& kept, const DataSources& sources, const Job& present);

}  // namespace sluice::job
