#pragma once
// "${name}" in the texts of a script.

#include "core/job/job.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// True for the keys whose values are credentials: variables do not reach into them.
bool is_credential_key(std::string_view key) noexcept;

// What a script's variables stand for. Both must outlive it.
struct Variables {
  const ParameterValues& values;
  const std::vector<std::string>& broken;  // known names whose value has failed and was reported
};

// A copy of `node` with every "${name}" replaced, in one pass: what a value brings in is not looked at again,
// "$${" becomes "${". Credentials and values that are wholly "${env:NAME}" stay as they are; "{date}" in
// `object` and `manifest` counts as "${date}". A text with an undefined variable is reported and becomes
// unusable. `path` is that of `node`.
YamlNode fill_variables(const YamlNode& node, std::string_view path, const Variables& variables,
                        ProblemList& problems);

// The names that fill_variables() would look up.
void collect_variables(const YamlNode& node, std::set<std::string>& names);

}  // namespace sluice::job
