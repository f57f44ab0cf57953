// A backfill survives whatever happens to the store and the process, at every step.
#include "tests/support/backfill_bench.hpp"
#include "tests/support/faulty_state_store.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::Backfill;
using scheduler::BackfillState;
using scheduler::State;
using sluice::test::BackfillBench;
using sluice::test::Fault;

namespace {

// All windows of the backfill are there once, each right behind the one before.
void check_exactly_once(BackfillBench& bench) {
  const auto all = bench.ask(bench.backfills.backfills({}));
  REQUIRE(all.size() == 1);
  CHECK(all[0].state == BackfillState::done);
  std::size_t windows = 0;
  for (const auto& group : all[0].groups) {
    std::optional<Instant> end;
    for (const auto& instance : bench.all(scheduler::chain_of("orders", group.id))) {
      CHECK(instance.state == State::success);
      const auto& done = bench.runner.objects.at(instance.id);
      if (end) CHECK(done.from == *end);
      end = done.to;
      ++windows;
      CHECK(bench.runner.contents.at(instance.id).size() == 1);
    }
  }
  CHECK(windows == 12);
  CHECK_FALSE(bench.runner.overlapped);
}

}  // namespace

TEST_CASE("backfill: a store that fails at any step costs time and nothing else") {
  for (const Fault kind : {Fault::before, Fault::after}) {
    std::size_t steps = 1;
    for (std::size_t step = 0; step < steps; ++step) {
      CAPTURE(step, static_cast<int>(kind));
      BackfillBench bench;
      bench.start();
      bench.faulty->script = nullptr;
      const std::size_t first = bench.faulty->calls();
      bool made = false;
      bench.faulty->script = [&, step](std::size_t call, bool) {
        return call == first + step ? kind : Fault::none;
      };
      // The operator asks again when he is told that it did not work, unless the list shows that it did.
      for (int tries = 0; !made && tries < 3; ++tries) {
        try {
          bench.create(bench.order("2018-10-10T23:30", "2018-10-11T00:30", 2));
          made = true;
        } catch (const ErrorException&) {
          made = !bench.ask(bench.backfills.backfills({})).empty();
        }
      }
      bench.advance(10min);
      steps = bench.faulty->calls() - first;
      check_exactly_once(bench);
    }
    CHECK(steps > 50);
  }
}

TEST_CASE(
    "backfill: one that is cancelled at any moment while its instances are made leaves none that waits") {
  for (const bool crashes : {false, true}) {
    for (Duration at = 0s; at < 26s; at += 1s) {
      CAPTURE(at / 1s, crashes);
      BackfillBench bench;
      bench.latency = [](bool writes) { return writes ? Duration(5s) : Duration(2s); };
      bench.start();
      bench.advance(2min);
      const Backfill backfill = bench.create(bench.order("2018-10-12T00:00", "2018-10-14T00:00"));
      bench.advance(at);
      REQUIRE(bench.ask(bench.scheduler->cancel_backfill(backfill.id, "uid 1", false)));
      if (crashes) {
        bench.crash();
        bench.start();
      }
      bench.advance(5min);
      for (const auto& instance : bench.instances_of(backfill)) CHECK(is_done(instance.state));
      CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
    }
  }
}

TEST_CASE("backfill: a crash at any step costs time and nothing else") {
  std::size_t steps = 1;
  for (std::size_t step = 0; step < steps; ++step) {
    CAPTURE(step);
    BackfillBench bench;
    bench.start();
    const std::size_t first = bench.faulty->calls();
    bool crashed = false;
    bench.faulty->script = [&, step](std::size_t call, bool) {
      crashed = crashed || call >= first + step;
      return crashed ? Fault::before : Fault::none;
    };
    try {
      bench.create(bench.order("2018-10-10T23:30", "2018-10-11T00:30", 2));
    } catch (const ErrorException&) {
      CHECK(crashed);
    }
    bench.advance(2min);
    steps = bench.faulty->calls() - first;
    bench.crash();
    bench.start();
    if (bench.ask(bench.backfills.backfills({})).empty())
      bench.create(bench.order("2018-10-10T23:30", "2018-10-11T00:30", 2));
    bench.advance(10min);
    check_exactly_once(bench);
    if (!crashed) break;
  }
  CHECK(steps > 50);
}

TEST_CASE("backfill: a cancellation that a crash interrupts is completed by the next start") {
  for (std::size_t step = 0; step < 12; ++step) {
    CAPTURE(step);
    BackfillBench bench;
    bench.start();
    const Backfill made = bench.create(bench.order("2018-10-10T00:00", "2018-10-10T12:00"));
    bench.advance(5s);
    const std::size_t first = bench.faulty->calls();
    bool crashed = false;
    bench.faulty->script = [&, step](std::size_t call, bool) {
      crashed = crashed || call >= first + step;
      return crashed ? Fault::before : Fault::none;
    };
    try {
      static_cast<void>(bench.ask(bench.scheduler->cancel_backfill(made.id, "uid 1", false)));
    } catch (const ErrorException&) {
      CHECK(crashed);
    }
    const bool accepted = bench.state_of(made.id) == BackfillState::cancelled;
    bench.crash();
    bench.start();
    bench.advance(30s);
    if (!accepted) continue;
    CHECK(bench.count(made, State::wait_time) == 0);
    CHECK(bench.count(made, State::wait_resource) == 0);
    CHECK(bench.ask(bench.backfills.unfinished_backfills()).empty());
  }
}
