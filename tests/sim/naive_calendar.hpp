#pragma once
// The slots of a schedule, found the slow way: every five minutes of the time asked about are looked at. It
// shares nothing with scheduler/calendar but the time-zone database. For schedules whose times are multiples
// of five minutes, and crons of numbers, lists, ranges and steps.

#include "core/job/job.hpp"

#include <vector>

namespace sluice::test {

// In [from, to), ascending.
std::vector<Instant> naive_slots(const job::Schedule& schedule, Instant from, Instant to);

// The local day that `at` is in begins.
Instant naive_day_start(const std::string& zone, Instant at);

}  // namespace sluice::test
