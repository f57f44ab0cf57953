#include "scheduler/places.hpp"

#include <algorithm>
#include <tuple>

namespace sluice::scheduler {

void Running::add(const InstanceId& id) {
  ++total;
  backfills += id.group != 0 ? 1U : 0U;
  ++of_job[id.job];
}

void Running::remove(const InstanceId& id) {
  --total;
  backfills -= id.group != 0 ? 1U : 0U;
  const auto found = of_job.find(id.job);
  if (--found->second == 0) of_job.erase(found);
}

Place place_for(const InstanceId& id, const Running& running, const Limits& limits) {
  const std::size_t taken = id.group == 0 ? running.total - running.backfills : running.total;
  if (taken >= limits.total) return Place::all_taken;
  const auto limit = limits.of_job.find(id.job);
  const auto count = running.of_job.find(id.job);
  if (limit != limits.of_job.end() && count != running.of_job.end() && count->second >= limit->second)
    return Place::job_full;
  return id.group != 0 && running.backfills >= limits.backfills() ? Place::backfills_full : Place::free;
}

void sort_by_turn(std::vector<Instance>& candidates) {
  const auto turn = [](const Instance& instance) {
    return std::tuple(instance.id.group != 0, -instance.priority, instance.id.scheduled);
  };
  std::sort(candidates.begin(), candidates.end(), [&](const Instance& a, const Instance& b) {
    if (turn(a) != turn(b)) return turn(a) < turn(b);
    return a.id.job != b.id.job ? a.id.job < b.id.job : a.id.group < b.id.group;
  });
}

}  // namespace sluice::scheduler
