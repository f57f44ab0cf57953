#pragma once
// A scheduler with a week of recurring instances behind it, and what a test asks of its backfills.

#include "tests/support/catch_result.hpp"
#include "tests/support/memory_backfills.hpp"
#include "tests/support/scheduler_bench.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

namespace sluice::test {

class BackfillBench : public SchedulerBench {
 public:
  explicit BackfillBench(const std::string& start = "2018-10-16T00:01+08:00") : SchedulerBench(start) {}

  static scheduler::BackfillOrder order(const std::string& from, const std::string& to, int parallel = 1) {
    scheduler::BackfillOrder wanted;
    wanted.job = "orders";
    wanted.from = local_time(from + "+08:00");
    wanted.to = local_time(to + "+08:00");
    wanted.parallel = parallel;
    return wanted;
  }

  scheduler::Backfill create(const scheduler::BackfillOrder& wanted) {
    return ask(scheduler->create_backfill(wanted, "uid 1")).value();
  }
  std::string refusal(const scheduler::BackfillOrder& wanted) {
    const auto created = ask(scheduler->create_backfill(wanted, "uid 1"));
    REQUIRE_FALSE(created);
    return created.error().message();
  }
  scheduler::BackfillState state_of(std::int64_t id) { return ask(backfills.backfill(id))->state; }

  // Of all groups, by slot within a group.
  std::vector<scheduler::Instance> instances_of(const scheduler::Backfill& backfill,
                                                std::vector<scheduler::State> states = {}) {
    std::vector<scheduler::Instance> found;
    for (const scheduler::BackfillGroup& group : backfill.groups) {
      const auto chain = all(scheduler::chain_of(backfill.order.job, group.id), states);
      found.insert(found.end(), chain.begin(), chain.end());
    }
    return found;
  }
  std::size_t count(const scheduler::Backfill& backfill, scheduler::State state) {
    return instances_of(backfill, {state}).size();
  }

  // "#1@15T00:00 orders@16T00:05": what executed since `from`, groups by their number.
  std::string ran(std::size_t from = 0) const {
    std::string text;
    for (std::size_t i = from; i < runner.starts.size(); ++i) {
      const scheduler::InstanceId& id = runner.starts[i].id;
      if (!text.empty()) text += ' ';
      text += id.group == 0 ? id.job : "#" + std::to_string(id.group);
      text += "@" + job::format_local(id.scheduled, "Asia/Shanghai").substr(8, 8);
    }
    return text;
  }

  static scheduler::InstanceId group_id(std::int64_t group, const std::string& slot) {
    scheduler::InstanceId wanted = id("orders", slot + "+08:00");
    wanted.group = group;
    return wanted;
  }
  scheduler::Instance of_group(std::int64_t group, const std::string& slot) {
    const auto found = ask(store.instance(group_id(group, slot)));
    REQUIRE(found);
    return *found;
  }
  std::string why_of_group(std::int64_t group, const std::string& slot) { return why(group_id(group, slot)); }
};

// A job whose instances do not wait for each other.
inline job::Job independent(const std::string& name, std::chrono::minutes interval) {
  job::Job job = job_named(name, interval);
  job.dependencies.self = false;
  return job;
}

// An attempt that takes so long and succeeds.
inline ScriptedRunner::Act takes(Duration time) {
  ScriptedRunner::Act act;
  act.takes = time;
  return act;
}

// One that fails and is not repeated by itself.
inline ScriptedRunner::Act failing() {
  ScriptedRunner::Act act;
  act.error = Error(Errc::trimmed, "get records: trimmed");
  return act;
}

}  // namespace sluice::test
