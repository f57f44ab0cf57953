#include "scheduler/window_rules.hpp"

#include "scheduler/left_behind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

Error refuse(const Order& order, const Instance& instance, std::string_view why) {
  return Error(Errc::refused_by_state,
               fmt::format("{} {}: {}", to_string(order.action), to_string(instance.id, instance.zone), why));
}

// Positions of old windows are forgotten. Such a window had its records itself, unlike one that never had any
// positions: no other one brings them.
bool has_forgotten(const Instance& instance, const WindowRecord& record) {
  return instance.state == State::success && !record.committed &&
         std::ranges::count(record.attempts, AttemptResult::success, &Attempt::result) > 0;
}

Result<void> check_rerun(const Order& order, const Instance& instance, const WindowRecord& record) {
  if (has_forgotten(instance, record)) {
    return refuse(order, instance,
                  "its positions are older than history.positions in sluice.yaml keeps them, so it would not "
                  "write the same rows again; its objects stay as they are");
  }
  if (!record.start_known) {
    return refuse(
        order, instance,
        fmt::format("where it began is not known since the state was rebuilt, so it would not write "
                    "the same rows again; its objects stay as they are{}",
                    is_done(instance.state) ? "" : ": set it to success"));
  }
  if (!comes_with_another(instance, record)) return {};
  if (!record.later) {
    return refuse(order, instance,
                  "it has no window of its own, and the window that brings its records is running; try again "
                  "if that one fails");
  }
  return refuse(order, instance,
                fmt::format("it has no window of its own, its records came with {}; rerun that one",
                            to_string(*record.later, instance.zone)));
}

// A skipped window's records come with the next one, unless it was committed itself; objects of its own would
// have them as well.
Result<void> check_skip(const Order& order, const Instance& instance, const WindowRecord& record) {
  if (!record.follows_positions) return {};
  if (record.committed) {
    return refuse(
        order, instance,
        "its window was committed before, no other one would bring its records; rerun it, or set it "
        "to success");
  }
  if (const int attempt = left_behind(record.attempts); attempt > 0) {
    return refuse(
        order, instance,
        fmt::format("attempt {} may have left objects in the target, and the next window would bring "
                    "their records again; rerun it, or remove them and set it to success",
                    attempt));
  }
  return {};
}

}  // namespace

// Positions chain from commit to commit: a window without its own went into the next committed one, and would
// be there twice.
bool comes_with_another(const Instance& instance, const WindowRecord& record) {
  return record.follows_positions && !record.committed && is_done(instance.state) &&
         !has_forgotten(instance, record) && (record.later || record.busy);
}

Result<void> check_window(const Order& order, const Instance& instance, const WindowRecord& record) {
  if (order.action == Action::rerun) return check_rerun(order, instance, record);
  if (order.action == Action::skip) return check_skip(order, instance, record);
  return {};
}

std::string_view after_success_by_hand(const WindowRecord& record) {
  if (!record.follows_positions)
    return record.committed ? "" : ": its window is not exported, and no later one brings its rows";
  if (record.committed || record.committed_before)
    return ": the next window begins where the last committed one ended, so nothing is skipped";
  return ": no window of the job was committed before, so the records before the next window's start are "
         "skipped";
}

}  // namespace sluice::scheduler
