// Random histories of a stream, read window by window: whatever happens, every record is handed over once, in
// the order of its key, and a window that was committed can be read again exactly.

#include "core/tablestore/stream_reader.hpp"
#include "tests/support/collecting_writer.hpp"
#include "tests/support/fake_stream.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

namespace sluice::tablestore {
namespace {

using namespace std::chrono_literals;
using Rows = std::map<std::uint32_t, std::vector<std::string>>;

struct Committed {
  pipeline::Window window;
  pipeline::ReadPlan plan;
  pipeline::Positions end;
  Rows rows;
};

// One history. Rows are "key,version"; versions of a key ascend.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed), stream_(loop_.clock) {
    stream_.records_per_page = 1 + random_.below(7);
    stream_.shards_per_page = 1 + random_.below(4);
    stream_.latency = [this] { return Duration(random_.below(40'000)); };
    if (chance(30)) stream_.empty_page = [this] { return chance(20); };
    stream_.fault = [this](std::string_view) { return request_fault(); };
    for (std::uint64_t i = 0, count = 1 + random_.below(4); i < count; ++i)
      open_.push_back(stream_.add_shard());
    for (int key = 0; key < 12; ++key) home_.push_back(open_[random_.below(open_.size())]);
    source_.table = "orders";
    source_.columns = {job::Column{"key"}, job::Column{"version"}};
    source_.settle = Duration(random_.below(90'000'000));
  }

  void run() {
    live(13min);  // before the first window
    begin_ = loop_.clock.now();
    Instant start = begin_;
    for (std::uint64_t i = 0, count = 2 + random_.below(4); i < count; ++i) {
      const Instant end = start + 5min;
      live(end - loop_.clock.now() + Duration(random_.below(400'000'000)) - 100s);
      read_window(start, end);
      start = end;
      if (chance(10)) start += 5min;  // a window that never ran
    }
    is_quiet_ = true;
    read_window(start, after_all());
    check_all();
    for (const Committed& committed : committed_) repeat(committed);
  }

 private:
  bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

  // Lets time pass with random events.
  void live(Duration span) {
    const Instant until = loop_.clock.now() + span;
    while (loop_.clock.now() < until) {
      loop_.clock.advance(Duration(1 + random_.below(60'000'000)));
      event();
    }
  }

  void event() {
    if (is_quiet_) return;
    const std::uint64_t dice = random_.below(100);
    if (dice < 3 && open_.size() < 8) return split();
    if (dice < 5 && open_.size() > 1) return merge();
    if (dice < 8) {
      stream_.record_time_skew += Duration(random_.below(240'000'000)) - 120s;
      return;
    }
    if (dice < 20) return;  // idle
    for (std::uint64_t i = 0, count = 1 + random_.below(5); i < count; ++i)
      write(random_.below(home_.size()));
  }

  void write(std::size_t key) {
    test::WireRecord record;
    record.key = {test::WireCell{"key", static_cast<std::int64_t>(key), {}, {}}};
    const std::uint64_t dice = random_.below(10);
    if (dice == 0) {
      stream_.write(home_[key], record, Action::delete_row);
      return;
    }
    const std::int64_t version = ++version_;
    record.attributes = {test::WireCell{"version", version, 1'500'000'000'000, {}}};
    if (dice == 1) record.attributes.push_back({"gone", {}, {}, std::uint8_t{1}});
    stream_.write(home_[key], record, dice < 5 ? Action::update_row : Action::put_row);
    text_of_[{home_[key], stream_.shard(home_[key]).log.size() - 1}] = fmt::format("{},{}", key, version);
  }

  void split() {
    const std::string parent = take_open();
    const auto [left, right] = stream_.split(parent);
    for (std::string& home : home_) {
      if (home == parent) home = chance(50) ? left : right;
    }
    open_.push_back(left);
    open_.push_back(right);
  }

  void merge() {
    const std::string first = take_open();
    const std::string second = take_open();
    const std::string child = stream_.merge(first, second);
    for (std::string& home : home_) {
      if (home == first || home == second) home = child;
    }
    open_.push_back(child);
  }

  std::string take_open() {
    const std::size_t at = random_.below(open_.size());
    const std::string id = open_[at];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
    return id;
  }

  // Requests fail now and then, and the world does not stand still while a window is read.
  std::optional<Error> request_fault() {
    if (!is_reading_) return std::nullopt;
    if (events_left_ > 0 && chance(10)) {
      --events_left_;
      event();
    }
    if (faults_left_ == 0 || !chance(5)) return std::nullopt;
    --faults_left_;
    return Error(Errc::unavailable, "injected");
  }

  pipeline::Window window(Instant start, Instant end) const { return pipeline::Window{"orders", start, end}; }

  void read_window(Instant start, Instant end) {
    StreamReaderLimits limits;
    limits.shards_at_once = 1 + random_.below(5);
    limits.batch_rows = 1 + random_.below(5);
    limits.page_bytes = 1000;
    limits.pages_bytes = 1000 * (1 + random_.below(6));
    StreamReader reader(stream_, loop_.clock, source_, limits);
    pipeline::NullLog log;
    is_reading_ = true;
    events_left_ = 10;
    faults_left_ = random_.below(4);
    Committed committed;
    committed.window = window(start, end);
    for (;;) {
      auto plan = loop_.run(reader.plan(committed.window, positions_, log));
      if (plan.has_error()) continue;
      committed.plan.start = *std::move(plan);
      break;
    }
    for (;;) {
      test::CollectingWriter writer(loop_.clock);
      writer.latency = [this] { return Duration(random_.below(20'000)); };
      writer.fault = [this]() -> std::optional<Error> {
        return chance(1) ? std::optional(Error(Errc::unavailable, "injected")) : std::nullopt;
      };
      pipeline::Statistics statistics;
      auto outcome = loop_.run(reader.read(committed.window, committed.plan, writer, statistics, log));
      if (stream_.in_flight != 0) throw std::logic_error("a request outlives the read");
      if (outcome.has_error()) {
        if (outcome.error().message().find("injected") == std::string::npos) {
          throw std::logic_error(outcome.error().message());
        }
        continue;
      }
      committed.end = outcome->end;
      committed.rows = writer.rows;
      break;
    }
    is_reading_ = false;
    positions_ = committed.end;
    committed_.push_back(std::move(committed));
  }

  // Later than any record.
  Instant after_all() const {
    Instant latest = loop_.clock.now();
    for (const auto& shard : stream_.shards) {
      for (const auto& entry : shard.log)
        latest = std::max(latest, Instant(Duration(entry.sequence.time_us)));
    }
    return latest + 1us;
  }

  // The first window leaves out what each shard of that time held before the window's start.
  std::vector<std::string> expected() {
    std::vector<std::string> rows;
    for (const auto& shard : stream_.shards) {
      const auto* first = committed_.front().plan.start.find(shard.info.shard_id);
      bool begun = first == nullptr;
      for (std::size_t i = 0; i < shard.log.size(); ++i) {
        begun = begun || shard.log[i].sequence.time_us >= begin_.time_since_epoch().count();
        const auto text = text_of_.find({shard.info.shard_id, i});
        if (begun && text != text_of_.end()) rows.push_back(text->second);
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  void check_all() {
    std::vector<std::string> got;
    std::map<std::string, long> newest;
    for (const Committed& committed : committed_) {
      for (const auto& [place, rows] : committed.rows) {
        for (const std::string& row : rows) {
          got.push_back(row);
          const std::size_t comma = row.find(',');
          long& last = newest[row.substr(0, comma)];
          const long version = std::stol(row.substr(comma + 1));
          if (version <= last) throw std::logic_error("out of order: " + row);
          last = version;
        }
      }
    }
    std::sort(got.begin(), got.end());
    if (got != expected()) {
      throw std::logic_error(fmt::format("{} rows instead of {}", got.size(), expected().size()));
    }
  }

  void repeat(const Committed& committed) {
    StreamReader reader(stream_, loop_.clock, source_);
    pipeline::NullLog log;
    test::CollectingWriter writer(loop_.clock);
    pipeline::Statistics statistics;
    pipeline::ReadPlan plan = committed.plan;
    plan.until = committed.end;
    const auto outcome = loop_.run(reader.read(committed.window, plan, writer, statistics, log));
    if (outcome.has_error()) throw std::logic_error("repeat: " + outcome.error().message());
    if (writer.rows != committed.rows) throw std::logic_error("a repeated window differs");
    if (!(outcome->end == committed.end)) throw std::logic_error("a repeated window ends elsewhere");
  }

  SeededRandom random_;
  test::Loop loop_;
  test::FakeStream stream_;
  job::TableStoreSource source_;
  std::vector<std::string> open_;
  std::vector<std::string> home_;                                       // the shard of each key
  std::map<std::pair<std::string, std::size_t>, std::string> text_of_;  // shard, offset -> row
  std::int64_t version_ = 0;
  Instant begin_{};
  std::optional<pipeline::Positions> positions_;
  std::vector<Committed> committed_;
  bool is_reading_ = false;
  std::uint64_t events_left_ = 0;  // bounds, so that reading comes to an end
  std::uint64_t faults_left_ = 0;
  bool is_quiet_ = false;
};

TEST_CASE("stream reader: random histories arrive once, in order, and can be repeated") {
  const char* const wanted = std::getenv("SLUICE_SEEDS");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
  const char* const first = std::getenv("SLUICE_FIRST_SEED");
  const std::uint64_t offset = first != nullptr ? std::strtoull(first, nullptr, 10) : 1;
  for (std::uint64_t seed = offset; seed < offset + seeds; ++seed) {
    try {
      History(seed).run();
    } catch (const std::exception& failure) {
      FAIL("seed " << seed << ": " << failure.what());
    }
  }
  SUCCEED();
}

}  // namespace
}  // namespace sluice::tablestore
