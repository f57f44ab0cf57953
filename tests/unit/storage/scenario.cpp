#include "tests/unit/storage/scenario.hpp"

#include "storage/sqlite_operations.hpp"
#include "tests/support/state_store_conformance.hpp"
#include "tests/unit/storage/state_on_disk.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace sluice::test {
namespace {

using scheduler::Attempt;
using scheduler::AttemptResult;
using scheduler::State;
using storage::SqliteStateStore;

std::int64_t row_of(SqliteStateStore& store, int minute) {
  return store.instance(planned_at("orders", minute).id).value().row;
}

Step plan(std::vector<int> minutes) {
  return [minutes](SqliteStateStore& store) {
    std::vector<scheduler::NewInstance> instances;
    for (const int minute : minutes) instances.push_back(planned_at("orders", minute));
    store.add_instances(instances);
  };
}

Step begin(int minute, int mark) {
  return [=](SqliteStateStore& store) {
    store.begin_attempt(row_of(store, minute), positions_at(mark), at_minute(minute)).value();
  };
}

Attempt open_attempt(SqliteStateStore& store, int minute) {
  return store.attempts(row_of(store, minute)).back();
}

Step succeed(int minute, int mark) {
  return [=](SqliteStateStore& store) {
    scheduler::Outcome outcome = outcome_at(mark, 12);
    pipeline::Gap gap;
    gap.shard = "shard-2";
    gap.reason = "trimmed";
    outcome.gaps.push_back(gap);
    store.succeed(open_attempt(store, minute), outcome, at_minute(minute + 1));
  };
}

Step fail(int minute) {
  return [=](SqliteStateStore& store) {
    store.fail(open_attempt(store, minute), AttemptResult::failed, Error(Errc::throttled, "503"), {},
               at_minute(minute + 3), at_minute(minute + 1));
  };
}

Step rerun(int minute) {
  return [=](SqliteStateStore& store) {
    scheduler::AuditEntry entry;
    entry.action = "rerun";
    store.operate(row_of(store, minute), {State::success}, State::wait_resource, "by hand", entry).value();
  };
}

scheduler::AuditEntry entry_of(const std::string& action) {
  scheduler::AuditEntry entry;
  entry.action = action;
  return entry;
}

Step freeze_two() {
  return [](SqliteStateStore& store) {
    std::vector<scheduler::Change> changes;
    for (const int minute : {15, 20}) {
      scheduler::Change& change = changes.emplace_back();
      change.instance_row = row_of(store, minute);
      change.from = {State::wait_time};
      change.to = State::frozen;
      change.priority = 5;
      change.entry = entry_of("freeze");
    }
    storage::SqliteOperations(store.database()).operate_all(changes).value();
  };
}

Step skip(int from, int to) {
  return [=](SqliteStateStore& store) {
    const scheduler::WaitingRange range{"orders", at_minute(from), at_minute(to)};
    storage::SqliteOperations(store.database()).skip(range, "too old", entry_of("skip"));
  };
}

Step finish_dry_run(int minute) {
  return [=](SqliteStateStore& store) {
    storage::SqliteOperations(store.database()).finish_dry_run(row_of(store, minute), at_minute(minute));
  };
}

Step plan_dry_run(int minute) {
  return [=](SqliteStateStore& store) {
    scheduler::NewInstance dry = planned_at("orders", minute);
    dry.dry_run = true;
    store.add_instances({dry});
  };
}

Step pause() {
  return [](SqliteStateStore& store) {
    scheduler::Pause pause;
    pause.job = "orders";
    storage::SqliteOperations(store.database()).pause(pause, entry_of("pause"));
  };
}

Step resume(int from, int to) {
  return [=](SqliteStateStore& store) {
    const scheduler::WaitingRange range{"orders", at_minute(from), at_minute(to)};
    storage::SqliteOperations(store.database()).resume("orders", range, "missed", entry_of("resume"));
  };
}

std::string text_of(const std::optional<pipeline::Positions>& positions) {
  return positions ? boost::json::serialize(pipeline::to_json(*positions)) : "none";
}

}  // namespace

std::vector<Step> scenario() {
  std::vector<int> slots;
  // Enough for a statement of several rows, and for some that have one each.
  for (int minute = 0; minute <= 200; minute += 5) slots.push_back(minute);
  const Step lose = [](SqliteStateStore& store) { store.close_lost(at_minute(20)); };
  const Step wait = [](SqliteStateStore& store) {
    store.change_state(row_of(store, 10), {State::wait_time}, State::not_run, "waits for 00:05").value();
  };
  const Step shorten = [](SqliteStateStore& store) { store.remove_unstarted("orders", at_minute(60)); };
  return {plan(slots),
          begin(0, 1),
          fail(0),
          begin(0, 2),
          succeed(0, 3),
          wait,
          begin(5, 3),
          lose,
          begin(5, 3),
          succeed(5, 4),
          rerun(0),
          begin(0, 9),
          succeed(0, 3),
          plan({120, 125}),
          shorten,
          freeze_two(),
          skip(25, 35),
          plan_dry_run(65),
          finish_dry_run(65),
          pause(),
          resume(35, 50)};
}

std::string dump(SqliteStateStore& store) {
  std::string text;
  scheduler::InstanceQuery query;
  query.limit = 1000;
  for (const scheduler::Instance& instance : store.instances(query)) {
    text += fmt::format("{} {} {} {} {} {} objects {}\n", instance.id.scheduled.time_since_epoch().count(),
                        to_string(instance.state), instance.reason, instance.attempts, instance.failures,
                        instance.rows, instance.objects.size());
    text += text_of(store.start_positions(instance.row)) + text_of(store.end_positions(instance.row)) + "\n";
    for (const Attempt& attempt : store.attempts(instance.row)) {
      text += fmt::format("  {} {} {} {}\n", attempt.number, to_string(attempt.result), attempt.error_code,
                          attempt.statistics);
    }
  }
  const scheduler::Coverage coverage = store.coverage("orders");
  text += fmt::format("covered {} windows {} rows {} gaps {} audit {}\n", coverage.until.has_value(),
                      coverage.windows, coverage.rows, coverage.gaps.size(), store.audit(100).size());
  text += fmt::format("paused {}\n", storage::SqliteOperations(store.database()).pauses().size());
  return text;
}

std::vector<std::string> scenario_dumps() {
  MemoryDisk disk;
  const auto store = open_on(disk);
  std::vector<std::string> dumps = {dump(*store)};
  for (const Step& step : scenario()) {
    step(*store);
    dumps.push_back(dump(*store));
  }
  return dumps;
}

}  // namespace sluice::test
