#include "core/base/cancellation.hpp"

#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// A task with work that ends when it is let go, and a wait behind it.
struct Task {
  explicit Task(sluice::test::Loop& on) : loop(on), signal(on.io.get_executor()) {}

  awaitable<void> work() {
    while (!let_go) co_await signal.notified();
    worked = true;
    if (fails) throw ErrorException(Error(Errc::unavailable, "the disk is away"));
  }

  awaitable<void> run() {
    try {
      co_await uninterrupted(work());
    } catch (const ErrorException& error) {
      failure = error.error().message();
    }
    co_await loop.clock.sleep_for(1s);
    went_on = true;
  }

  void end_work() {
    let_go = true;
    signal.notify_all();
    loop.clock.settle();
  }

  sluice::test::Loop& loop;
  Signal signal;
  bool let_go = false;
  bool fails = false;
  bool worked = false;
  bool went_on = false;
  std::string failure;
};

}  // namespace

TEST_CASE("uninterrupted: work goes to its end, and a signal meanwhile unwinds the next wait", "[base]") {
  sluice::test::Loop loop;
  Task task(loop);
  task.fails = GENERATE(false, true);
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(task.run());
  loop.clock.settle();
  tasks.stop();
  loop.clock.settle();
  CHECK(tasks.size() == 1);
  task.end_work();
  CHECK(task.worked);
  CHECK(task.failure == (task.fails ? "the disk is away" : ""));
  CHECK(tasks.size() == 0);
  CHECK_FALSE(task.went_on);
}

TEST_CASE("uninterrupted: without a signal the caller goes on, and can be cancelled as before", "[base]") {
  sluice::test::Loop loop;
  Task task(loop);
  task.fails = GENERATE(false, true);
  const bool cancelled = GENERATE(false, true);
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(task.run());
  loop.clock.settle();
  task.end_work();
  CHECK(task.worked);
  CHECK(tasks.size() == 1);
  if (cancelled) tasks.stop();
  loop.clock.advance(1s);
  CHECK(tasks.size() == 0);
  CHECK(task.went_on == !cancelled);
}
