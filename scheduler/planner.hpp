#pragma once
// Creates instances ahead: every slot up to the end of each job's local tomorrow has its row, with its values
// frozen, before it is due.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/job/job.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/definitions.hpp"
#include "scheduler/observer.hpp"
#include "scheduler/state_store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::scheduler {

Jobs to_jobs(std::vector<job::Job> jobs);

struct Frozen {
  job::ParameterValues values;
  pipeline::Window window;
};

// The values and the window of the job's instance at `slot`.
using Freezer = std::function<Result<Frozen>(const job::Job& job, Instant slot)>;
// job::freeze() and job::window_of().
Result<Frozen> freeze_job(const job::Job& job, Instant slot);

// Rows for the slots that freeze; the first failure and their number go to `failures`. Pure.
struct FreezeFailures {
  std::size_t count = 0;
  std::string first;  // "orders@2018-10-16T00:15+08:00: ..."
};
std::vector<NewInstance> make_instances(const job::Job& job, const std::vector<Slot>& slots,
                                        const Freezer& freezer, FreezeFailures& failures);

// A definition that begins with a slot of the future: until then slots follow `before`. Without `before` and
// with a slot of the past: it is in force since then.
struct Handover {
  std::shared_ptr<const job::Job> before;  // null: there are no slots until then
  Instant from{};                          // first slot of the new definition
};
using Handovers = std::map<std::string, Handover>;  // by job

// A version of a present job's definition; null when it cannot be had.
using DefinitionFinder =
    std::function<awaitable<std::shared_ptr<const job::Job>>(std::string job, std::string version)>;

class Planner {
 public:
  static constexpr std::size_t kBatchRows = 10'000;  // in one transaction, and up to a week of one job more
  static constexpr std::size_t kRowsOfOneGo = 100'000;  // of one job, after a long downtime; the rest follows

  // All but the functions outlive this. Without `find`, or where it finds nothing, slots that an earlier
  // definition has missed get no rows, unless a handover brings it.
  Planner(const Clock& clock, StateStore& store, Random& random, Observer& observer, Counters& counters,
          Freezer freezer, DefinitionFinder find = {});

  // Replaces the jobs. Those that are new or changed are planned by the next plan_due(): from the slot of
  // their handover on, or from the first one after now.
  void set_jobs(const Jobs& jobs, const Handovers& handovers = {});

  // Plans every job whose time for it has come. A new job begins with its first slot after now, or tomorrow
  // by its generation; a known one goes on behind its newest row, so that slots missed while the daemon was
  // down get theirs, oldest first. Of a changed job the rows of the future that were never started are
  // replaced. The next rows are made while the store writes. Not reentrant. Throws what the store throws;
  // what was not stored is planned again by the next call.
  awaitable<void> plan_due();

  // True once the present definition of the job was planned.
  bool has_planned(const std::string& job) const;
  // True once every slot of the job up to now, and some more, has its row.
  bool is_planned(const std::string& job) const;

  // The first slot that follows the job's present definition, if that waited for it.
  Instant begins(const std::string& job) const;

  // When plan_due() has work again; Instant::max() without jobs.
  Instant next() const;

 private:
  struct Plan {
    std::shared_ptr<const job::Job> job;
    Calendar calendar;
    Instant replan_at{};                  // at once
    std::optional<Instant> planned_to{};  // no slot up to here is missing; nothing before the first planning
    std::optional<Instant> edited{};      // when the definition came in force; nothing: by the first planning
    // Until `from` slots follow the definition before; those of the past have none.
    Instant from{};
    std::shared_ptr<const job::Job> before{};
    std::optional<Calendar> calendar_before{};
  };
  using PlanPointer = std::shared_ptr<Plan>;
  struct Planned {  // what becomes of a plan once its rows are stored
    PlanPointer plan;
    Instant replan_at{};
    Instant to{};
  };

  struct Work {  // a plan whose rows are being made
    PlanPointer plan;
    Instant known{};  // the slots after it are to be planned
    Instant from{};   // those from here on are left
    std::size_t rows = 0;
    FreezeFailures failures{};
  };
  struct Batch {  // what is stored in one transaction, and the plans that are stored with it to their end
    std::vector<NewInstance> rows;
    std::vector<Planned> planned;
  };

  void make_rows(Work& work, Instant to, Batch& batch) const;
  awaitable<Result<void>> make_batch(std::deque<Work>& works, Instant now, Batch& batch);
  void finish(Work& work, Instant now, Instant horizon, Batch& batch);
  awaitable<Instant> plan_from(PlanPointer plan, Instant now);
  awaitable<Instant> plan_anew(PlanPointer plan, Instant first, Instant last, std::string version);
  awaitable<void> find_before(PlanPointer plan, std::string version, Instant begin);
  awaitable<Instant> last_begun(std::string job);
  std::vector<NewInstance> make_next(const Plan& plan, Instant now, Instant horizon,
                                     FreezeFailures& failures) const;
  awaitable<Result<void>> store(Batch batch);
  void report(const job::Job& job, const FreezeFailures& failures);

  const Clock& clock_;
  StateStore& store_;
  Random& random_;
  Observer& observer_;
  Counters& counters_;
  Freezer freezer_;
  DefinitionFinder find_;
  std::map<std::string, PlanPointer> plans_;
  std::set<std::string> reported_;  // job and version whose failures were logged
};

}  // namespace sluice::scheduler
