#pragma once
// A definition as keys and values, to say what an edit changed.

#include "core/job/job.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::job {

// "schedule.interval" and "5m", "reader.parameter.dataTable" and "orders", in order of the file; values that
// were not given have their defaults. Everything that definition_version() covers is among them. Credentials
// are left out: they are no part of a definition.
std::vector<std::pair<std::string, std::string>> definition_keys(const Job& job);

struct KeyChange {
  std::string key;
  std::string before;  // empty: there was none
  std::string after;   // empty: there is none
  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

// Empty for two definitions of one version.
std::vector<KeyChange> changed_keys(const Job& before, const Job& after);

}  // namespace sluice::job
