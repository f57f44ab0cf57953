#pragma once
// Which dates and times of day a schedule names, before any clock is asked. Pure.

#include "core/base/error.hpp"
#include "core/job/cron.hpp"
#include "core/job/job.hpp"

#include <optional>
#include <vector>

namespace sluice::scheduler {

class SlotDays {
 public:
  // invalid_argument for a schedule outside the limits of job::Schedule.
  static Result<SlotDays> of(const job::Schedule& schedule);

  // Times of day, ascending; the same on every date that has any.
  const std::vector<std::chrono::seconds>& times() const noexcept { return times_; }

  // One time on a date, by its nature: day, week, month, year, and a cron with a single time. The date then
  // has its slot once, whatever the clocks do.
  bool once_a_date() const noexcept { return once_a_date_; }

  enum class Kind { none, run, off };  // off: between the days of the schedule, due as a dry run
  // Outside the effective dates: none.
  Kind kind(std::chrono::sys_days date) const;

  // The first date >= `from` that is not none; nothing if there is none any more.
  std::optional<std::chrono::sys_days> next(std::chrono::sys_days from) const;

  // The last date <= `until` of kind run; nothing if there is none before it.
  std::optional<std::chrono::sys_days> last_run(std::chrono::sys_days until) const;

 private:
  explicit SlotDays(job::Schedule schedule) : schedule_(std::move(schedule)) {}
  bool runs(std::chrono::sys_days date) const;

  job::Schedule schedule_;
  std::optional<job::Cron> cron_;
  std::vector<std::chrono::seconds> times_;
  bool once_a_date_ = false;
};

}  // namespace sluice::scheduler
