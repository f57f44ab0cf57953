#pragma once
// What must be true of a scheduler and its store, whatever happened to them. Each check is written from the
// documents, not from the code it judges.

#include "tests/sim/naive_upstreams.hpp"
#include "tests/sim/store_view.hpp"
#include "tests/sim/truth.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <string>

namespace sluice::test {

class Oracles {
 public:
  Oracles(SchedulerBench& bench, StoreView& view, Truth& truth) : bench_(bench), view_(view), truth_(truth) {}

  // An attempt begins to execute. What is wrong with that is thrown by the next check_now().
  void on_execute(const Instance& instance, int attempt);

  // Cheap; after every wake-up. All throw std::logic_error with what is broken.
  void check_now();
  // After every event: every row.
  void check_rows();
  // Now and then, while the store works and nothing is on its way: coverage, and a reason for every wait.
  void check_rest();
  // The rows of `era` are there: what waits behind its beginning is its own.
  void check_replaced(const Era& era);
  // At the end, when everything is done.
  void check_slots();
  void check_exactly_once();
  void check_backfills();
  void check_audit();

 private:
  [[noreturn]] static void broken(const std::string& what, const Instance& instance);
  void check_start(const Instance& instance, int attempt);
  void check_upstreams(const Instance& instance, const job::Job& job);
  void check_reason(const Instance& instance);
  void check_eras(const std::string& name, const std::vector<Era>& eras);
  bool is_catch_up(const AuditEntry& entry);
  void check_chain(const std::string& job);
  void check_objects(const std::string& job);
  const job::Job* present(const std::string& job) const;
  bool lately(const std::map<std::string, Duration>& times, const std::string& name) const;
  std::string name(const Instance& instance) const { return to_string(instance.id, "UTC"); }

  SchedulerBench& bench_;
  StoreView& view_;
  Truth& truth_;
  NaiveUpstreams upstreams_;
  std::string broken_;  // by an attempt that began
};

}  // namespace sluice::test
