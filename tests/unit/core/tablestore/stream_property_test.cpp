// Random histories of a stream, read window by window: whatever happens, every record is handed over once, in
// the order of its key, or lies in a gap that was told; and a window that was committed can be read again
// exactly.

#include "core/tablestore/stream_reader.hpp"
#include "tests/support/collecting_writer.hpp"
#include "tests/support/stream_history.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using Rows = std::map<std::uint32_t, std::vector<std::string>>;

struct Committed {
  pipeline::Window window;
  pipeline::ReadPlan plan;
  pipeline::ReadOutcome outcome;
  Rows rows;
};

// What is read of one history, and whether it is right.
class Reading {
 public:
  explicit Reading(std::uint64_t seed)
      : random_(seed),
        forgetting_(seed),
        rules_(rules_of(random_)),
        history_(random_, loop_, rules_),
        stream_(history_.stream) {
    stream_.fault = [this](std::string_view operation) { return request_fault(operation); };
    source_.table = "orders";
    source_.columns = {job::Column{"key"}, job::Column{"version"}};
    source_.settle = Duration(random_.below(90'000'000));
    source_.seek_by_time = history_.chance(80);
    if (rules_.records_expire) source_.on_gap = job::OnGap::proceed;
  }

  void run() {
    history_.live(13min);  // before the first window
    begin_ = loop_.clock.now();
    Instant start = begin_;
    for (std::uint64_t i = 0, count = 2 + random_.below(4); i < count; ++i) {
      const Instant end = start + 5min;
      history_.live(end - loop_.clock.now() + Duration(random_.below(400'000'000)) - 100s);
      if (i > 0 && rules_.records_expire && history_.chance(30)) history_.outage();
      if (i > 0 && rules_.stream_restarts && history_.chance(20)) history_.restart();
      read_window(start, end);
      // An answer that seems to be the end only moves records to a later window. A first window would move
      // them to before its start, and what expires until then was not known to be there.
      if (i == 0 && !rules_.records_expire && history_.chance(30)) hold_back();
      start = end;
      if (history_.chance(10)) start += 5min;  // a window that never ran
      trim_what_is_done();
    }
    is_quiet_ = true;
    stream_.blank_page = nullptr;
    read_window(start, history_.after_all());
    check_all();
    if (!rules_.records_expire) {
      for (auto& shard : stream_.shards) shard.trimmed = 0;
    }
    for (std::size_t place = 0; place < committed_.size(); ++place) repeat(committed_[place], before(place));
  }

 private:
  // A third each: clocks that step, records that expire, nothing of the kind.
  static sluice::test::HistoryRules rules_of(Random& random) {
    sluice::test::HistoryRules rules;
    const std::uint64_t dice = random.below(3);
    rules.clocks_step = dice == 0;
    rules.records_expire = dice == 1;
    rules.stream_restarts = dice == 1 && random.below(2) == 0;
    return rules;
  }

  void hold_back() {
    stream_.blank_page = [this] { return history_.chance(10); };
    has_blank_pages_ = true;
  }

  // Requests fail now and then, and the world does not stand still while a window is read.
  std::optional<Error> request_fault(std::string_view operation) {
    if (!is_reading_) return std::nullopt;
    if (events_left_ > 0 && history_.chance(10)) {
      --events_left_;
      if (!is_quiet_) history_.event();
    }
    if (faults_left_ == 0 || !history_.chance(5)) return std::nullopt;
    --faults_left_;
    // An iterator may expire before its data does.
    if (operation == "GetStreamRecord" && history_.chance(30)) return Error(Errc::trimmed, "injected");
    constexpr std::array kFaults = {Errc::unavailable, Errc::timeout, Errc::throttled, Errc::corrupt,
                                    Errc::unauthenticated};
    return Error(kFaults[random_.below(kFaults.size())], "injected");
  }

  // The service may drop what no window needs any more, whatever it promises.
  void trim_what_is_done() {
    if (rules_.records_expire || !history_.chance(40)) return;
    for (const pipeline::ShardPosition& position : committed_.back().outcome.end.shards) {
      auto& shard = stream_.shard(position.shard);
      std::size_t done = 0;
      while (done < shard.log.size() && position.last && shard.log[done].sequence <= *position.last) ++done;
      shard.trimmed = std::max(shard.trimmed, done - random_.below(done + 1));
    }
  }

