#include "scheduler/backfill.hpp"

#include "core/job/civil_time.hpp"
#include "scheduler/clock_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::scheduler {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::array kBackfillStates = {
    std::pair(BackfillState::running, std::string_view("running")),
    std::pair(BackfillState::paused, std::string_view("paused")),
    std::pair(BackfillState::cancelled, std::string_view("cancelled")),
    std::pair(BackfillState::done, std::string_view("done")),
    std::pair(BackfillState::failed, std::string_view("failed")),
};

bool may_begin(const Instance& instance, const BackfillOrder& order, Instant now) {
  switch (instance.state) {
    case State::not_run:
    case State::wait_time:
    case State::wait_resource:
      return order.run_now || instance.id.scheduled <= now;
    case State::retry_wait: {
      // As in decide(): what lies further away was put down by a clock that has been set back.
      const Duration to_retry = instance.retry_at.value_or(now) - now;
      return to_retry <= Duration(0) || to_retry > kWallJumpMax;
    }
    default:
      return false;
  }
}

}  // namespace

std::string_view to_string(BackfillState state) noexcept {
  for (const auto& [value, name] : kBackfillStates) {
    if (value == state) return name;
  }
  return "unknown";
}

std::optional<BackfillState> backfill_state_from_string(std::string_view text) noexcept {
  for (const auto& [value, name] : kBackfillStates) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string backfill_name(std::int64_t id) { return fmt::format("backfill {}", id); }

sys_days business_date(Instant slot, std::string_view zone) {
  return std::chrono::floor<days>(job::to_civil(slot, zone).value()) - days(1);
}

std::vector<BackfillGroup> split_dates(const std::vector<Slot>& slots, int parallel, std::string_view zone) {
  std::vector<BackfillGroup> dates;  // one each
  for (const Slot& slot : slots) {
    const sys_days date = business_date(slot.at, zone);
    if (dates.empty() || dates.back().first_date != date) {
      dates.push_back(BackfillGroup{0, slot.at, slot.at, date, date});
    }
    dates.back().to = slot.at + Duration(1);
  }
  std::vector<BackfillGroup> groups;
  const std::size_t count = std::min(dates.size(), static_cast<std::size_t>(std::max(parallel, 1)));
  for (std::size_t n = 0; n < count; ++n) {
    const BackfillGroup& first = dates[n * dates.size() / count];
    const BackfillGroup& last = dates[(n + 1) * dates.size() / count - 1];
    groups.push_back(BackfillGroup{0, first.from, last.to, first.first_date, last.last_date});
  }
  return groups;
}

int group_at(const std::vector<BackfillGroup>& groups, Instant slot) noexcept {
  for (std::size_t n = 0; n < groups.size(); ++n) {
    if (groups[n].from <= slot && slot < groups[n].to) return static_cast<int>(n);
  }
  return -1;
}

std::string left_out_reason(const NewInstance& instance, std::optional<State> recurring,
                            const Coverage& coverage) {
  if (recurring == State::success) return "it succeeded";
  if (recurring && has_still_to_run(*recurring)) return "its recurring instance has still to run";
  const bool covered = coverage.begun && coverage.until && *coverage.begun <= instance.window_start &&
                       instance.window_end <= *coverage.until;
  const bool in_gap = std::ranges::any_of(coverage.gaps, [&](const pipeline::Gap& gap) {
    return gap.from < instance.window_end && instance.window_start < gap.to;
  });
  if (covered && !in_gap) return "its records came with a later window";
  return "";
}

std::vector<Instance> startable(const std::vector<Instance>& open, const BackfillOrder& order, bool self,
                                Instant now) {
  std::vector<Instance> found;
  const auto stops = [](const Instance& instance) { return waits_for_person(instance.state); };
  if (open.empty() || std::ranges::any_of(open, stops)) return found;
  const sys_days date = business_date(open.front().id.scheduled, open.front().zone);
  for (const Instance& instance : open) {
    if (business_date(instance.id.scheduled, instance.zone) != date) break;
    if (may_begin(instance, order, now)) found.push_back(instance);
    if (self) break;
  }
  return found;
}

bool waits_for_person(State state) noexcept {
  return state == State::failure || state == State::lost || state == State::frozen;
}

bool has_still_to_run(State recurring) noexcept {
  return !is_done(recurring) && !waits_for_person(recurring);
}

}  // namespace sluice::scheduler
