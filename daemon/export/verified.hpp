#pragma once
// What is asked of, and said by, a comparison of windows with the ledger.

#include "core/objects/window_check.hpp"
#include "scheduler/instance.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::daemon {

struct VerifiedWindow {
  scheduler::Instance instance;
  objects::WindowCheck check;
};

struct VerifiedPage {
  std::vector<VerifiedWindow> windows;        // newest first
  std::optional<scheduler::InstanceId> next;  // not all were looked at: go on behind this one
};

// Which windows: slots of the job in [from, to), behind `after`.
struct VerifyQuery {
  std::int64_t group = 0;  // of a backfill; 0: the recurring ones
  std::optional<Instant> from{};
  std::optional<Instant> to{};
  std::optional<scheduler::InstanceId> after{};
  std::size_t limit = 100;  // windows of one page, 1 .. 1000
};

}  // namespace sluice::daemon
