#pragma once
// What shells need to complete the command line: a script for each, made of the declared commands.

#include "daemon/cli/command_tree.hpp"

#include <string>

namespace sluice::daemon {

// Names of jobs come from the daemon, by `sluice completion jobs`; everything else is in the script.
std::string bash_completion(const DeclaredCommand& root);
std::string zsh_completion(const DeclaredCommand& root);
std::string fish_completion(const DeclaredCommand& root);

}  // namespace sluice::daemon
