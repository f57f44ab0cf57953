#include "core/base/signal.hpp"

#include "core/base/task_group.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

awaitable<void> note(Signal& signal, std::vector<bool>& came) {
  const bool notified = co_await signal.notified();
  came.push_back(notified);
}

awaitable<void> note_after_wait(Signal& signal, std::vector<bool>& came) {
  co_await signal.wait();
  came.push_back(true);
}

}  // namespace

TEST_CASE("signal: notify_all wakes every waiter of that moment, and none that comes later", "[base]") {
  sluice::test::Loop loop;
  Signal signal(loop.io.get_executor());
  std::vector<bool> came;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(note(signal, came));
  tasks.start(note_after_wait(signal, came));
  loop.clock.settle();
  CHECK(came.empty());
  signal.notify_all();
  tasks.start(note(signal, came));
  loop.clock.settle();
  CHECK(came == std::vector<bool>{true, true});
  tasks.stop();
  loop.run(tasks.join());
}

TEST_CASE("signal: a cancelled task is told so by notified(), and unwinds from wait()", "[base]") {
  sluice::test::Loop loop;
  Signal signal(loop.io.get_executor());
  std::vector<bool> came;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(note(signal, came));
  tasks.start(note_after_wait(signal, came));
  loop.clock.settle();
  tasks.stop();
  loop.run(tasks.join());
  CHECK(came == std::vector<bool>{false});
}
