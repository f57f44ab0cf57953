#pragma once
// Chains that go on only when a person acts, by their cause. Pure.

#include "scheduler/instance.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// The first thing that stands still, and what stands still behind it. One for each cause.
struct BlockedChain {
  std::string job;                     // of the cause
  std::optional<InstanceId> root{};    // the cause; nothing: the job itself, which is paused or not loaded
  std::string zone;                    // of the times to show
  State state = State::failure;        // of the root
  std::string reason;                  // "failed: ...; sluice rerun ... once the cause is gone"
  Instant since{};                     // when it began: the end of the failed attempt, or the slot
  std::size_t blocked_own = 0;         // due instances of the root's chain behind it
  std::size_t blocked_downstream = 0;  // due instances of other jobs that wait for it
  std::vector<std::string> downstream_jobs{};  // theirs, ascending
  // Now less the end of the last successful window of the job; nothing: none was successful yet.
  std::optional<Duration> data_lag{};

  std::size_t blocked() const noexcept { return blocked_own + blocked_downstream; }
};

// Names the cause, the same for as long as it lasts: "orders@2018-10-16T00:15+08:00", or "orders" for a job
// that is paused or not loaded.
std::string cause_of(const BlockedChain& chain);

// What stands still in one chain.
struct Blockage {
  BlockedChain cause;      // without counts
  std::string job;         // whose instances stand still
  bool own_chain = false;  // the cause is in the same chain
  std::size_t due = 0;     // instances that stand still, without the cause itself
};

// One entry for each cause, the longest standing first.
std::vector<BlockedChain> group_by_cause(const std::vector<Blockage>& blockages);

}  // namespace sluice::scheduler
