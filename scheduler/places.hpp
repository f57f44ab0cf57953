#pragma once
// Who gets a free place to run. Pure.

#include "scheduler/instance.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::scheduler {

// Attempts in progress.
struct Running {
  std::size_t total = 0;
  std::size_t backfills = 0;                  // of instances that belong to a backfill
  std::map<std::string, std::size_t> of_job;  // backfills included; no entry: none

  void add(const InstanceId& id);
  void remove(const InstanceId& id);
};

struct Limits {
  std::size_t total = 1;                      // at least 1
  std::map<std::string, std::size_t> of_job;  // Job::max_parallel; no entry: no limit of its own

  // A backfill leaves one place free for what becomes due meanwhile, unless there is only one.
  std::size_t backfills() const noexcept { return total > 1 ? total - 1 : 1; }
};

// A recurring instance does not count the places that backfills have: what becomes due together with others
// starts as if there were none.
enum class Place : std::uint8_t { free, all_taken, job_full, backfills_full };
Place place_for(const InstanceId& id, const Running& running, const Limits& limits);

// The order in which places are given: recurring before backfills, higher priority, earlier slot, then by the
// chain's name.
bool comes_first(const InstanceId& a, int priority_a, const InstanceId& b, int priority_b);
void sort_by_turn(std::vector<Instance>& candidates);

}  // namespace sluice::scheduler
