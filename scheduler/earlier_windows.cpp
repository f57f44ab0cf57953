#include "scheduler/earlier_windows.hpp"

#include "scheduler/decide.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

// The clocks of two zones differ by so much at most: +14:00 and -12:00.
constexpr Duration kZonesApart = std::chrono::hours(26);

}  // namespace

// With an attempt the records would be in the target twice, or an empty object would take the place of the
// one that has them. Either a later window was committed meanwhile, or the one before reached as far already,
// since an edit of the job has moved its windows back.
awaitable<std::string> EarlierWindows::overtaken(Instance instance, std::optional<CommittedEnd> before) {
  InstanceId bringer = instance.id;
  const auto later = co_await store_.committed_after(chain_of(instance.id), instance.id.scheduled);
  const bool reached =
      before && !before->positions.stream.empty() && before->window_end >= instance.window_end;
  if (!later && !reached) co_return std::string();
  bringer.scheduled = later ? *later : before->slot;
  const std::string name = to_string(bringer, instance.zone);
  co_return before
      ? fmt::format("its records came with {}", name)
      : fmt::format("its job begins with {}, which is later; a backfill brings what was before", name);
}

awaitable<std::optional<Error>> EarlierWindows::name_taken(std::shared_ptr<const job::Job> job,
                                                           Instance instance, const Run& run) {
  const Instant slot = instance.id.scheduled;
  Looked range{instance.zone, slot - kZonesApart, slot};
  Instant from = range.from;
  const auto known = looked_.find(instance.id.job);
  const bool goes_on = known != looked_.end() && known->second.zone == range.zone &&
                       known->second.from <= range.from && known->second.to >= range.from;
  if (goes_on) {
    from = known->second.to;
    range.from = known->second.from;
    range.to = std::max(slot, from);
  }
  if (from >= slot) co_return std::nullopt;
  const std::vector<Instance> others =
      co_await store_.of_other_zones(instance.id.job, instance.zone, from, slot);
  if (others.empty()) looked_.insert_or_assign(instance.id.job, std::move(range));
  for (const Instance& other : others) {
    const auto taken = std::ranges::find_if(
        other.objects, [&](const pipeline::ObjectInfo& object) { return run.writes(object.name); });
    if (taken == other.objects.end()) continue;
    const std::string_view skip =
        follows_positions(*job) ? "skip it, the next window brings its records, or " : "";
    co_return Error(Errc::conflict,
                    fmt::format("write {}: that is an object of {}, planned for {}; {}give the job another "
                                "`object` and rerun it with --latest",
                                taken->name, to_string(other.id, other.zone), other.zone, skip));
  }
  co_return std::nullopt;
}

}  // namespace sluice::scheduler
