#pragma once
// The data plane of a simulation: attempts that take time and succeed or fail as the faults say.

#include "core/base/clock.hpp"
#include "daemon/simulate/simulate_faults.hpp"
#include "scheduler/runner.hpp"

#include <memory>
#include <optional>

namespace sluice::daemon {

class SimulatedRunner final : public scheduler::Runner {
 public:
  // Both references outlive the runner.
  SimulatedRunner(Clock& clock, const Faults& faults, std::uint64_t seed, Duration run_time)
      : clock_(clock), faults_(faults), seed_(seed), run_time_(run_time) {}

  // An operator has taken away what made windows up to now fail.
  void mend() { mended_ = clock_.now(); }

  Result<std::unique_ptr<scheduler::Run>> prepare(const job::Job& job, const scheduler::Instance& instance,
                                                  int attempt) override;

 private:
  Clock& clock_;
  const Faults& faults_;
  std::uint64_t seed_;
  Duration run_time_;
  std::optional<Instant> mended_;
};

}  // namespace sluice::daemon
