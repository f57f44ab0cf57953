#include "core/base/system_clock.hpp"

#include "core/base/task_group.hpp"
#include "tests/support/run_loop.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

// No test may set the machine's clock, and none waits: alarms are files that the test makes readable.
using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct ScriptedAlarm final : WallAlarm {
  int open(Instant when) override {
    asked.push_back(when);
    if (!works) return -1;
    const bool ring = asked.size() <= rings;  // as a clock that was set rings, whatever its time
    return ::eventfd(ring ? 1 : 0, EFD_NONBLOCK | EFD_CLOEXEC);
  }
  bool works = true;
  std::size_t rings = 0;  // so many of the first alarms ring at once
  std::vector<Instant> asked;
};

// A wait that goes on, until the alarm was asked for so many times in all.
void wait_until_asked(boost::asio::io_context& io, const ScriptedAlarm& alarm, std::size_t times,
                      awaitable<void> wait) {
  TaskGroup tasks(io.get_executor());
  tasks.start(std::move(wait));
  while (alarm.asked.size() < times) io.run_one();
  CHECK(tasks.size() == 1);
  tasks.stop();
  sluice::test::run_loop(io, tasks.join());
  CHECK(tasks.size() == 0);
  io.restart();
}

int open_files() {
  int count = 0;
  for (int file = 0; file < 1024; ++file) count += ::fcntl(file, F_GETFD) != -1 ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("system clock: an alarm rung by a clock that was set makes the sleep look again, towards its time",
          "[base]") {
  boost::asio::io_context io(1);
  ScriptedAlarm alarm;
  alarm.rings = 5;
  SystemClock clock(alarm, 1ms);
  const Instant when = clock.now() + 1h;
  const int before = open_files();
  wait_until_asked(io, alarm, 6, clock.sleep_until(when));
  CHECK(std::all_of(alarm.asked.begin(), alarm.asked.end(), [&](Instant asked) { return asked == when; }));
  const Instant soon = clock.now() + 3ms;
  alarm.rings = alarm.asked.size() + 5;
  sluice::test::run_loop(io, clock.sleep_until(soon));
  CHECK(clock.now() >= soon);
  CHECK(open_files() <= before + 3);  // the loop's own
}

TEST_CASE("system clock: a time that is over is not waited for", "[base]") {
  boost::asio::io_context io(1);
  ScriptedAlarm alarm;
  SystemClock clock(alarm, 1h);
  sluice::test::run_loop(io, clock.sleep_until(clock.now() - 1h));
  CHECK(alarm.asked.empty());
}

TEST_CASE("system clock: without a timerfd a sleep ends all the same, looking again at the bound", "[base]") {
  boost::asio::io_context io(1);
  ScriptedAlarm alarm;
  alarm.works = false;
  SystemClock clock(alarm, 1ms);
  const Instant when = clock.now() + 3ms;
  sluice::test::run_loop(io, clock.sleep_until(when));
  CHECK(clock.now() >= when);
  io.restart();
  wait_until_asked(io, alarm, 5, clock.sleep_until(clock.now() + 1h));
}

TEST_CASE("system clock: a step is told at once, whether by the alarm or by looking again", "[base]") {
  boost::asio::io_context io(1);
  ScriptedAlarm alarm;
  alarm.works = GENERATE(true, false);
  SystemClock clock(alarm, 1ms);
  const Duration lead = wall_lead(clock);
  // A lead of another time is what a step since then looks like.
  sluice::test::run_loop(io, clock.wall_step(lead - 1s));
  sluice::test::run_loop(io, clock.wall_step(lead + 2h));
  CHECK(alarm.asked.size() == 2);
}

TEST_CASE("system clock: without a step the wait goes on, and ends when it is cancelled", "[base]") {
  boost::asio::io_context io(1);
  ScriptedAlarm alarm;
  alarm.works = GENERATE(true, false);
  alarm.rings = 3;
  SystemClock clock(alarm, 1ms);
  wait_until_asked(io, alarm, 10, clock.wall_step(wall_lead(clock)));
}

TEST_CASE("system clock: the machine's timerfd takes every time and rings when it has come", "[base]") {
  boost::asio::io_context io(1);
  TimerFileAlarm alarm;
  const Instant past = GENERATE(Instant(), Instant() - 24h, Instant() + 1us);
  const int file = alarm.open(past);
  REQUIRE(file >= 0);
  boost::asio::posix::stream_descriptor readable(io, file);
  readable.async_wait(boost::asio::posix::stream_descriptor::wait_read, [](boost::system::error_code) {});
  CHECK(io.run() == 1);
}

TEST_CASE("system clock: a sleep by the machine's timerfd ends at its time", "[base]") {
  boost::asio::io_context io(1);
  SystemClock clock;
  const Instant when = clock.now() + 2ms;
  sluice::test::run_loop(io, clock.sleep_until(when));
  CHECK(clock.now() >= when);
}