  void read_window(Instant start, Instant end) {
    StreamReaderLimits limits;
    limits.shards_at_once = 1 + random_.below(5);
    limits.batch_rows = 1 + random_.below(5);
    limits.page_bytes = 1000;
    limits.pages_bytes = 1000 * (1 + random_.below(6));
    StreamReader reader(stream_, loop_.clock, source_, limits);
    is_reading_ = true;
    events_left_ = 10;
    faults_left_ = random_.below(6);
    Committed committed;
    committed.window = pipeline::Window{"orders", start, end};
    committed.plan.start = plan(reader, committed.window);
    while (!read_once(reader, committed)) {
    }
    is_reading_ = false;
    committed_.push_back(std::move(committed));
  }

  pipeline::Positions plan(StreamReader& reader, const pipeline::Window& window) {
    auto previous = committed_.empty() ? std::nullopt : std::optional(committed_.back().outcome.end);
    if (previous && tells_all() && forgetting_.below(100) < 30)
      previous = told_end(committed_.back(), before(committed_.size() - 1));
    for (;;) {
      auto plan = loop_.run(reader.plan(window, previous, log_));
      if (plan.has_value()) return *std::move(plan);
      must_be_injected(plan.error());
    }
  }

  // A manifest does not tell when clocks stepped back, nor which records of a shard an answer held back that
  // seemed to be its end.
  bool tells_all() const { return !rules_.clocks_step && !has_blank_pages_; }

  // What scheduler/rebuild.cpp makes of the positions of a window, which follows `before` unless it is the
  // first.
  static pipeline::Positions told_start(const Committed& committed, const Committed* before) {
    return told(committed.plan.start, {}, committed.window.start, read_before(committed.window, before));
  }
  static pipeline::Positions told_end(const Committed& committed, const Committed* before) {
    return told(committed.outcome.end, committed.plan.start, committed.window.end,
                read_before(committed.window, before));
  }
  // The last window of a history may end before it starts: it ends where all is read.
  static Instant read_before(const pipeline::Window& window, const Committed* before) {
    const Instant left_at = before != nullptr ? before->window.end : window.start;
    return std::min({window.start, window.end, left_at}) - std::chrono::abs(window.end - window.start);
  }
  const Committed* before(std::size_t place) const { return place == 0 ? nullptr : &committed_[place - 1]; }
  static pipeline::Positions told(pipeline::Positions positions, const pipeline::Positions& start,
                                  Instant read_until, Instant earlier) {
    for (pipeline::ShardPosition& shard : positions.shards) {
      if (shard.kind == pipeline::ShardPosition::Kind::at_time) continue;
      const bool met_nothing = shard.kind == pipeline::ShardPosition::Kind::iterator && !shard.last;
      const pipeline::ShardPosition* const began = start.find(shard.shard);
      const bool began_here = began != nullptr && began->kind == pipeline::ShardPosition::Kind::at_time;
      shard.iterator.clear();
      shard.next.reset();
      shard.polled = !met_nothing ? read_until : began_here ? began->time : earlier;
    }
    return positions;
  }

