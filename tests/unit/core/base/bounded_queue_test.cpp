#include "core/base/bounded_queue.hpp"

#include "core/base/byte_budget.hpp"
#include "core/base/task_group.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

awaitable<void> push_all(BoundedQueue<int>& queue, int count, std::size_t bytes, int& pushed) {
  for (int i = 0; i < count; ++i) {
    const bool accepted = co_await queue.push(i, bytes);
    if (!accepted) co_return;
    ++pushed;
  }
  queue.close();
}

awaitable<void> pop_all(BoundedQueue<int>& queue, std::vector<int>& popped) {
  for (;;) {
    const std::optional<int> item = co_await queue.pop();
    if (!item) co_return;
    popped.push_back(*item);
  }
}

awaitable<void> hold(ByteBudget& budget, Clock& clock, std::size_t bytes, std::vector<std::size_t>& order) {
  auto grant = co_await budget.take(bytes);
  order.push_back(grant.bytes());
  co_await clock.sleep_for(1s);
}

}  // namespace

TEST_CASE("bounded queue: the pusher waits at the item limit until something is taken", "[base]") {
  sluice::test::Loop loop;
  BoundedQueue<int> queue(loop.io.get_executor(), 3, 1'000'000);
  int pushed = 0;
  std::vector<int> popped;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(push_all(queue, 10, 1, pushed));
  loop.clock.settle();
  CHECK(pushed == 3);
  tasks.start(pop_all(queue, popped));
  loop.run(tasks.join());
  CHECK(popped == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("bounded queue: the byte limit holds, and one item above it still goes through", "[base]") {
  sluice::test::Loop loop;
  BoundedQueue<int> queue(loop.io.get_executor(), 100, 10);
  int pushed = 0;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(push_all(queue, 3, 25, pushed));
  loop.clock.settle();
  CHECK(pushed == 1);
  CHECK(queue.bytes() == 25);
  std::vector<int> popped;
  tasks.start(pop_all(queue, popped));
  loop.run(tasks.join());
  CHECK(popped.size() == 3);
  CHECK(queue.bytes() == 0);
}

TEST_CASE("bounded queue: close drains what is there and refuses what comes later", "[base]") {
  sluice::test::Loop loop;
  BoundedQueue<int> queue(loop.io.get_executor(), 10, 1000);
  CHECK(loop.run(queue.push(1, 1)));
  CHECK(loop.run(queue.push(2, 1)));
  queue.close();
  CHECK_FALSE(loop.run(queue.push(3, 1)));
  CHECK(loop.run(queue.pop()) == std::optional<int>(1));
  CHECK(loop.run(queue.pop()) == std::optional<int>(2));
  CHECK(loop.run(queue.pop()) == std::nullopt);
}

TEST_CASE("bounded queue: a cancelled pusher unwinds and its item is not queued", "[base]") {
  sluice::test::Loop loop;
  BoundedQueue<int> queue(loop.io.get_executor(), 1, 1000);
  int pushed = 0;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(push_all(queue, 2, 1, pushed));
  loop.clock.settle();
  tasks.stop();
  loop.run(tasks.join());
  CHECK(pushed == 1);
  CHECK(queue.size() == 1);
}

TEST_CASE("byte budget: grants are first come first served and never exceed the budget", "[base]") {
  sluice::test::Loop loop;
  ByteBudget budget(loop.io.get_executor(), 100);
  std::vector<std::size_t> order;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(hold(budget, loop.clock, 60, order));
  tasks.start(hold(budget, loop.clock, 70, order));
  tasks.start(hold(budget, loop.clock, 10, order));
  loop.clock.settle();
  CHECK(order == std::vector<std::size_t>{60});
  CHECK(budget.try_take(10).bytes() == 0);
  loop.run(tasks.join());
  CHECK(order == std::vector<std::size_t>{60, 70, 10});
  CHECK(budget.used() == 0);
}

TEST_CASE("byte budget: a request above the whole budget is served alone", "[base]") {
  sluice::test::Loop loop;
  ByteBudget budget(loop.io.get_executor(), 100);
  auto grant = loop.run(budget.take(5000));
  CHECK(grant.bytes() == 100);
  grant.release();
  CHECK(budget.used() == 0);
}

TEST_CASE("byte budget: what is larger than it was granted holds others back until it is given back",
          "[base]") {
  sluice::test::Loop loop;
  ByteBudget budget(loop.io.get_executor(), 100);
  auto grant = loop.run(budget.take(50));
  grant.resize(150);
  CHECK(grant.bytes() == 150);
  CHECK(budget.used() == 150);
  CHECK(budget.try_take(1).bytes() == 0);
  std::vector<std::size_t> order;
  TaskGroup tasks(loop.io.get_executor());
  tasks.start(hold(budget, loop.clock, 60, order));
  loop.clock.settle();
  CHECK(order.empty());
  grant.resize(40);
  loop.run(tasks.join());
  CHECK(order == std::vector<std::size_t>{60});
  grant.release();
  CHECK(budget.used() == 0);
  grant.resize(10);  // it is nobody's any more
  CHECK(budget.used() == 0);
}

TEST_CASE("byte budget: a cancelled waiter leaves the line to the next one", "[base]") {
  sluice::test::Loop loop;
  ByteBudget budget(loop.io.get_executor(), 100);
  auto first = loop.run(budget.take(100));
  std::vector<std::size_t> order;
  TaskGroup impatient(loop.io.get_executor());
  TaskGroup patient(loop.io.get_executor());
  impatient.start(hold(budget, loop.clock, 50, order));
  loop.clock.settle();
  patient.start(hold(budget, loop.clock, 40, order));
  loop.clock.settle();
  impatient.stop();
  loop.run(impatient.join());
  first.release();
  loop.run(patient.join());
  CHECK(order == std::vector<std::size_t>{40});
}
