#pragma once
// What one simulated week begins with: where and when it is, and its jobs. All of it follows from the seed.

#include "core/base/random.hpp"
#include "core/job/job.hpp"

#include <string>
#include <vector>

namespace sluice::test {

struct Week {
  std::string zone;   // in most of these weeks its clocks change
  std::string start;  // as parse_local() reads it
};

Week make_week(Random& dice);

// Two to four jobs; each depends on earlier ones only.
std::vector<job::Job> make_jobs(Random& dice, const Week& week);

// Another definition of the job, as an edit of its file: other limits and reruns, or also another schedule.
job::Job edited(Random& dice, job::Job job, bool schedule_too, int edit);

}  // namespace sluice::test
