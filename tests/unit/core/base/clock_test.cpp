#include "core/base/system_clock.hpp"
#include "core/base/task_group.hpp"
#include "core/base/virtual_clock.hpp"
#include "tests/support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

awaitable<void> tick(Clock& clock, Duration every, std::vector<Instant>& seen, int times) {
  for (int i = 0; i < times; ++i) {
    co_await clock.sleep_for(every);
    seen.push_back(clock.now());
  }
}

awaitable<void> note_at(Clock& clock, Instant when, std::vector<Instant>& seen) {
  co_await clock.sleep_until(when);
  seen.push_back(clock.now());
}

awaitable<void> note_steps(Clock& clock, std::vector<Duration>& seen) {
  WallSteps steps(clock);
  while (true) {
    co_await clock.wall_step(steps.lead());
    if (const auto step = steps.look()) seen.push_back(*step);
  }
}

}  // namespace

TEST_CASE("virtual clock: one hour gives exactly twelve ticks of five minutes", "[base]") {
  sluice::test::Loop loop;
  const Instant start = loop.clock.now();
  std::vector<Instant> seen;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(tick(loop.clock, 5min, seen, 100));
  loop.clock.advance(1h);
  REQUIRE(seen.size() == 12);
  CHECK(seen.front() == start + 5min);
  CHECK(seen.back() == start + 1h);
  tasks.stop();
  loop.run(tasks.join());
}

TEST_CASE("virtual clock: sleepers wake in order of their time", "[base]") {
  sluice::test::Loop loop;
  const Instant start = loop.clock.now();
  std::vector<Instant> seen;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(note_at(loop.clock, start + 20s, seen));
  tasks.start(note_at(loop.clock, start + 10s, seen));
  loop.clock.advance(60s);
  CHECK(seen == std::vector<Instant>{start + 10s, start + 20s});
  loop.run(tasks.join());
}

TEST_CASE("virtual clock: a wall step forward wakes a wall sleeper at once, a step back delays it",
          "[base]") {
  sluice::test::Loop loop;
  const Instant start = loop.clock.now();
  std::vector<Instant> seen;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(note_at(loop.clock, start + 2h, seen));
  loop.clock.advance(1min);
  loop.clock.step_wall(2h);
  CHECK(seen.size() == 1);

  const Instant again = loop.clock.now();
  tasks.start(note_at(loop.clock, again + 1min, seen));
  loop.clock.settle();
  loop.clock.step_wall(-1h);
  loop.clock.advance(30min);
  CHECK(seen.size() == 1);
  loop.clock.advance(31min);
  CHECK(seen.size() == 2);
  loop.run(tasks.join());
}

TEST_CASE("virtual clock: a cancelled sleeper leaves the queue", "[base]") {
  sluice::test::Loop loop;
  std::vector<Instant> seen;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(tick(loop.clock, 1h, seen, 1));
  loop.clock.settle();
  CHECK(loop.clock.next_wake().has_value());
  tasks.stop();
  loop.run(tasks.join());
  CHECK_FALSE(loop.clock.next_wake().has_value());
  CHECK(seen.empty());
}

TEST_CASE("virtual clock: who waits for a step of the wall clock is told of it at once", "[base]") {
  sluice::test::Loop loop;
  std::vector<Duration> steps;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(note_steps(loop.clock, steps));
  loop.clock.advance(24h);
  CHECK(steps.empty());
  CHECK_FALSE(loop.clock.next_wake());
  loop.clock.step_wall(-2h);
  CHECK(steps == std::vector<Duration>{-2h});
  loop.clock.suspend(8h);
  CHECK(steps == std::vector<Duration>{-2h, 8h});
  loop.clock.step_wall(-1s);
  CHECK(steps == std::vector<Duration>{-2h, 8h, -1s});
  tasks.stop();
  loop.run(tasks.join());
}

TEST_CASE("virtual clock: a correction below a second is no step, and many of them are none either",
          "[base]") {
  sluice::test::Loop loop;
  std::vector<Duration> steps;
  WallSteps by_hand(loop.clock);
  for (int i = 0; i < 20; ++i) {
    loop.clock.step_wall(500ms);
    CHECK_FALSE(by_hand.look());
  }
  loop.clock.step_wall(900ms);
  CHECK(by_hand.look() == Duration(900ms));
  CHECK_FALSE(by_hand.look());
}

TEST_CASE("clock: a length is told to the second", "[base]") {
  CHECK(length_text(2h) == "2h");
  CHECK(length_text(-(1h + 59min + 58s)) == "1h59m58s");
  CHECK(length_text(999ms) == "1s");
  CHECK(length_text(100ms) == "0s");
  CHECK(length_text(61s) == "1m1s");
}

TEST_CASE("system clock: a short sleep returns after its time by the monotonic clock", "[base]") {
  boost::asio::io_context io(1);
  SystemClock clock;
  Duration before{};
  Duration after{};
  auto body = [](SystemClock& c, Duration& from, Duration& to) -> awaitable<void> {
    from = c.monotonic();
    co_await c.sleep_until(c.now() + std::chrono::milliseconds(2));
    to = c.monotonic();
  };
  boost::asio::co_spawn(io, body(clock, before, after), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
  CHECK(after - before >= 1ms);
}
