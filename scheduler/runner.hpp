#pragma once
// The port to the data plane: plan and run one attempt. Implemented by daemon/ on core/; tests script it.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "scheduler/instance.hpp"

#include <memory>
#include <optional>

namespace sluice::scheduler {

// One attempt in the making. Its destructor frees what it holds (connections, log file).
class Run {
 public:
  virtual ~Run() = default;

  // Starting positions for the window: to be stored before execute().
  virtual awaitable<Result<pipeline::Positions>> plan(std::optional<pipeline::Positions> previous) = 0;

  // Reads, writes, commits the objects. `until` repeats a committed window exactly. On error nothing of the
  // attempt is left in the target, as far as it could be reached. Cancellation takes it back too, then
  // unwinds.
  virtual awaitable<Result<Outcome>> execute(pipeline::Positions start,
                                             std::optional<pipeline::Positions> until) = 0;

  // True for a name that an object of this window may have, and that those of other windows should not.
  virtual bool writes(std::string_view object) const = 0;

  // Counters so far.
  virtual const pipeline::Statistics& statistics() const = 0;

  // One line into the attempt's log.
  virtual void note(std::string_view text) noexcept = 0;
};

class Runner {
 public:
  virtual ~Runner() = default;

  // Resolves the job's script and secrets for the instance. `attempt` is the number the attempt will have.
  virtual Result<std::unique_ptr<Run>> prepare(const job::Job& job, const Instance& instance,
                                               int attempt) = 0;
};

}  // namespace sluice::scheduler
