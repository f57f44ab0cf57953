#pragma once
// Whether a window that is not exported has objects in the target all the same. Pure.

#include "scheduler/instance.hpp"

#include <vector>

namespace sluice::scheduler {

// The number of the latest attempt whose objects may still be there: it ended with the daemon, or could not
// take back what it wrote. 0: none. `attempts` are those of an instance without positions of its own; the
// next success replaces whatever is left.
int left_behind(const std::vector<Attempt>& attempts);

}  // namespace sluice::scheduler
