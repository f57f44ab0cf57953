#include "core/tablestore/client.hpp"
#include "tests/unit/core/tablestore/client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;

namespace {

ClientOptions with_budget(Duration budget) {
  ClientOptions made = Fixture::options();
  made.retry.budget = budget;
  return made;
}

}  // namespace

TEST_CASE("client: the wait that a busy server asks for is kept, and not much more", "[tablestore]") {
  Fixture f;
  proto::Error error;
  error.set_code("OTSServerBusy");
  auto busy = f.signed_answer("ListStream", 503, error.SerializeAsString(), f.loop.clock.now());
  busy.headers.emplace_back("Retry-After", "20");
  f.transport.answer(busy);
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  REQUIRE(f.recorder.pauses.size() == 1);
  CHECK(f.recorder.pauses[0] >= seconds(20));
  CHECK(f.recorder.pauses[0] <= seconds(20) + milliseconds(2500));
}

TEST_CASE("client: a wait that is asked for does not make a final refusal passing", "[tablestore]") {
  Fixture f;
  auto bare = f.signed_answer("ListStream", 429, "", f.loop.clock.now());
  bare.headers.emplace_back("Retry-After", "20");
  f.transport.answer(bare);
  auto refused = f.signed_answer("ListStream", 400, "", f.loop.clock.now());
  refused.headers.emplace_back("Retry-After", "20");
  f.transport.answer(refused);
  CHECK_FALSE(f.loop.run(f.client.list_streams(kTable)).has_value());
  CHECK(f.recorder.pauses.size() == 1);
  CHECK(f.transport.unused() == 0);
}

TEST_CASE("client: the requests of an attempt share its retry budget, failed tries included",
          "[tablestore]") {
  Fixture f(with_budget(seconds(10)));
  // A try that takes 4 s and fails.
  const auto slow_failure = [&f](const auto&) -> Result<http::Response> {
    f.loop.clock.advance(seconds(4));
    return Error(Errc::timeout, "read answer: no progress within 4000 ms");
  };
  f.transport.then(slow_failure);
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  // Time without trouble costs nothing.
  f.loop.clock.advance(hours(1));
  f.transport.then(slow_failure);
  f.answer("ListStream", proto::ListStreamResponse());
  REQUIRE(f.loop.run(f.client.list_streams(kTable)).has_value());
  f.transport.then(slow_failure);
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  CHECK(streams.error().code() == Errc::timeout);
  CHECK(streams.error().message() ==
        "list streams of t1: read answer: no progress within 4000 ms; the attempt's retry budget of 10 s is "
        "used up");
  CHECK(f.recorder.retries.size() == 2);
}

TEST_CASE("client: an error that the budget ends after repeats says both", "[tablestore]") {
  Fixture f(with_budget(milliseconds(200)));
  f.transport.otherwise(
      [](const auto&) -> Result<http::Response> { return Error(Errc::unavailable, "reset"); });
  const auto streams = f.loop.run(f.client.list_streams(kTable));
  REQUIRE(streams.has_error());
  const std::size_t tries = f.transport.sent().size();
  CHECK(tries >= 3);
  CHECK(streams.error().message() ==
        fmt::format(
            "list streams of t1: reset; gave up after {} tries: the attempt's retry budget of 1 s is used up",
            tries));
  CHECK(f.loop.clock.monotonic() <= milliseconds(200));
}

TEST_CASE("client: a budget of nothing allows no repeat that costs time", "[tablestore]") {
  Fixture f(with_budget(Duration(0)));
  f.refuse("ListStream", 503, "OTSServerBusy", "Server is busy.");
  CHECK_FALSE(f.loop.run(f.client.list_streams(kTable)).has_value());
  CHECK(f.transport.sent().size() == 1);
}

TEST_CASE("retry budget: what overlaps counts once, what lies apart adds up", "[tablestore]") {
  RetryBudget budget(seconds(10));
  CHECK(budget.spend(seconds(0), seconds(4)));
  for (int shard = 0; shard < 200; ++shard) CHECK(budget.spend(seconds(1), seconds(4)));
  CHECK(budget.spend(seconds(3), seconds(6)));
  CHECK(budget.spend(seconds(100), seconds(104)));
  CHECK(budget.spend(seconds(90), seconds(104)));
  CHECK_FALSE(budget.spend(seconds(104), seconds(105)));
  CHECK_FALSE(budget.spend(seconds(1), seconds(2)));
}
