#pragma once
// What an edit of a job would change of the slots to come. Pure.

#include "core/job/definition_keys.hpp"
#include "core/job/definition_text.hpp"
#include "scheduler/instance.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

// An instance that planning would create.
struct PlannedInstance {
  scheduler::NewInstance instance;
  std::string object;  // name of the first shard's object; the others count on from it
};

// As many as one answer lists, from the first on.
struct PlannedPage {
  std::vector<PlannedInstance> instances;  // ascending
  std::optional<Instant> next;             // the first slot that was left out; nothing: that is all
};

struct DifferenceRequest {
  std::string job;                           // may be empty with a draft: the draft's
  std::optional<job::DefinitionText> draft;  // nothing: the job's file as it is on the disk
  std::string from;                          // in the job's zone; empty: now
  std::string to;                            // empty: a day after `from`
};

struct SlotDifference {
  enum class Kind : std::uint8_t { gone, added, changed };
  Kind kind = Kind::changed;
  scheduler::InstanceId id;
  std::vector<job::KeyChange> changes;  // of values ("values.date"), window and object
};
std::string_view to_string(SlotDifference::Kind kind) noexcept;

struct PlanDifference {
  std::string job;
  std::string zone;
  std::string before;  // version in force; empty: the job is new
  std::string after;   // version of the edit; empty: it is taken away, or its file has errors
  std::vector<job::KeyChange> keys;
  Instant from{};  // only slots after now are compared
  Instant to{};
  std::optional<Instant> next;        // `to`, where there is more to compare behind it
  std::vector<SlotDifference> slots;  // ascending
  std::size_t unchanged = 0;          // slots that stay as they are
  std::size_t replaced = 0;  // instances planned already that would be planned anew, of any slot after `from`
  std::vector<job::Problem> problems;
};

// Ends both where the first of them does: behind it the other one cannot be compared. The end, if that left
// something out.
std::optional<Instant> end_together(PlannedPage& before, PlannedPage& after);

// What becomes of the slots of `before`; both ascending. `unchanged` counts those that stay.
std::vector<SlotDifference> compare_slots(const std::vector<PlannedInstance>& before,
                                          const std::vector<PlannedInstance>& after, std::size_t& unchanged);

}  // namespace sluice::daemon
