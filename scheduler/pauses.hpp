#pragma once
// The paused jobs, in memory as the store has them.

#include "core/base/clock.hpp"
#include "core/job/job.hpp"
#include "scheduler/state_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::scheduler {

// Which of the windows that fell due during a pause run when it ends.
using RunChoice = job::CatchUp::Policy;
std::string_view to_string(RunChoice choice) noexcept;
std::optional<RunChoice> run_choice_from(std::string_view text) noexcept;

// What a resume did.
struct Resumed {
  std::size_t due = 0;      // windows that waited
  std::size_t skipped = 0;  // of them
  std::string text;         // the same for people
};

class Pauses {
 public:
  // Both outlive this.
  Pauses(const Clock& clock, StateStore& store) : clock_(clock), store_(store) {}

  // Reads them unless they are known. Throws what the store throws.
  awaitable<void> load();

  // The pause that keeps the instance back. Backfills go on.
  std::optional<Pause> of(const InstanceId& id) const;
  const std::map<std::string, Pause>& all() const noexcept { return pauses_; }

  // refused_by_state: it is paused already. Throws what the store throws.
  awaitable<Result<void>> pause(std::string job, std::string zone, std::string actor, std::string reason);

  // `known`: null when the job is not loaded. Without a choice: refused_by_state, with what each would do,
  // when more than one window waits. refused_by_state as well when the job is not paused.
  awaitable<Result<Resumed>> resume(std::string job, std::shared_ptr<const job::Job> known,
                                    std::optional<RunChoice> choice, std::string actor, std::string reason);

 private:
  const Clock& clock_;
  StateStore& store_;
  std::map<std::string, Pause> pauses_;  // by job
  bool loaded_ = false;                  // false after a failed write too: who knows whether it took effect
};

}  // namespace sluice::scheduler
