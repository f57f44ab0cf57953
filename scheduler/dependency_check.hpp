#pragma once
// Asks the store whether what an instance depends on is done.

#include "scheduler/dependencies.hpp"
#include "scheduler/planner.hpp"
#include "scheduler/state_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::scheduler {

// What keeps an instance from starting, among other instances.
struct Blocker {
  enum class Kind : std::uint8_t {
    previous,     // an earlier one of its own chain is not done
    upstream,     // one of a job it depends on is not done
    not_loaded,   // a job it depends on is not among the present ones
    not_planned,  // the instances it depends on are not planned yet
  };
  Kind kind = Kind::upstream;
  std::string job;                     // that it waits for
  std::optional<Instance> instance{};  // previous and upstream: the first one that is not done
  std::size_t open = 1;                // upstream: so many of them are not done
};

class DependencyCheck {
 public:
  // `store` outlives this. `is_planned` tells whether planning has seen the present definition of a job.
  DependencyCheck(StateStore& store, std::function<bool(const std::string& job)> is_planned)
      : store_(store), is_planned_(std::move(is_planned)) {}

  // `handovers`: until their slots the definitions before count.
  void set_jobs(const Jobs& jobs, const Handovers& handovers = {});

  // False: the job's instances do not wait for each other. Until an edit comes into force this is for the
  // definition before to say. A job that is not loaded keeps its order.
  bool in_order(const std::string& job, Instant now) const;

  // The first thing on other jobs that the instance waits for; nothing when there is none. Instances of a
  // backfill and those that an operator released wait for no other job. Throws what the store throws.
  awaitable<std::optional<Blocker>> blocker(Instance instance, Instant now);

  // The slots of other jobs that the instance waits for, released or not.
  std::vector<std::pair<std::string, SlotRange>> needs(const Instance& instance);

 private:
  struct Known {
    std::shared_ptr<const job::Job> job;
    Calendar calendar;
  };
  struct KnownJob {
    Known present;
    std::optional<Known> before{};  // of slots before `from`
    Instant from{};
    const Known& at(Instant slot) const { return before && slot < from ? *before : present; }
  };
  using KnownJobs = std::map<std::string, KnownJob>;
  using Ranges = std::vector<std::optional<SlotRange>>;  // one for each job depended on
  struct Wanted {
    Ranges usual;
    Ranges as_first;  // of its day: the same, but where the others of the day follow the first
  };

  static std::optional<SlotRange> range_of(const Known& mine, const Slot& slot, const KnownJob& upstream,
                                           bool previous_cycle);
  Wanted wanted(const KnownJobs& known, const Known& mine, const Instance& instance);
  awaitable<bool> is_first_of_day(const Known& mine, const Instance& instance);
  awaitable<std::optional<Blocker>> open_slots(std::string job, SlotRange range, Instant now);

  StateStore& store_;
  std::function<bool(const std::string& job)> is_planned_;
  std::shared_ptr<const KnownJobs> known_ = std::make_shared<const KnownJobs>();
  std::map<std::pair<std::string, Instant>, Wanted> wanted_;  // by downstream job and slot
};

}  // namespace sluice::scheduler
