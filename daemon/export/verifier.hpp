#pragma once
// Compares the objects of windows that succeeded with the ledger (sluice verify).

#include "daemon/export/export_runner.hpp"
#include "daemon/export/verified.hpp"
#include "scheduler/state_store.hpp"

#include <chrono>

namespace sluice::daemon {

class Verifier {
 public:
  // Everything outlives the verifier.
  Verifier(scheduler::StateStore& store, Clock& clock, ExportRunner& runner)
      : store_(store), clock_(clock), runner_(runner) {}

  // A page takes about kPageTime at most: it ends with the window during which that has passed. Errors: those
  // of the job's script and of the store; they name the instance.
  awaitable<Result<VerifiedPage>> verify(job::Job job, VerifyQuery query);

  static constexpr std::chrono::seconds kPageTime{10};

 private:
  awaitable<Result<VerifiedWindow>> verify_one(const job::Job& job, scheduler::Instance instance);

  scheduler::StateStore& store_;
  Clock& clock_;
  ExportRunner& runner_;
};

}  // namespace sluice::daemon
