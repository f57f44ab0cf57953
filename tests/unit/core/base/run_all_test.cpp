#include "core/base/run_all.hpp"

#include "core/base/within.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  awaitable<Result<void>> sleep(Duration length, std::string name) {
    co_await loop.clock.sleep_for(length);
    done.push_back(name);
    co_return Result<void>();
  }
  awaitable<Result<void>> fail(Duration length, Errc code) {
    co_await loop.clock.sleep_for(length);
    co_return Error(code, "no");
  }
  awaitable<Result<void>> fling(Duration length) {
    co_await loop.clock.sleep_for(length);
    throw std::runtime_error("thrown");
  }

  sluice::test::Loop loop;
  std::vector<std::string> done;
};

}  // namespace

TEST_CASE("run all: all tasks run side by side to their ends") {
  Fixture f;
  std::vector<awaitable<Result<void>>> tasks;
  tasks.push_back(f.sleep(3s, "slow"));
  tasks.push_back(f.sleep(1s, "fast"));
  CHECK(f.loop.run(run_all(std::move(tasks))).has_value());
  CHECK(f.done == std::vector<std::string>{"fast", "slow"});
  CHECK(f.loop.clock.monotonic() == Duration(3s));
}

TEST_CASE("run all: no task at all is a success") {
  Fixture f;
  CHECK(f.loop.run(run_all({})).has_value());
}

TEST_CASE("run all: the first failure cancels the others and is reported") {
  Fixture f;
  std::vector<awaitable<Result<void>>> tasks;
  tasks.push_back(f.sleep(1s, "before"));
  tasks.push_back(f.fail(3s, Errc::corrupt));
  tasks.push_back(f.fail(2s, Errc::not_found));
  tasks.push_back(f.sleep(9s, "after"));
  const auto result = f.loop.run(run_all(std::move(tasks)));
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::not_found);
  CHECK(f.done == std::vector<std::string>{"before"});
  CHECK(f.loop.clock.monotonic() == Duration(2s));
}

TEST_CASE("run all: an exception is rethrown, not hidden by the cancellations it causes") {
  Fixture f;
  std::vector<awaitable<Result<void>>> tasks;
  tasks.push_back(f.sleep(9s, "never"));
  tasks.push_back(f.fling(1s));
  CHECK_THROWS_WITH(f.loop.run(run_all(std::move(tasks))), "thrown");
  CHECK(f.done.empty());
}

TEST_CASE("run all: a limit around it cancels every task") {
  Fixture f;
  std::vector<awaitable<Result<void>>> tasks;
  tasks.push_back(f.sleep(9s, "one"));
  tasks.push_back(f.sleep(9s, "two"));
  auto all = run_all(std::move(tasks));
  const auto result = f.loop.run(within(f.loop.clock, 1s, "waiting", std::move(all)));
  REQUIRE(result.has_error());
  CHECK(result.error().code() == Errc::timeout);
  CHECK(f.done.empty());
}
