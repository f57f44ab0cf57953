#pragma once
// The faulty twins of the backfill and catch-up stores; the script is that of a faulty state store, which
// counts their calls too.

#include "scheduler/backfill_store.hpp"
#include "scheduler/catch_up_store.hpp"
#include "tests/support/faulty_state_store.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

// `call` has not begun yet: awaitables are lazy.
template <class T>
awaitable<T> pass_through(FaultyStateStore& faults, awaitable<T> call, bool writes) {
  const Fault fault = faults.next(writes);
  if (fault == Fault::before) throw ErrorException(faults.error);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(call);
    if (fault == Fault::after) throw ErrorException(faults.error);
  } else {
    T result = co_await std::move(call);
    if (fault == Fault::after) throw ErrorException(faults.error);
    co_return result;
  }
}

class FaultyBackfills final : public scheduler::BackfillStore {
 public:
  // Both outlive this.
  FaultyBackfills(scheduler::BackfillStore& inner, FaultyStateStore& faults)
      : inner_(inner), faults_(faults) {}

  awaitable<scheduler::Backfill> add_backfill(scheduler::Backfill backfill,
                                              scheduler::AuditEntry entry) override {
    return pass_through(faults_, inner_.add_backfill(std::move(backfill), std::move(entry)), true);
  }
  awaitable<void> backfill_planned(std::int64_t id, std::size_t left_out) override {
    return pass_through(faults_, inner_.backfill_planned(id, left_out), true);
  }
  awaitable<Result<void>> change_backfill(std::int64_t id, std::vector<scheduler::BackfillState> from,
                                          scheduler::BackfillState to, scheduler::AuditEntry entry) override {
    return pass_through(faults_, inner_.change_backfill(id, std::move(from), to, std::move(entry)), true);
  }
  awaitable<std::size_t> skip_waiting(std::int64_t id, std::string reason) override {
    return pass_through(faults_, inner_.skip_waiting(id, std::move(reason)), true);
  }
  awaitable<void> close_backfill(std::int64_t id) override {
    return pass_through(faults_, inner_.close_backfill(id), true);
  }
  awaitable<void> reopen_backfill(std::int64_t group) override {
    return pass_through(faults_, inner_.reopen_backfill(group), true);
  }
  awaitable<std::vector<scheduler::Backfill>> unfinished_backfills() override {
    return pass_through(faults_, inner_.unfinished_backfills(), false);
  }
  awaitable<std::vector<scheduler::Backfill>> backfills(scheduler::BackfillQuery query) override {
    return pass_through(faults_, inner_.backfills(std::move(query)), false);
  }
  awaitable<std::optional<scheduler::Backfill>> backfill(std::int64_t id) override {
    return pass_through(faults_, inner_.backfill(id), false);
  }
  awaitable<std::optional<scheduler::Backfill>> backfill_of_group(std::int64_t group) override {
    return pass_through(faults_, inner_.backfill_of_group(group), false);
  }
  awaitable<std::vector<scheduler::Instance>> open_instances(std::string chain, bool descending,
                                                             std::size_t limit) override {
    return pass_through(faults_, inner_.open_instances(std::move(chain), descending, limit), false);
  }
  awaitable<std::vector<std::pair<Instant, scheduler::State>>> states(std::string chain, Instant from,
                                                                      Instant to) override {
    return pass_through(faults_, inner_.states(std::move(chain), from, to), false);
  }
  awaitable<std::vector<scheduler::Coverage>> backfilled(std::string job) override {
    return pass_through(faults_, inner_.backfilled(std::move(job)), false);
  }

 private:
  scheduler::BackfillStore& inner_;
  FaultyStateStore& faults_;
};

class FaultyCatchUp final : public scheduler::CatchUpStore {
 public:
  // Both outlive this.
  FaultyCatchUp(scheduler::CatchUpStore& inner, FaultyStateStore& faults) : inner_(inner), faults_(faults) {}

  awaitable<std::optional<Instant>> watched_until() override {
    return pass_through(faults_, inner_.watched_until(), false);
  }
  awaitable<void> watch(Instant until) override { return pass_through(faults_, inner_.watch(until), true); }
  awaitable<std::vector<scheduler::Absence>> absences() override {
    return pass_through(faults_, inner_.absences(), false);
  }
  awaitable<void> change_absences(std::vector<scheduler::Absence> added,
                                  std::vector<std::string> ended) override {
    return pass_through(faults_, inner_.change_absences(std::move(added), std::move(ended)), true);
  }
  awaitable<std::vector<std::string>> planned_jobs() override {
    return pass_through(faults_, inner_.planned_jobs(), false);
  }
  awaitable<std::vector<Instant>> never_started(std::string chain, Instant from, Instant to) override {
    return pass_through(faults_, inner_.never_started(std::move(chain), from, to), false);
  }

 private:
  scheduler::CatchUpStore& inner_;
  FaultyStateStore& faults_;
};

}  // namespace sluice::test
