#pragma once
// The lines of an attempt's log. Nothing secret is printed: endpoints and names only.

#include "scheduler/instance.hpp"

#include <string>
#include <vector>

namespace sluice::daemon {

std::vector<std::string> describe(const scheduler::Instance& instance, int attempt);
std::string describe(const job::Export& work);
std::string describe(const pipeline::Positions& start, bool continues, const pipeline::Window& window);
std::string describe(const pipeline::ObjectInfo& object);
std::string describe(const pipeline::Gap& gap, const std::string& zone);
std::vector<std::string> describe(const pipeline::Statistics& statistics, const std::string& zone);

}  // namespace sluice::daemon
