#pragma once
// From how a chain stands to the conditions that somebody has to be told of. Pure.

#include "core/job/job_alerts.hpp"
#include "scheduler/alert_store.hpp"
#include "scheduler/backfill.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// How a job is watched.
struct JobWatch {
  const job::Job* job = nullptr;
  job::AlertRules rules;
  std::vector<std::string> channels;
  Instant begins{};     // the first slot of its definition, where that waits for one
  bool paused = false;  // an operator holds it: what waits for him is no news
};

// Time left until records that were not exported yet may be trimmed, and how much the job wants at least.
struct RetentionLeft {
  Duration left{0};
  Duration warn_below{0};
};

// Keys: one a cause and chain, or backfill.
std::string alert_key(std::string_view cause, std::string_view chain);  // "failure orders"

// Adds what `facts` of a recurring chain show to `observed`. Of the troubles of one chain only the root is a
// condition of its own; what merely follows from it (windows waiting behind it, growing lag) is counted in
// its facts and, where told of already, left as it is.
void observe_chain(const ChainFacts& facts, const JobWatch& watch, Instant now, Observation& observed);

// A backfill that is not over, with the first of its instances in FAILURE or LOST that no operator killed.
void observe_backfill(const Backfill& backfill, const std::optional<Instance>& failure,
                      const std::vector<std::string>& channels, Observation& observed);
std::string backfill_key(std::int64_t id);  // of its failure: "backfill 7"

// One that has ended, told of once: done or cancelled, as its notices say.
void observe_backfill_end(const Backfill& backfill, const std::vector<std::string>& channels,
                          Observation& observed);

// retention: nothing for a job whose source is not known to trim.
void observe_retention(const JobWatch& watch, const std::optional<RetentionLeft>& left,
                       Observation& observed);

// Until which slot instances must be done by now: the newest local day whose time `clock` (0 .. 47:59 after
// its midnight) has come decides; slots before the returned instant count. Nothing when that is unknown
// (zone).
std::optional<Instant> unfinished_before(std::chrono::minutes clock, const std::string& zone, Instant now);

// unfinished_cycle: `open` is the first instance of that cycle before the time of unfinished_before().
void observe_cycle(const Instance& open, const JobWatch& watch, Observation& observed);

// How long a window of the job may be due before it counts as lagging; the rule's value, or by its cycle.
Duration lag_limit(const job::Job& job, Duration limit, Instant now);

// What is known of an instance, for the texts.
AlertFacts facts_of(const Instance& instance);

}  // namespace sluice::scheduler
