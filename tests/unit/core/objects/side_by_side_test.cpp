#include "core/objects/side_by_side.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace sluice;
using objects::side_by_side;

namespace {

struct Work {
  explicit Work(Clock& clock_) : clock(clock_) {}

  awaitable<Result<void>> one(std::size_t i) {
    begun.push_back(i);
    most = std::max(most, begun.size() - ended);
    co_await clock.sleep_for(std::chrono::milliseconds(10 + (i * 7) % 20));
    ++ended;
    if (fail_at && i == *fail_at) co_return Error(Errc::io, "one of them");
    co_return Result<void>();
  }
  std::function<awaitable<Result<void>>(std::size_t)> function() {
    return [this](std::size_t i) { return one(i); };
  }

  Clock& clock;
  std::vector<std::size_t> begun;
  std::size_t ended = 0;
  std::size_t most = 0;
  std::optional<std::size_t> fail_at;
};

}  // namespace

TEST_CASE("side by side: all is done, a few at a time, begun in order", "[side_by_side]") {
  sluice::test::Loop loop;
  Work work(loop.clock);
  REQUIRE(loop.run(side_by_side(20, 3, work.function())));
  CHECK(work.ended == 20);
  CHECK(work.most == 3);
  CHECK(std::is_sorted(work.begun.begin(), work.begun.end()));
  REQUIRE(loop.run(side_by_side(0, 3, work.function())));
  CHECK(work.ended == 20);
}

TEST_CASE("side by side: the first failure ends the rest, but for those on their way", "[side_by_side]") {
  sluice::test::Loop loop;
  Work work(loop.clock);
  work.fail_at = 2;
  const auto done = loop.run(side_by_side(20, 4, work.function()));
  REQUIRE_FALSE(done);
  CHECK(done.error().message() == "one of them");
  CHECK(work.begun.size() <= 8);
  CHECK(work.ended == work.begun.size());
}
