#include "daemon/api/preview.hpp"

#include "core/objects/object_names.hpp"
#include "scheduler/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::daemon {
std::string object_of(const job::Job& job, const job::DataSources& sources,
                      const scheduler::NewInstance& instance) {
  const auto work = job::resolve(job, instance.values, sources, instance.id.scheduled);
  if (!work) return "";
  const auto names = objects::ObjectNames::make(work->target, work->window);
  return names ? names->object(0) : "";
}

Error too_many_slots(std::string_view job) {
  return Error(Errc::invalid_argument,
               fmt::format("plan {}: ask for at most {} slots at once", job, kPreviewMax));
}

Result<PlannedPage> preview_page(const job::Job& job, const job::DataSources& sources, Instant from,
                                 Instant to) {
  if (to < from)
    return Error(Errc::invalid_argument, "plan " + job.name + ": the end lies before the beginning");
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return calendar.error();
  std::vector<scheduler::Slot> slots = calendar->next_slots(from - Duration(1), kPlannedPageMax + 1, to);
  PlannedPage page;
  if (slots.size() > kPlannedPageMax) {
    page.next = slots.back().at;
    slots.pop_back();
  }
  scheduler::FreezeFailures failures;
  const auto rows = scheduler::make_instances(job, slots, scheduler::freeze_job, failures);
  if (failures.count > 0) return Error(Errc::invalid_argument, failures.first);
  for (const scheduler::NewInstance& row : rows) {
    PlannedInstance instance;
    instance.instance = row;
    instance.object = object_of(job, sources, row);
    page.instances.push_back(std::move(instance));
  }
  return page;
}

Result<std::vector<PlannedInstance>> preview_instances(const job::Job& job, const job::DataSources& sources,
                                                       Instant from, Instant to) {
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return calendar.error();
  // Counted first: that takes no time beside the names of their objects.
  if (calendar->next_slots(from - Duration(1), kPreviewMax + 1, to).size() > kPreviewMax)
    return too_many_slots(job.name);
  std::vector<PlannedInstance> planned;
  for (std::optional<Instant> next = from; next;) {
    auto page = preview_page(job, sources, *next, to);
    if (!page) return page.error();
    std::ranges::move(page->instances, std::back_inserter(planned));
    next = page->next;
  }
  return planned;
}

}  // namespace sluice::daemon