  bool read_once(StreamReader& reader, Committed& committed) {
    sluice::test::CollectingWriter writer(loop_.clock);
    writer.latency = [this] { return Duration(random_.below(20'000)); };
    writer.fault = [this]() -> std::optional<Error> {
      return history_.chance(1) ? std::optional(Error(Errc::unavailable, "injected")) : std::nullopt;
    };
    pipeline::Statistics statistics;
    auto outcome = loop_.run(reader.read(committed.window, committed.plan, writer, statistics, log_));
    if (stream_.in_flight != 0) throw std::logic_error("a request outlives the read");
    if (outcome.has_error()) {
      must_be_injected(outcome.error());
      return false;
    }
    committed.outcome = *std::move(outcome);
    committed.rows = writer.rows;
    return true;
  }

  // A shard may also expire between the listing and the reading: the next attempt sees that.
  static void must_be_injected(const Error& error) {
    if (error.code() == Errc::unavailable) return;
    if (error.message().find("injected") == std::string::npos) throw std::logic_error(error.message());
  }

  // The first window leaves out what each shard of that time held before the window's start.
  bool is_before_first_window(const sluice::test::FakeStream::FakeShard& shard, std::size_t offset) const {
    if (committed_.front().plan.start.find(shard.info.shard_id) == nullptr) return false;
    for (std::size_t i = 0; i <= offset; ++i) {
      const auto& sequence = shard.log[i].sequence;
      if (!history_.is_ahead(sequence) && sequence.time_us >= begin_.time_since_epoch().count()) return false;
    }
    return true;
  }

  void check_all() const {
    std::multiset<std::string> got;
    for (const Committed& committed : committed_) {
      for (const auto& [place, rows] : committed.rows) got.insert(rows.begin(), rows.end());
    }
    check_order();
    for (const auto& shard : stream_.shards) {
      for (std::size_t i = 0; i < shard.log.size(); ++i) {
        const std::string row = history_.row_of(shard.info.shard_id, i);
        if (row.empty()) continue;
        const std::size_t times = got.erase(row);
        if (times > 1) throw std::logic_error(fmt::format("{} comes {} times", row, times));
        const bool is_past = is_before_first_window(shard, i);
        if (times == 1 && is_past) throw std::logic_error(row + " is from before the first window");
        if (times == 0 && !is_past && !is_told_lost(shard.info.shard_id, shard.log[i].sequence)) {
          throw std::logic_error(fmt::format("{} of {} record {} is lost", row, shard.info.shard_id, i));
        }
      }
    }
    if (!got.empty()) throw std::logic_error(*got.begin() + " was never written");
  }

  void check_order() const {
    std::map<std::string, long> newest;
    for (const Committed& committed : committed_) {
      for (const auto& [place, rows] : committed.rows) {
        for (const std::string& row : rows) {
          const std::size_t comma = row.find(',');
          long& last = newest[row.substr(0, comma)];
          const long version = std::stol(row.substr(comma + 1));
          if (version < last) throw std::logic_error("out of order: " + row);
          last = version;
        }
      }
    }
  }

  bool is_told_lost(const std::string& shard, const pipeline::Sequence& sequence) const {
    if (!rules_.records_expire) return false;
    const Instant time = Instant(Duration(sequence.time_us));
    for (const Committed& committed : committed_) {
      for (const pipeline::Gap& gap : committed.outcome.gaps) {
        // Of a shard that came and went unseen only its ancestors can tell.
        const bool is_meant = gap.shard.empty() || gap.shard == shard || !was_seen(shard);
        if (is_meant && time > gap.from && time <= gap.to) return true;
      }
    }
    return false;
  }

  bool was_seen(const std::string& shard) const {
    return std::any_of(committed_.begin(), committed_.end(), [&](const Committed& committed) {
      return committed.plan.start.find(shard) != nullptr || committed.outcome.end.find(shard) != nullptr;
    });
  }

  // Exactly, or not at all where its records are gone.
  void repeat(const Committed& committed, const Committed* before) {
    pipeline::ReadPlan plan = committed.plan;
    plan.until = committed.outcome.end;
    repeat_as(committed, plan);
    if (!tells_all()) return;
    plan.start = told_start(committed, before);
    plan.until = told_end(committed, before);
    repeat_as(committed, plan);
  }

  void repeat_as(const Committed& committed, const pipeline::ReadPlan& plan) {
    StreamReader reader(stream_, loop_.clock, source_);
    sluice::test::CollectingWriter writer(loop_.clock);
    pipeline::Statistics statistics;
    const auto outcome = loop_.run(reader.read(committed.window, plan, writer, statistics, log_));
    if (outcome.has_error()) {
      const Errc code = outcome.error().code();
      if (code == Errc::trimmed || code == Errc::stream_changed) return;
      throw std::logic_error("repeat: " + outcome.error().message());
    }
    if (writer.rows != committed.rows) throw std::logic_error("a repeated window differs");
    if (!(outcome->end == *plan.until)) throw std::logic_error("a repeated window ends elsewhere");
  }

  SeededRandom random_;
  SeededRandom forgetting_;  // of its own: histories stay what they were
  sluice::test::Loop loop_;
  sluice::test::HistoryRules rules_;
  sluice::test::StreamHistory history_;
  sluice::test::FakeStream& stream_;
  pipeline::NullLog log_;
  job::TableStoreSource source_;
  Instant begin_{};
  std::vector<Committed> committed_;
  bool is_reading_ = false;
  bool is_quiet_ = false;
  bool has_blank_pages_ = false;
  std::uint64_t events_left_ = 0;  // bounds, so that reading comes to an end
  std::uint64_t faults_left_ = 0;
};

#ifdef SLUICE_SANITIZED
constexpr std::uint64_t kSeeds = 300;
#else
constexpr std::uint64_t kSeeds = 2000;
#endif

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST_CASE("stream reader: random histories arrive once, in order, and can be repeated") {
  const std::uint64_t seeds = number_from_environment("SLUICE_SEEDS", kSeeds);
  const std::uint64_t first = number_from_environment("SLUICE_FIRST_SEED", 1);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    try {
      Reading(seed).run();
    } catch (const std::exception& failure) {
      FAIL("seed " << seed << ": " << failure.what());
    }
  }
  SUCCEED();
}

}  // namespace
