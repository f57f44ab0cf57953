#include "core/base/rate_limiter.hpp"

#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

awaitable<void> acquire_times(RateLimiter& limiter, std::uint64_t tokens, int times) {
  for (int i = 0; i < times; ++i) co_await limiter.acquire(tokens);
}

}  // namespace

TEST_CASE("rate limiter: ten megabytes at one megabyte a second take nine seconds after the burst",
          "[base]") {
  sluice::test::Loop loop;
  RateLimiter limiter(loop.clock, 1'000'000, 1'000'000);
  loop.run(acquire_times(limiter, 100'000, 100));
  CHECK(loop.clock.monotonic() == 9s);
}

TEST_CASE("rate limiter: idle time refills the bucket to its burst and no further", "[base]") {
  sluice::test::Loop loop;
  RateLimiter limiter(loop.clock, 10, 5);
  loop.run(acquire_times(limiter, 5, 1));
  loop.clock.advance(1h);
  const Duration before = loop.clock.monotonic();
  loop.run(acquire_times(limiter, 5, 1));
  CHECK(loop.clock.monotonic() == before);
  loop.run(acquire_times(limiter, 5, 1));
  CHECK(loop.clock.monotonic() == before + 500ms);
}

TEST_CASE("rate limiter: a request above the burst goes through, late", "[base]") {
  sluice::test::Loop loop;
  RateLimiter limiter(loop.clock, 10, 5);
  loop.run(acquire_times(limiter, 25, 1));
  CHECK(loop.clock.monotonic() == 2s);
}

TEST_CASE("rate limiter: rate 0 means no limit", "[base]") {
  sluice::test::Loop loop;
  RateLimiter limiter(loop.clock, 0, 0);
  loop.run(acquire_times(limiter, 1'000'000'000, 10));
  CHECK(loop.clock.monotonic() == 0s);
}
