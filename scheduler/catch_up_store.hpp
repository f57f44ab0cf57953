#pragma once
// The port to what tells missed windows from waiting ones: until when somebody was there to start them.
// Failures are exceptions, as in StateStore; each method is one durable transaction.

#include "core/base/clock.hpp"
#include "scheduler/instance.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::scheduler {

// A job that was not loaded while the daemon ran, or not yet again.
struct Absence {
  std::string job;
  Instant since{};
  friend bool operator==(const Absence&, const Absence&) = default;
};

class CatchUpStore {
 public:
  virtual ~CatchUpStore() = default;

  // The last instant at which the daemon is known to have run; nothing before the first watch().
  virtual awaitable<std::optional<Instant>> watched_until() = 0;
  virtual awaitable<void> watch(Instant until) = 0;

  // By name. Adding keeps the instant of one that is known.
  virtual awaitable<std::vector<Absence>> absences() = 0;
  virtual awaitable<void> change_absences(std::vector<Absence> added, std::vector<std::string> ended) = 0;
  // Jobs (not groups of backfills) that ever had an instance, by name.
  virtual awaitable<std::vector<std::string>> planned_jobs() = 0;

  // Slots in [from, to) of a chain whose instances wait and were never attempted, ascending; no dry runs.
  virtual awaitable<std::vector<Instant>> never_started(std::string chain, Instant from, Instant to) = 0;
};

}  // namespace sluice::scheduler
