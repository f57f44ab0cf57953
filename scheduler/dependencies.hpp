#pragma once
// Which slots of another job an instance waits for. Pure; the table is in docs/dependencies.md.

#include "core/job/job.hpp"
#include "scheduler/calendar.hpp"

#include <optional>

namespace sluice::scheduler {

// A closed range of slots; first == last: one slot.
struct SlotRange {
  Instant first{};
  Instant last{};
  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};

// One side of a dependency. Both outlive it.
struct Party {
  const job::Job& job;
  const Calendar& calendar;
};

// How fine a schedule is; a cron expression counts by the slots it has on the day asked about.
enum class Pace : std::uint8_t { minute, hour, day };
Pace pace_of(const Party& party, Instant day);

// The slots of `upstream` that have to be done before the instance of `downstream` at `slot` may start.
// Nothing when it waits for none: the upstream has no slot there, or an earlier instance of the downstream
// waits in its place. "The day" is the upstream's local day in which the slot lies.
std::optional<SlotRange> upstream_slots(const Party& downstream, const Slot& slot, const Party& upstream,
                                        bool previous_cycle);

}  // namespace sluice::scheduler
