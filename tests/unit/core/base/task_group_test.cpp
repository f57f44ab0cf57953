#include "core/base/task_group.hpp"

#include "core/base/within.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

awaitable<void> sleep_then(Clock& clock, Duration duration, int& done) {
  co_await clock.sleep_for(duration);
  ++done;
}

awaitable<void> fail_after(Clock& clock, Duration duration, std::string text) {
  co_await clock.sleep_for(duration);
  throw ErrorException(Error(Errc::unavailable, std::move(text)));
}

// Counts its own unwinding, so that a test sees that nothing was left behind.
struct Unwound {
  explicit Unwound(int& counter) : count(counter) {}
  ~Unwound() { ++count; }
  int& count;
};

awaitable<void> sleep_long(Clock& clock, int& unwound) {
  const Unwound mark(unwound);
  co_await clock.sleep_for(1000h);
}

awaitable<Result<int>> answer(Clock& clock, Duration after, Result<int> result) {
  co_await clock.sleep_for(after);
  co_return result;
}

awaitable<Result<int>> hang(Clock& clock, int& unwound) {
  const Unwound mark(unwound);
  co_await clock.sleep_for(1000h);
  co_return 1;
}

}  // namespace

TEST_CASE("task group: join waits for every task", "[base]") {
  sluice::test::Loop loop;
  int done = 0;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(sleep_then(loop.clock, 1s, done));
  tasks.start(sleep_then(loop.clock, 3s, done));
  loop.run(tasks.join());
  CHECK(done == 2);
  CHECK(tasks.size() == 0);
}

TEST_CASE("task group: join of an empty group returns at once", "[base]") {
  sluice::test::Loop loop;
  TaskGroup tasks(loop.io.get_executor());
  loop.run(tasks.join(), 0s);
}

TEST_CASE("task group: stop unwinds every task and is no failure", "[base]") {
  sluice::test::Loop loop;
  int unwound = 0;
  TaskGroup tasks(loop.io.get_executor());
  for (int i = 0; i < 5; ++i) tasks.start(sleep_long(loop.clock, unwound));
  loop.clock.settle();
  tasks.stop();
  tasks.stop();
  loop.run(tasks.join());
  CHECK(unwound == 5);
  CHECK_FALSE(tasks.start(sleep_long(loop.clock, unwound)));
}

TEST_CASE("task group: the first failure is kept and rethrown by join", "[base]") {
  sluice::test::Loop loop;
  int done = 0;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(fail_after(loop.clock, 2s, "second"));
  tasks.start(fail_after(loop.clock, 1s, "first"));
  tasks.start(sleep_then(loop.clock, 3s, done));
  CHECK_THROWS_WITH(loop.run(tasks.join()), "first");
  CHECK(done == 1);
}

TEST_CASE("task group: a stop while joining waits for the tasks, and unwinds the next wait", "[base]") {
  sluice::test::Loop loop;
  int done = 0;
  int unwound = 0;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(sleep_then(loop.clock, 1s, done));
  const auto owner = [&]() -> awaitable<void> {
    const Unwound mark(unwound);
    co_await tasks.join();
    co_await loop.clock.sleep_for(1000h);
  };
  TaskGroup owners(loop.io.get_executor());
  owners.start(owner());
  loop.clock.settle();
  owners.stop();
  loop.clock.settle();
  CHECK(unwound == 0);
  loop.clock.advance(1s);
  CHECK(done == 1);
  CHECK(unwound == 1);
  if (unwound == 0) loop.clock.advance(1001h);
  loop.run(owners.join());
}

TEST_CASE("within: a result in time goes through", "[base]") {
  sluice::test::Loop loop;
  const auto result = loop.run(within<int>(loop.clock, 5s, "asking", answer(loop.clock, 4s, 7)));
  CHECK(result.value() == 7);
  CHECK(loop.clock.monotonic() == 4s);
}

TEST_CASE("within: a failing task reports at once, not at the limit", "[base]") {
  sluice::test::Loop loop;
  const Result<int> bad = Error(Errc::not_found, "no table");
  const auto result = loop.run(within<int>(loop.clock, 5s, "asking", answer(loop.clock, 10ms, bad)));
  CHECK(result.error().code() == Errc::not_found);
  CHECK(loop.clock.monotonic() == 10ms);
}

TEST_CASE("within: the limit cancels the task, waits for it to unwind and says what was slow", "[base]") {
  sluice::test::Loop loop;
  int unwound = 0;
  const auto result = loop.run(within<int>(loop.clock, 1500ms, "asking", hang(loop.clock, unwound)));
  CHECK(result.error().code() == Errc::timeout);
  CHECK(result.error().message() == "asking took longer than 1500 ms");
  CHECK(unwound == 1);
}
