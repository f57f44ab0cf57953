#include "scheduler/places.hpp"

#include <algorithm>
#include <string_view>
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

bool comes_first(const InstanceId& a, int priority_a, const InstanceId& b, int priority_b) {
  const auto turn = [](const InstanceId& id, int priority) {
    return std::tuple(id.group != 0, -priority, id.scheduled, std::string_view(id.job), id.group);
  };
  return turn(a, priority_a) < turn(b, priority_b);
}

void sort_by_turn(std::vector<Instance>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const Instance& a, const Instance& b) {
    return comes_first(a.id, a.priority, b.id, b.priority);
  });
}

}  // namespace sluice::scheduler
