#pragma once
// Short forms for tests of what operators do to a SchedulerBench.

#include "tests/support/catch_result.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <optional>
#include <string>
#include <utility>

namespace sluice::test {

inline ScriptedRunner::Act act_of(Duration takes, std::optional<Error> error = std::nullopt) {
  ScriptedRunner::Act act;
  act.takes = takes;
  act.error = std::move(error);
  return act;
}

// "00:05" of the day the benches begin on.
inline std::string slot(const std::string& time) { return "2018-10-16T" + time + "+08:00"; }

inline Result<void> act(SchedulerBench& bench, const std::string& job, const std::string& time,
                        scheduler::Order order) {
  order.actor = "uid 1000";
  return bench.ask(bench.scheduler->act(std::move(order), SchedulerBench::id(job, slot(time))));
}

inline Result<void> act(SchedulerBench& bench, const std::string& job, const std::string& time,
                        scheduler::Action action, const std::string& reason = "") {
  scheduler::Order order;
  order.action = action;
  order.reason = reason;
  return act(bench, job, time, std::move(order));
}

inline scheduler::State state_of(SchedulerBench& bench, const std::string& job, const std::string& time) {
  return bench.get(job, slot(time)).state;
}

// As the API shows it.
inline scheduler::Instance shown(SchedulerBench& bench, const std::string& job, const std::string& time) {
  std::vector<scheduler::Instance> one = {bench.get(job, slot(time))};
  return bench.ask(bench.scheduler->shown(std::move(one))).at(0);
}

inline scheduler::State shown_in(SchedulerBench& bench, const std::string& job, const std::string& time) {
  return shown(bench, job, time).state;
}

inline std::string why(SchedulerBench& bench, const std::string& job, const std::string& time) {
  return scheduler::sentence(bench.ask(bench.scheduler->why(SchedulerBench::id(job, slot(time)))).value());
}

// "freeze orders@2018-10-16T00:05+08:00 was WAIT_TIME", newest first.
inline std::string audit_line(SchedulerBench& bench, std::size_t at = 0) {
  const auto audit = bench.ask(bench.store.audit(at + 1));
  if (audit.size() <= at) return "";
  return audit[at].action + " " + audit[at].target + " by " + audit[at].actor + " " + audit[at].detail;
}

}  // namespace sluice::test
