#include "daemon/api/preview.hpp"

#include "core/objects/object_names.hpp"
#include "scheduler/planner.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
std::string object_of(const job::Job& job, const job::DataSources& sources,
                      const scheduler::NewInstance& instance) {
  const auto work = job::resolve(job, instance.values, sources, instance.id.scheduled);
  if (!work) return "";
  const auto names = objects::ObjectNames::make(work->target, work->window);
  return names ? names->object(0) : "";
}

Result<std::vector<PlannedInstance>> preview_instances(const job::Job& job, const job::DataSources& sources,
                                                       Instant from, Instant to) {
  if (to < from)
    return Error(Errc::invalid_argument, "plan " + job.name + ": the end lies before the beginning");
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return calendar.error();
  const std::vector<scheduler::Slot> slots = calendar->next_slots(from - Duration(1), kPreviewMax + 1, to);
  if (slots.size() > kPreviewMax) {
    return Error(Errc::invalid_argument,
                 fmt::format("plan {}: ask for at most {} slots at once", job.name, kPreviewMax));
  }
  scheduler::FreezeFailures failures;
  const auto rows = scheduler::make_instances(job, slots, scheduler::freeze_job, failures);
  if (failures.count > 0) return Error(Errc::invalid_argument, failures.first);
  std::vector<PlannedInstance> planned;
  for (const scheduler::NewInstance& row : rows) {
    PlannedInstance instance;
    instance.instance = row;
    instance.object = object_of(job, sources, row);
    planned.push_back(std::move(instance));
  }
  return planned;
}

}  // namespace sluice::daemon
