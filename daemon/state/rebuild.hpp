#pragma once
// `sluice state rebuild` of one job: from what was found outside to what is put into the state file.

#include "daemon/state/rebuild_survey.hpp"
#include "scheduler/audit_log.hpp"
#include "scheduler/state_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

struct JobPlan {
  enum class By {
    manifests,   // windows are proven by manifests
    objects,     // the names of objects tell up to which window the job came
    state_file,  // nothing was found behind the newest window that the state file has
    nothing,     // nothing is known
  };
  By by = By::nothing;
  scheduler::Proof proof;                       // to be put down
  std::optional<scheduler::NewInstance> first;  // to be planned: the first window that runs
  std::optional<Instant> goes_on;               // where the next window begins; nothing: not known
  std::vector<WindowDifference> differences;    // of proof.windows
  bool of_table = false;  // there is no stream: windows have nothing to do with each other
  std::vector<scheduler::NewInstance>
      unproven;                        // of a table: slots between proven windows that have no manifest
  std::optional<std::string> warning;  // what a person has to do or to know
};

// "manifests", "objects", "state_file", "nothing"
std::string_view to_string(JobPlan::By by) noexcept;

// Decides; `committed` is the newest end that the state file has. Pure. Errors: those of a stream that cannot
// be read.
Result<JobPlan> plan_rebuild(const job::Job& job, JobSurvey survey,
                             const std::optional<scheduler::CommittedEnd>& committed, Instant now);

struct RebuildWish {
  std::optional<Instant> from{};  // the first slot to look at
  bool rerun = false;             // windows whose objects are not as they were run again
};

// Looks and decides for one job; `store` has what is known of it. Errors as survey_job() and
// compare_proven().
awaitable<Result<JobPlan>> look_and_plan(SurveyPorts ports, scheduler::StateStore& store, const job::Job& job,
                                         RebuildWish wish);

// Puts the plan down. Errors as commit_proven().
awaitable<Result<void>> put_down(scheduler::StateStore& store, scheduler::AuditLog& audit,
                                 const job::Job& job, JobPlan plan, std::string actor, Instant now);

}  // namespace sluice::daemon
