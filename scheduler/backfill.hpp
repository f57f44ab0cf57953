#pragma once
// A backfill: slots of a job run on purpose, beside its recurring instances. What it is, and what is decided
// about it, without clock or store. docs/backfill.md has the rules.

#include "core/base/time.hpp"
#include "scheduler/backfill_order.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/instance.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

enum class BackfillState : std::uint8_t {
  running,
  paused,     // nothing new starts
  cancelled,  // what had not started is SKIPPED
  done,       // everything it had to run is done
  failed,     // shown only: running, but an instance waits for a person
};
std::string_view to_string(BackfillState state) noexcept;
std::optional<BackfillState> backfill_state_from_string(std::string_view text) noexcept;

// A block of business dates; its instances form a chain of their own.
struct BackfillGroup {
  std::int64_t id = 0;  // InstanceId::group
  Instant from{};       // slots in [from, to)
  Instant to{};
  std::chrono::sys_days first_date{};  // business dates, both inclusive
  std::chrono::sys_days last_date{};
};

struct Backfill {
  std::int64_t id = 0;
  BackfillOrder order;
  std::string zone;     // of the job when it was asked for
  std::string version;  // likewise; its instances are made by it
  std::string actor;
  Instant created{};
  BackfillState state = BackfillState::running;
  bool planned = false;      // all its instances exist
  std::size_t left_out = 0;  // slots without an instance, known once planned
  std::vector<BackfillGroup> groups;
};

std::string backfill_name(std::int64_t id);  // "backfill 7"

// The business date of a slot: the local date minus one day.
std::chrono::sys_days business_date(Instant slot, std::string_view zone);

// Contiguous blocks of the business dates that have slots; their sizes differ by at most one, and there are
// never more blocks than dates. `slots` ascending; ids are not set.
std::vector<BackfillGroup> split_dates(const std::vector<Slot>& slots, int parallel, std::string_view zone);

// The place of the group that has the slot; -1 when none has.
int group_at(const std::vector<BackfillGroup>& groups, Instant slot) noexcept;

// Why a backfill of what is missing leaves the slot out, or "". `recurring`: the state of the job's own
// instance of the slot; nothing when there is none. `coverage`: empty unless windows chain by position.
std::string left_out_reason(const NewInstance& instance, std::optional<State> recurring,
                            const Coverage& coverage);

// The instances of a group that its own order lets start now. `open`: those that are not done, in the order
// of the backfill, as many as matter. One that waits for a person stops the group.
std::vector<Instance> startable(const std::vector<Instance>& open, const BackfillOrder& order, bool self,
                                Instant now);

// True for FAILURE, LOST, FROZEN: nothing happens to it until somebody decides.
bool waits_for_person(State state) noexcept;

// True while the job's own instance of a slot has still to run by itself: the backfill's waits for it, for
// both write the same objects.
bool has_still_to_run(State recurring) noexcept;

}  // namespace sluice::scheduler
