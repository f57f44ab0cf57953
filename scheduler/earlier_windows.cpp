#include "scheduler/earlier_windows.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {

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

}  // namespace sluice::scheduler
