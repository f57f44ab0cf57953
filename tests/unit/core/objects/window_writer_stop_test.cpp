// A stop, at every second of a window whose requests take a second each.
#include "tests/support/oss_window.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <optional>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using namespace std::chrono_literals;
using Bench = sluice::test::oss_window::WindowBench;

namespace {

enum class Ended { done, failed, unwound };

awaitable<Ended> write_window(Bench& bench, const std::vector<Shard>& shards) {
  const auto writer = bench.begin();
  std::exception_ptr stopped;
  Result<void> result;
  try {
    result = co_await writer->prepare();
    if (result) result = co_await bench.feed_all(*writer, shards);
    if (result) {
      const auto objects = co_await writer->commit();
      if (!objects) result = objects.error();
    }
  } catch (...) {
    stopped = std::current_exception();
  }
  if (stopped) {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    co_await writer->abort();
    co_return Ended::unwound;
  }
  co_return result ? Ended::done : Ended::failed;
}

// What became of a window that is stopped after `when`, or before it at its end.
struct Stopped {
  Stopped(const job::Target& target, const std::vector<Shard>& shards, Duration when) : bench(target) {
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = 1s;
    boost::asio::cancellation_signal stop;
    const auto on_end = [this](std::exception_ptr, Ended how) { ended = how; };
    boost::asio::co_spawn(bench.loop.io, write_window(bench, shards),
                          boost::asio::bind_cancellation_slot(stop.slot(), on_end));
    bench.loop.clock.advance(when);
    in_time = !ended;
    stop.emit(boost::asio::cancellation_type::terminal);
    for (int second = 0; !ended && second < 1000; ++second) bench.loop.clock.advance(1s);
  }
  Bench bench;
  std::optional<Ended> ended;
  bool in_time = false;
};

}  // namespace

TEST_CASE("window writer is ended by a stop at any time before the window is done", "[window_writer]") {
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7), shard_of(2, 1, 10, 1)};
  job::Target target = target_of();
  SECTION("an object of each shard") {}
  SECTION("a single object") { target.write_single_object = true; }
  int stops = 0;
  for (Duration when = 500ms;; when += 1s) {
    CAPTURE(when.count());
    const Stopped window(target, shards, when);
    REQUIRE(window.ended);
    if (!window.in_time) break;
    ++stops;
    CHECK(*window.ended == Ended::unwound);
    CHECK(window.bench.fake.objects.empty());
    CHECK(window.bench.fake.uploads.empty());
  }
  CHECK(stops > 3);
}
