#pragma once
// What an instance waits for, by the table of docs/dependencies.md and the naive calendar.

#include "core/job/job.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class NaiveUpstreams {
 public:
  // The slots of `upstream` that have to be done before the instance of `downstream` at `slot` may start.
  // Definitions with the same name and version are the same.
  std::vector<Instant> find(const job::Job& downstream, Instant slot, const job::Job& upstream,
                            bool previous_cycle);

 private:
  enum class Pace { minute, hour, day };

  // Of the job's local day that `at` is in.
  const std::vector<Instant>& day(const job::Job& job, Instant at);
  Pace pace(const job::Job& job, Instant at);
  std::vector<Instant> of_day_job(const job::Job& upstream, Instant slot, bool previous_cycle);
  std::vector<Instant> of_hour(const job::Job& upstream, Instant slot, bool previous_cycle);
  std::vector<Instant> one_before(const job::Job& upstream, Instant slot);

  std::map<std::pair<std::string, Instant>, std::vector<Instant>> days_;  // by job and version, and day
};

}  // namespace sluice::test
