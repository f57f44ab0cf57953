// What needs the C library's own allocator, which the sanitizers replace.

#include "core/job/civil_time.hpp"
#include "daemon/app/housekeeping.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/own_memory.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

struct NoHistory final : scheduler::HistoryStore {
  awaitable<scheduler::Forgotten> forget(scheduler::HistoryLimits, std::string, std::size_t) override {
    co_return scheduler::Forgotten{};
  }
};

// Frees 64 MiB below one small piece that stays: what an allocator keeps.
std::unique_ptr<std::string> free_memory_below() {
  std::vector<std::unique_ptr<std::string>> pieces;
  for (int i = 0; i < 16'384; ++i) pieces.push_back(std::make_unique<std::string>(4096, 'x'));
  return std::make_unique<std::string>(4096, 'x');
}

}  // namespace

#ifdef __GLIBC__
TEST_CASE("housekeeping: memory that was freed is given back every five minutes") {
  sluice::test::Loop world{job::parse_local("2018-10-16T00:07+08:00").value()};
  const sluice::test::TempFolder folder;
  const Config config;
  storage::AttemptLogFolder logs{folder.path()};
  sluice::test::MemoryVersionStore versions;
  NoHistory history;
  Housekeeping keeper{
      Housekeeping::Parts{world.clock, config, logs, versions, history, [] { return false; }}};
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(world.io, keeper.give_back_memory(),
                        boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  world.clock.settle();

  const auto kept = free_memory_below();
  const long before = sluice::test::own_kib("RssAnon:");
  REQUIRE(before > 64 * 1024);
  world.clock.advance(5min - 1us);
  CHECK(sluice::test::own_kib("RssAnon:") > before - 1024);
  world.clock.advance(1us);
  while (!world.clock.next_wake()) {  // the memory is given back on another thread, which takes real time
    world.io.restart();
    world.io.run_one();
  }
  CHECK(sluice::test::own_kib("RssAnon:") < before - 48 * 1024);
  CHECK(kept->size() == 4096);

  cancel.emit(boost::asio::cancellation_type::terminal);
  world.clock.settle();
}
#endif
