#pragma once
// What goes wrong in a simulation, as `--fault` writes it (docs/simulation.md), and what an attempt does
// under it. Pure.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::daemon {

// From `from` (inclusive) to `to` (exclusive), by the wall clock.
struct TimeSpan {
  Instant from{};
  Instant to{};
  bool holds(Instant at) const noexcept { return at >= from && at < to; }
};

// Windows of one job, by their slots.
struct SlotFault {
  std::string job;
  TimeSpan slots;
  std::string text;   // as it was written
  Duration takes{0};  // slow only
};

struct ClockStep {
  Instant at{};
  Duration by{0};  // either sign
};

struct Faults {
  double fail_percent = 0;             // 0 .. 100: each attempt fails with this probability
  std::vector<SlotFault> failing;      // until an operator takes the cause away
  std::vector<SlotFault> slow;         // likewise; the first that fits counts
  std::vector<TimeSpan> outages;       // of the daemon
  std::vector<TimeSpan> source_gone;   // the Table Store cannot be reached
  std::vector<ClockStep> clock_steps;  // of the machine's wall clock
  std::vector<Instant> reruns;         // an operator takes causes away and runs all failures again
};

// What faults may name. The jobs outlive it.
struct FaultScope {
  std::span<const job::Job> jobs;
  TimeSpan time;     // what is simulated
  std::string zone;  // of times without an offset; empty: they need one
};

// The zone that all jobs have; empty when they have several.
std::string common_zone(std::span<const job::Job> jobs);

// A time of the command line in `zone`; without a zone it needs an offset. invalid_argument.
Result<Instant> simulation_time(std::string_view text, const std::string& zone);

// One entry for each --fault. invalid_argument names the fault, the piece and what was expected.
Result<Faults> parse_faults(std::span<const std::string> texts, const FaultScope& scope);

// What one attempt does: how long it takes, and the error it ends with.
struct ScriptedAct {
  Duration takes{0};
  std::optional<Error> error;
};

struct ScriptedAttempt {
  std::string job;
  Instant slot{};
  int number = 1;
  Instant begin{};                // by the wall clock
  std::optional<Instant> mended;  // the last time at which an operator took causes away
};

// Decided by the seed and the attempt alone, so that a fault of one job leaves the others as they are. An
// attempt takes half to one and a half of `run_time`.
ScriptedAct scripted_act(const Faults& faults, const ScriptedAttempt& attempt, std::uint64_t seed,
                         Duration run_time);

}  // namespace sluice::daemon
