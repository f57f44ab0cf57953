// What operators may do with windows whose positions the state file has forgotten: the scheduler over SQLite.
#include "storage/async_state_store.hpp"
#include "storage/sqlite_history.hpp"
#include "tests/support/scheduler_acts.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::scheduler;
using namespace std::chrono_literals;
using sluice::test::act;
using sluice::test::SchedulerBench;
using sluice::test::slot;
using sluice::test::state_of;

const std::string kForgotten =
    ": its positions are older than history.positions in sluice.yaml keeps them, so it would not write the "
    "same rows again; its objects stay as they are";

std::unique_ptr<storage::SqliteStateStore> open_at(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return std::make_unique<storage::SqliteStateStore>(options);
}

struct World {
  explicit World(const job::Job& job) { bench.jobs = {job}; }

  void forget_before(const std::string& time) {
    HistoryLimits limits;
    limits.positions_before = sluice::test::local_time(slot(time));
    limits.rows_before = limits.positions_before - 24h;
    bench.ask(storage::AsyncHistory(store).forget(limits, "", 1000));
  }
  Result<std::vector<Instance>> downstream(const std::string& time) {
    Order order;
    order.actor = "uid 1000";
    return bench.ask(bench.scheduler->rerun_downstream(order, SchedulerBench::id("orders", slot(time))));
  }

  sluice::test::TempFolder folder;
  storage::AsyncStateStore store{open_at(folder.file("state.db")), storage::Threading::caller};
  SchedulerBench bench{slot("00:01"), &store};
};

job::Job of_a_stream() { return sluice::test::job_named("orders"); }
job::Job of_a_table() { return sluice::test::reading_table("orders"); }

TEST_CASE("forgotten windows: a rerun is refused by state, and says that the positions are gone",
          "[storage]") {
  World world(GENERATE(of_a_stream(), of_a_table()));
  world.bench.start();
  world.bench.advance_to(slot("00:31"));
  world.forget_before("00:15");
  const auto refused = act(world.bench, "orders", "00:05", Action::rerun);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() == "rerun orders@2018-10-16T00:05+08:00" + kForgotten);
  CHECK(state_of(world.bench, "orders", "00:05") == State::success);
  CHECK(act(world.bench, "orders", "00:15", Action::rerun));
}

TEST_CASE("forgotten windows: rerun downstream of one is refused as a whole", "[storage]") {
  World world(GENERATE(of_a_stream(), of_a_table()));
  world.bench.start();
  world.bench.advance_to(slot("00:31"));
  world.forget_before("00:15");
  const auto refused = world.downstream("00:10");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message() == "rerun orders@2018-10-16T00:10+08:00" + kForgotten);
  CHECK(world.bench.all("orders", {State::wait_resource}).empty());
  CHECK(world.bench.ask(world.store.audit(10)).empty());
  CHECK(world.downstream("00:15"));
}

TEST_CASE("forgotten windows: a success by hand that the store refuses is no conflict", "[storage]") {
  World world(of_a_table());
  world.bench.runner.script = [](const Instance& instance, int) {
    return sluice::test::act_of(
        1s, instance.cycle == 3 ? std::optional(Error(Errc::trimmed, "gone")) : std::nullopt);
  };
  world.bench.start();
  world.bench.advance_to(slot("00:11"));
  REQUIRE(act(world.bench, "orders", "00:10", Action::set_success));
  world.bench.advance_to(slot("00:31"));
  world.forget_before("00:15");
  const auto refused = act(world.bench, "orders", "00:10", Action::rerun);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(refused.error().message().starts_with(
      "rerun orders@2018-10-16T00:10+08:00: run the window again: its "));
  const auto all = world.downstream("00:10");
  REQUIRE_FALSE(all);
  CHECK(all.error().code() == Errc::refused_by_state);
  CHECK(all.error().message().find("orders@2018-10-16T00:10+08:00: run the window again: its ") !=
        std::string::npos);
}

TEST_CASE("forgotten windows: a window that never was its own is still left out downstream", "[storage]") {
  World world(of_a_stream());
  world.bench.runner.script = [](const Instance& instance, int) {
    return sluice::test::act_of(
        1s, instance.cycle == 5 ? std::optional(Error(Errc::trimmed, "gone")) : std::nullopt);
  };
  world.bench.start();
  world.bench.advance_to(slot("00:21"));
  REQUIRE(act(world.bench, "orders", "00:20", Action::set_success));
  world.bench.advance_to(slot("00:31"));
  world.forget_before("00:15");
  const auto again = world.downstream("00:15");
  REQUIRE(again);
  CHECK(again->size() == 3);  // 00:15, 00:25 and 00:30
  CHECK(state_of(world.bench, "orders", "00:20") == State::success);
}

}  // namespace
