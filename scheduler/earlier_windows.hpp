#pragma once
// What the windows of a job that are exported already mean for one that is about to be.

#include "scheduler/state_store.hpp"

#include <optional>
#include <string>

namespace sluice::scheduler {

class EarlierWindows {
 public:
  // `store` outlives this.
  explicit EarlierWindows(StateStore& store) : store_(store) {}

  // Why a recurring window of a stream needs no attempt: another one brought its records. Empty: it needs
  // one. `before` is the end that it goes on from.
  awaitable<std::string> overtaken(Instance instance, std::optional<CommittedEnd> before);

 private:
  StateStore& store_;
};

}  // namespace sluice::scheduler
