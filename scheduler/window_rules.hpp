#pragma once
// Which orders keep every record in the objects of exactly one window. Pure.

#include "core/base/error.hpp"
#include "scheduler/actions.hpp"
#include "scheduler/instance.hpp"

#include <optional>
#include <vector>

namespace sluice::scheduler {

// What is stored of an instance beside its row, as far as the rules for an order ask for it.
struct WindowRecord {
  bool follows_positions =
      true;                // its job's windows begin where the last one ended; also of a job not loaded
  bool committed = false;  // has positions of its own
  bool committed_before = false;  // some window of the chain before it has
  bool start_known = true;  // can be read from where it began; false: only its end was found by a rebuild
  std::vector<Attempt> attempts;
  std::optional<InstanceId> later;  // the next committed window behind it
  bool busy = false;                // a window of the chain is being exported
};

// Whether another window brought the records of this one, or is about to.
bool comes_with_another(const Instance& instance, const WindowRecord& record);

// Whether a rerun or a skip by hand leaves no record out and brings none twice. refused_by_state.
Result<void> check_window(const Order& order, const Instance& instance, const WindowRecord& record);

// What a window that is set to success or skipped by hand means for its records, to end the reason with.
std::string_view after_success_by_hand(const WindowRecord& record);

}  // namespace sluice::scheduler
