#pragma once
// The suite of state_store_conformance.hpp: its behaviours and what they share.

#include "scheduler/state_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/state_store_samples.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

template <class Fixture>
class StateStoreSuite {
 public:
  using State = scheduler::State;
  using AttemptResult = scheduler::AttemptResult;

  void planning();
  void looking();
  void dependencies();
  void state_changes();
  void attempts();
  void failing();
  void crashes();
  void positions();
  void repeats();
  void coverage();
  void many_at_once();
  void changing_in_place();
  void lost_for_good();
  void committed_later();
  void skipping();
  void dry_runs();
  void pausing();

 private:
  template <class T>
  T run(awaitable<T> task) {
    return run_loop(fixture_.loop(), std::move(task));
  }
  scheduler::StateStore& store() { return fixture_.store(); }

  std::size_t plan(const std::string& job, std::vector<int> minutes) {
    std::vector<scheduler::NewInstance> instances;
    for (const int minute : minutes) instances.push_back(planned_at(job, minute));
    return run(store().add_instances(std::move(instances)));
  }
  scheduler::InstanceId id(const std::string& job, int minute) { return planned_at(job, minute).id; }
  scheduler::Instance get(const std::string& job, int minute) {
    auto found = run(store().instance(id(job, minute)));
    REQUIRE(found);
    return *found;
  }
  scheduler::Attempt begin(const std::string& job, int minute, int mark) {
    auto attempt = run(store().begin_attempt(get(job, minute).row, positions_at(mark), at_minute(minute)));
    REQUIRE(attempt);
    return *attempt;
  }
  void succeed(const std::string& job, int minute, int mark, std::uint64_t rows = 3) {
    const auto attempt = begin(job, minute, mark - 1);
    run(store().succeed(attempt, outcome_at(mark, rows), at_minute(minute + 1)));
  }
  std::optional<pipeline::Positions> committed_end(const std::string& job, Instant before) {
    auto end = run(store().committed_before(job, before));
    if (!end) return std::nullopt;
    return std::move(end->positions);
  }
  void fail(const scheduler::Attempt& attempt, AttemptResult result, std::optional<Instant> retry_at,
            Instant now) {
    pipeline::Statistics statistics;
    statistics.requests = 4;
    run(store().fail(attempt, result, Error(Errc::throttled, "get records: 503"), statistics, retry_at, now));
  }
  scheduler::AuditEntry entry(const std::string& action) {
    scheduler::AuditEntry audit;
    audit.at = at_minute(9);
    audit.actor = "uid 1000 (unix socket)";
    audit.action = action;
    audit.target = "orders@2018-10-16T00:00+08:00";
    audit.detail = "because";
    return audit;
  }
  Result<void> operate(const std::string& job, int minute, std::vector<State> from, State to) {
    return run(store().operate(get(job, minute).row, std::move(from), to, "by hand", entry("rerun")));
  }
  scheduler::Change change(int minute, std::vector<State> from, State to);
  std::map<std::string, Instant> heads(int minute) {
    std::map<std::string, Instant> slots;
    const auto heads_now = run(store().heads(at_minute(minute)));
    for (const auto& head : heads_now) slots[head.id.job] = head.id.scheduled;
    REQUIRE(slots.size() == heads_now.size());
    return slots;
  }

  Fixture fixture_;
};

}  // namespace sluice::test
