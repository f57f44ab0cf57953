#include "daemon/app/housekeeping.hpp"

#include "core/job/civil_time.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

struct RecordingHistory final : scheduler::HistoryStore {
  std::vector<scheduler::HistoryLimits> asked;
  awaitable<scheduler::Forgotten> forget(scheduler::HistoryLimits limits, std::string from,
                                         std::size_t) override {
    asked.push_back(limits);
    scheduler::Forgotten done;
    if (from.empty()) done.next = "orders";
    co_return done;
  }
};

struct RecordingVersions final : sluice::test::MemoryVersionStore {
  std::vector<Instant> before;
  awaitable<std::size_t> remove_versions(Instant limit, std::size_t) override {
    before.push_back(limit);
    co_return 0;
  }
};

// A clock that belongs to the loop, and counts who else looks at it.
struct LoopClock final : Clock {
  explicit LoopClock(Clock& clock) : inner(clock) {}
  Instant now() const override {
    if (std::this_thread::get_id() != loop) ++from_elsewhere;
    return inner.now();
  }
  Duration monotonic() const override { return inner.monotonic(); }
  awaitable<void> sleep_until(Instant when) override { return inner.sleep_until(when); }
  awaitable<void> sleep_for(Duration duration) override { return inner.sleep_for(duration); }
  awaitable<void> wall_step(Duration lead) override { return inner.wall_step(lead); }

  Clock& inner;
  std::thread::id loop = std::this_thread::get_id();
  mutable std::atomic<int> from_elsewhere = 0;
};

struct Fixture {
  Fixture() {
    config.history_positions = 35 * 24h;
    config.history_keep = 90 * 24h;
    config.log_compress_after = 48h;
    config.log_retention_days = 10;
    config.log_total_bytes_max = 1'000'000;
  }
  ~Fixture() {
    cancel.emit(boost::asio::cancellation_type::terminal);
    world.clock.settle();
  }
  void start(awaitable<void> work) {
    const auto on_end = [this](std::exception_ptr) { ended = true; };
    boost::asio::co_spawn(world.io, std::move(work),
                          boost::asio::bind_cancellation_slot(cancel.slot(), on_end));
    world.clock.settle();
  }

  // A log whose last line is `age` old.
  fs::path write_log(int attempt, Duration age, std::string_view text = "a line\n") const {
    const fs::path path = logs.path("orders", world.clock.now() - age, "Asia/Shanghai", attempt).value();
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    fs::last_write_time(path, std::chrono::file_clock::from_sys(world.clock.now() - age));
    return path;
  }
  // Until the keeper sleeps again: the disk's thread takes real time.
  void finish_round() {
    while (!ended && !world.clock.next_wake()) {
      world.io.restart();
      world.io.run_one();
    }
  }

  sluice::test::Loop world{job::parse_local("2018-10-16T00:07+08:00").value()};
  sluice::test::TempFolder folder;
  Config config;
  storage::AttemptLogFolder logs{folder.path()};
  RecordingVersions versions;
  RecordingHistory history;
  bool doubt = false;
  bool ended = false;
  LoopClock clock{world.clock};
  Housekeeping keeper{Housekeeping::Parts{clock, config, logs, versions, history, [this] { return doubt; }}};
  boost::asio::cancellation_signal cancel;
};

}  // namespace

TEST_CASE("housekeeping: versions of jobs are kept as long as instances are, history.keep") {
  Fixture f;
  f.start(f.keeper.remove_versions());
  CHECK(f.versions.before.empty());
  const Instant begin = f.world.clock.now();
  f.world.clock.advance(12h);
  REQUIRE(f.versions.before.size() == 2);
  CHECK(f.versions.before[0] == begin + 6h - 90 * 24h);
}

TEST_CASE("housekeeping: windows are forgotten at once and every day, chain by chain") {
  Fixture f;
  const Instant begin = f.world.clock.now();
  f.start(f.keeper.forget_windows());
  f.world.clock.advance(1s);
  REQUIRE(f.history.asked.size() == 2);
  CHECK(f.history.asked[0].positions_before == begin - 35 * 24h);
  CHECK(f.history.asked[0].rows_before == begin - 90 * 24h);
  f.world.clock.advance(25h);
  CHECK(f.history.asked.size() == 4);
}

TEST_CASE("housekeeping: while the wall clock is in doubt nothing is removed, afterwards it goes on") {
  Fixture f;
  f.doubt = true;
  f.start(f.keeper.forget_windows());
  f.world.clock.advance(25h);
  CHECK(f.history.asked.empty());
  f.doubt = false;
  f.world.clock.advance(24h);
  CHECK(f.history.asked.size() == 2);
}

TEST_CASE("housekeeping: versions stay while the wall clock is in doubt") {
  Fixture f;
  f.doubt = true;
  f.start(f.keeper.remove_versions());
  f.world.clock.advance(13h);
  CHECK(f.versions.before.empty());
}

TEST_CASE("housekeeping: logs are compressed and removed by age, but not while the wall clock is in doubt") {
  Fixture f;
  const fs::path young = f.write_log(1, 1h);
  const fs::path old = f.write_log(1, 72h);
  const fs::path too_old = f.write_log(1, 11 * 24h);
  f.doubt = true;
  f.start(f.keeper.prune_logs());
  f.world.clock.advance(7h);
  CHECK(fs::exists(old));
  CHECK(fs::exists(too_old));
  f.doubt = false;
  f.world.clock.advance(5h);
  f.finish_round();
  CHECK_FALSE(fs::exists(too_old));
  CHECK_FALSE(fs::exists(too_old.string() + ".gz"));
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(old.string() + ".gz"));
  CHECK(fs::exists(young));
}

TEST_CASE("housekeeping: the thread of the disk does not look at what belongs to the loop") {
  Fixture f;
  f.write_log(1, 72h);
  f.start(f.keeper.prune_logs());
  f.finish_round();
  CHECK(f.clock.from_elsewhere == 0);
}

TEST_CASE("housekeeping: a stop does not wait until all old logs are compressed") {
  Fixture f;
  constexpr int kLogs = 100;
  std::mt19937 random(7);
  std::string text(300'000, ' ');  // some milliseconds of work
  for (char& byte : text) byte = static_cast<char>('a' + random() % 16);
  std::vector<fs::path> logs;
  for (int attempt = 1; attempt <= kLogs; ++attempt) logs.push_back(f.write_log(attempt, 72h, text));
  f.start(f.keeper.prune_logs());
  f.cancel.emit(boost::asio::cancellation_type::terminal);
  f.finish_round();
  CHECK(f.ended);
  CHECK(std::ranges::count_if(logs, [](const fs::path& log) { return fs::exists(log); }) > kLogs / 2);
}
