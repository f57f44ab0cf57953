#pragma once
// A random life of a table's change stream, from one seed: writes, idle times, splits, merges, clocks that
// step, retention, outages of the reader, streams switched off and on.

#include "core/base/random.hpp"
#include "tests/support/fake_stream.hpp"
#include "tests/support/run.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

struct HistoryRules {
  bool clocks_step = false;     // record times jump, also far into the future
  bool records_expire = false;  // one hour of retention; outages that are longer
  bool stream_restarts = false;
};

// Rows are "key,version"; versions of a key ascend. All but the stream itself is the history's alone.
class StreamHistory {
 public:
  StreamHistory(Random& random, Loop& loop, HistoryRules rules)
      : random_(random), loop_(loop), rules_(rules), stream(loop.clock) {
    stream.records_per_page = 1 + random_.below(7);
    stream.shards_per_page = 1 + random_.below(4);
    stream.latency = [this] { return Duration(random_.below(40'000)); };
    if (rules_.records_expire) stream.retention = std::chrono::hours(1);
    if (chance(30)) stream.empty_page = [this] { return chance(20); };
    for (std::uint64_t i = 0, count = 1 + random_.below(4); i < count; ++i)
      open_.push_back(stream.add_shard());
    for (int key = 0; key < 12; ++key) home_.push_back(open_[random_.below(open_.size())]);
  }

  bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

  // Lets time pass with events in it.
  void live(Duration span) {
    const Instant until = loop_.clock.now() + span;
    while (loop_.clock.now() < until) {
      loop_.clock.advance(Duration(1 + random_.below(60'000'000)));
      event();
    }
  }

  // One event, or none.
  void event() {
    const std::uint64_t dice = random_.below(100);
    if (rules_.records_expire) stream.expire();
    if (dice < 3 && open_.size() < 8) return split();
    if (dice < 5 && open_.size() > 1) return merge();
    if (dice < 8 && rules_.clocks_step) {
      stream.record_time_skew += Duration(random_.below(240'000'000)) - std::chrono::seconds(120);
      return;
    }
    if (dice < 20) return;
    for (std::uint64_t i = 0, count = 1 + random_.below(5); i < count; ++i)
      write(random_.below(home_.size()));
  }

  // The reader is away for so long that something may expire; the table goes on.
  void outage() {
    live(std::chrono::minutes(5 + random_.below(10)));
    loop_.clock.advance(std::chrono::minutes(30 + random_.below(60)));
    live(std::chrono::minutes(5 + random_.below(10)));
  }

  void restart() {
    stream.restart();
    open_.clear();
    for (std::uint64_t i = 0, count = 1 + random_.below(3); i < count; ++i)
      open_.push_back(stream.add_shard());
    for (std::string& home : home_) home = open_[random_.below(open_.size())];
  }

  // Later than any record whose time means anything.
  Instant after_all() const {
    Instant latest = loop_.clock.now();
    for (const auto& shard : stream.shards) {
      for (const auto& entry : shard.log) {
        if (!is_ahead(entry.sequence)) latest = std::max(latest, Instant(Duration(entry.sequence.time_us)));
      }
    }
    return latest + Duration(1);
  }

  // Far in the future when it was written.
  bool is_ahead(const pipeline::Sequence& sequence) const {
    return sequence.time_us > (loop_.clock.now() + kFarAhead / 2).time_since_epoch().count();
  }

  // The row of a record; "" if it has none.
  std::string row_of(const std::string& shard, std::size_t offset) const {
    const auto found = rows_.find({shard, offset});
    return found == rows_.end() ? "" : found->second;
  }

 private:
  static constexpr Duration kFarAhead = std::chrono::hours(24 * 30);

  void write(std::size_t key) {
    WireRecord record;
    record.key = {WireCell{"key", static_cast<std::int64_t>(key), {}, {}}};
    const std::uint64_t dice = random_.below(10);
    const Duration skew = stream.record_time_skew;
    if (rules_.clocks_step && chance(1)) stream.record_time_skew += kFarAhead;
    if (dice == 0) {
      stream.write(home_[key], record, tablestore::Action::delete_row);
    } else {
      const std::int64_t version = ++version_;
      record.attributes = {WireCell{"version", version, 1'500'000'000'000, {}}};
      if (dice == 1) record.attributes.push_back({"gone", {}, {}, std::uint8_t{1}});
      using tablestore::Action;
      stream.write(home_[key], record, dice < 5 ? Action::update_row : Action::put_row);
      rows_[{home_[key], stream.shard(home_[key]).log.size() - 1}] = fmt::format("{},{}", key, version);
    }
    stream.record_time_skew = skew;
  }

  void split() {
    const std::string parent = take_open();
    const auto [left, right] = stream.split(parent);
    for (std::string& home : home_) {
      if (home == parent) home = chance(50) ? left : right;
    }
    open_.push_back(left);
    open_.push_back(right);
  }

  void merge() {
    const std::string first = take_open();
    const std::string second = take_open();
    const std::string child = stream.merge(first, second);
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

  Random& random_;
  Loop& loop_;
  HistoryRules rules_;
  std::vector<std::string> open_;
  std::vector<std::string> home_;                                    // the shard of each key
  std::map<std::pair<std::string, std::size_t>, std::string> rows_;  // shard, offset -> row
  std::int64_t version_ = 0;

 public:
  FakeStream stream;
};

}  // namespace sluice::test
