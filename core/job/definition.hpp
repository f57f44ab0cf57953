#pragma once
// The version of a job: which definition an instance was planned from.

#include "core/job/job.hpp"

#include <string>

namespace sluice::job {

// The first 12 hex digits of the SHA-256 of everything that decides what the job does: name, schedule and its
// calendar, rerun, dependencies, timeout, priority, limits, catch-up, parameters and script. firstSlot counts
// only until the job is planned for the first time, and is left out. Credentials, comments, places, the order
// of keys and the files' names are left out.
std::string definition_version(const Job& job);

}  // namespace sluice::job
