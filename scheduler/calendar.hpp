#pragma once
// The slots of a minute schedule. Pure.
//
// A slot is an instant (UTC) whose local reading is start + k * interval <= end of its local day, inside the
// effective dates. That is the whole rule, also where the clocks change ("every real minute"): readings that
// a spring change leaves out give no slot, readings that an autumn change repeats give one each time. So a
// five-minute schedule has 288 slots on an ordinary day, 276 in spring, 300 in autumn, strictly ascending in
// UTC and never twice the same.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"

#include <optional>
#include <vector>

namespace sluice::scheduler {

struct Slot {
  Instant at{};
  int cycle = 0;  // 1-based number within its local day
  friend bool operator==(const Slot&, const Slot&) = default;
};

class Calendar {
 public:
  // invalid_argument for an unknown zone or a schedule outside the limits of job::Schedule.
  static Result<Calendar> of(const job::Schedule& schedule);

  // Slots in [from, to), ascending.
  std::vector<Slot> slots(Instant from, Instant to) const;

  // The first slot > `instant`; nothing when the effective dates are over.
  std::optional<Instant> first_after(Instant instant) const;

  // The local day begins that lies `days` after the one `instant` is in (0: today's).
  Instant day_start(Instant instant, int days) const;

 private:
  explicit Calendar(job::Schedule schedule) : schedule_(std::move(schedule)) {}

  struct Segment;  // a stretch of time with one offset from UTC
  std::vector<Segment> segments(Instant from, Instant to) const;
  void append(const Segment& segment, std::vector<Instant>& found) const;
  std::chrono::seconds offset(std::chrono::sys_seconds at) const;
  std::chrono::sys_days local_date(Instant at) const;

  job::Schedule schedule_;
};

}  // namespace sluice::scheduler
