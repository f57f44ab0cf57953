#pragma once
// The slots of a schedule. Pure.
//
// A slot is an instant (UTC) whose local reading is one of the schedule's times on one of its dates. Slots
// ascend in UTC and are never twice the same. Where the clocks change:
//
// - Cycles with several times a day (minute, hour, most cron): with every_real_minute, readings that are left
// out
//   give no slot and repeated ones give one each time, so a five-minute schedule has 276, 288 or 300 slots a
//   day and none is further than five minutes from the next. With dataworks, repeated readings give a slot
//   only the second time (288), so that one real hour has none.
// - Cycles with one time a day have one slot on each of their dates. A time left out: with every_real_minute
// the
//   slot is at the change; with dataworks it moves on by the length of the change, as a dry run. A repeated
//   time: the first pass; with dataworks the second. A date that is left out as a whole has none.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"
#include "scheduler/slot_days.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

struct Slot {
  Instant at{};
  int cycle = 0;  // 1-based number within its local day
  // Becomes SUCCESS at its time without running, for `reason`, a text of the program's own.
  bool dry_run = false;
  std::string_view reason{};
  friend bool operator==(const Slot&, const Slot&) = default;
};

class Calendar {
 public:
  // invalid_argument for an unknown zone or a schedule outside the limits of job::Schedule.
  static Result<Calendar> of(const job::Schedule& schedule);

  // Slots in [from, to), ascending.
  std::vector<Slot> slots(Instant from, Instant to) const;

  // The first slot > `instant`, a dry run or not; nothing when there is none any more.
  std::optional<Instant> first_after(Instant instant) const;

  // The first `count` slots > `instant` and < `before`, dry runs among them; fewer when there are no more.
  std::vector<Slot> next_slots(Instant instant, std::size_t count, Instant before = Instant::max()) const;

  // The last slot < `instant` that is no dry run, however long ago; nothing when there was none.
  std::optional<Instant> last_run_before(Instant instant) const;

  // The local day begins that lies `days_later` after the one `instant` is in (0: today's).
  Instant day_start(Instant instant, int days_later) const;

 private:
  Calendar(job::Schedule schedule, SlotDays slot_days)
      : schedule_(std::move(schedule)), days_(std::move(slot_days)) {}

  struct Segment;  // a stretch of time with one offset from UTC
  std::vector<Segment> segments(Instant from, Instant to) const;
  void append(const Segment& segment, std::vector<Slot>& found) const;
  std::optional<Slot> slot_of(std::chrono::sys_days date, SlotDays::Kind kind) const;
  std::vector<Slot> slots_by_date(Instant from, Instant to) const;
  std::vector<Slot> slots_by_reading(Instant from, Instant to) const;
  std::vector<Slot> uncounted(Instant from, Instant to) const;  // without their numbers in their days
  std::chrono::sys_days local_date(Instant at) const;

  job::Schedule schedule_;
  SlotDays days_;
};

}  // namespace sluice::scheduler
