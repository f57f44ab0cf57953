#pragma once
// The manual pages, made of what is declared.

#include "daemon/cli/command_tree.hpp"

#include <span>
#include <string>

namespace sluice::daemon {

struct ConfigKey;

std::string command_page(const DeclaredCommand& root);     // sluice(1)
std::string config_page(std::span<const ConfigKey> keys);  // sluice.yaml(5)
std::string job_page(std::string_view example);            // sluice-job(5)

}  // namespace sluice::daemon
