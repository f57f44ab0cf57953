#pragma once
// What the windows of a job that are exported already mean for one that is about to be.

#include "scheduler/runner.hpp"
#include "scheduler/state_store.hpp"

#include <map>
#include <memory>
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

  // conflict: `run`, about to export a recurring window of `job`, would replace an object of another window.
  // Names tell local times, and after a change of zone the same ones come once more.
  awaitable<std::optional<Error>> name_taken(std::shared_ptr<const job::Job> job, Instance instance,
                                             const Run& run);

 private:
  // No instance of a job is planned for another zone with its slot in [from, to). A day of slots is looked at
  // once, then those since: attempts of a thousand jobs begin together.
  struct Looked {
    std::string zone;
    Instant from{};
    Instant to{};
  };

  StateStore& store_;
  std::map<std::string, Looked> looked_;  // by job
};

}  // namespace sluice::scheduler
