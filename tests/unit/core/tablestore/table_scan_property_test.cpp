// Random tables, scanned whatever happens: every row once, in key order within each range. And while they
// change: the scan with the stream's records laid over it is the table.

#include "core/tablestore/stream_reader.hpp"
#include "core/tablestore/table_scan.hpp"
#include "tests/support/collecting_writer.hpp"
#include "tests/support/fake_rows.hpp"
#include "tests/support/fake_stream.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <stdexcept>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kVersionMs = 1'500'000'000'000;

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return random_.below(limit); }
  bool percent(std::uint64_t percent) { return below(100) < percent; }
  std::optional<Error> fault(std::uint64_t& left, std::uint64_t likely) {
    if (left == 0 || !percent(likely)) return std::nullopt;
    --left;
    return Error(Errc::unavailable, "injected");
  }

 private:
  SeededRandom random_;
};

TableScanLimits random_limits(Chance& chance) {
  TableScanLimits limits;
  limits.ranges_max = 1 + chance.below(6);
  limits.ranges_at_once = 1 + chance.below(4);
  limits.batch_rows = 1 + chance.below(5);
  limits.page_bytes = 1000;
  limits.pages_bytes = 1000 * (1 + chance.below(8));
  return limits;
}

void run_seeds(const std::function<void(std::uint64_t)>& run) {
  const char* const wanted = std::getenv("SLUICE_SEEDS");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
  const char* const first = std::getenv("SLUICE_FIRST_SEED");
  const std::uint64_t offset = first != nullptr ? std::strtoull(first, nullptr, 10) : 1;
  for (std::uint64_t seed = offset; seed < offset + seeds; ++seed) {
    try {
      run(seed);
    } catch (const std::exception& failure) {
      FAIL("seed " << seed << ": " << failure.what());
    }
  }
  SUCCEED();
}

// A key of text and number; rows "a,b,v".
void check_still_table(std::uint64_t seed) {
  Chance chance(seed);
  sluice::test::Loop loop;
  sluice::test::FakeRows table(loop.clock);
  table.primary_key = {{"a", KeyType::string}, {"b", KeyType::integer}};
  const auto random_key = [&] {
    std::string text(1 + chance.below(3), static_cast<char>('a' + chance.below(3)));
    if (chance.percent(10)) text += "\xff";
    return Key{{"a", KeyCell::Kind::string, 0, text},
               {"b", KeyCell::Kind::integer, static_cast<std::int64_t>(chance.below(9)) - 4, {}}};
  };
  for (std::uint64_t i = 0, count = chance.below(60); i < count; ++i) {
    auto& cells = table.rows[random_key()];
    cells = {{"other", true, kVersionMs, {}}};
    if (chance.percent(70)) cells.push_back({"v", "v" + std::to_string(i), kVersionMs, {}});
  }
  std::map<Key, int, sluice::test::FakeRows::Order> points;
  for (std::uint64_t i = 0, count = chance.below(9); i < count; ++i) {
    Key point = random_key();
    if (chance.percent(50)) point[1] = {"b", KeyCell::Kind::least, 0, {}};
    points[point];
  }
  for (const auto& [point, unused] : points) table.points.push_back(point);
  table.page_rows = [&] { return 1 + chance.below(6); };
  table.latency = [&] { return Duration(chance.below(40'000)); };
  std::uint64_t faults = chance.below(4);
  table.fault = [&](std::string_view) { return chance.fault(faults, 5); };
  job::TableStoreSource source;
  source.table = "orders";
  source.columns = {job::Column{"v"}};
  const bool asks_for_key = chance.percent(60);
  if (asks_for_key) source.columns = {job::Column{"a"}, job::Column{"b"}, job::Column{"v"}};
  std::vector<std::string> expected;
  for (const auto& [key, cells] : table.rows) {
    const std::string* value = cells.size() == 2 ? std::get_if<std::string>(&cells[1].value) : nullptr;
    if (!asks_for_key && value == nullptr) continue;
    const std::string text = value == nullptr ? "null" : *value;
    expected.push_back(asks_for_key ? fmt::format("{},{},{}", key[0].text, key[1].integer, text) : text);
  }

  const TableScanLimits limits = random_limits(chance);
  for (;;) {
    sluice::test::CollectingWriter writer(loop.clock);
    writer.latency = [&] { return Duration(chance.below(20'000)); };
    writer.fault = [&] { return chance.fault(faults, 2); };
    pipeline::Statistics statistics;
    pipeline::NullLog log;
    TableScan scan(table, table, loop.clock, source, limits);
    const auto result = loop.run(scan.run(Instant{}, writer, statistics, log));
    if (table.in_flight != 0) throw std::logic_error("a request outlives the scan");
    if (result.has_error()) {
      if (result.error().message() != "injected") throw std::logic_error(result.error().message());
      continue;
    }
    // Ranges ascend, so do the rows in each: all of them together are the table in its order.
    std::vector<std::string> got;
    for (const auto& [place, rows] : writer.rows) got.insert(got.end(), rows.begin(), rows.end());
    if (got != expected) throw std::logic_error(fmt::format("{} rows of {}", got.size(), expected.size()));
    if (statistics.rows != expected.size()) throw std::logic_error("rows are miscounted");
    if (statistics.shards != statistics.shards_done) throw std::logic_error("ranges are miscounted");
    return;
  }
}

// A table of one integer key and two cells, and its stream. Writes go to both at once.
class ChangingTable {
 public:
  explicit ChangingTable(std::uint64_t seed) : chance_(seed), rows_(loop_.clock), stream_(loop_.clock) {
    loop_.clock.advance(1h);
    rows_.page_rows = [this] { return 1 + chance_.below(6); };
    stream_.records_per_page = 1 + chance_.below(9);
    for (std::uint64_t i = 0, count = 1 + chance_.below(3); i < count; ++i)
      shards_.push_back(stream_.add_shard());
    for (std::int64_t key = 3; key < kKeys; key += 1 + static_cast<std::int64_t>(chance_.below(9))) {
      rows_.points.push_back(rows_.integer_key(key));
    }
    rows_.latency = [this] {
      change();
      return Duration(chance_.below(3'000'000));
    };
    rows_.fault = [this](std::string_view) {
      change();
      return chance_.fault(faults_, 3);
    };
    source_.table = "orders";
    source_.columns = {job::Column{"pk"}, job::Column{"x"}, job::Column{"y"}};
    source_.settle = 60s;
  }

  void run() {
    for (std::int64_t key = 0; key < kKeys; ++key) {  // older than the stream
      if (chance_.percent(50)) rows_.put(key, {cell("x", "old"), cell("y", "old")});
    }
    live(10min);
    // A window that begins now and then lies in the past, in the present, or still ahead.
    window_.start = loop_.clock.now() - Duration(chance_.below(480'000'000)) + 60s;
    window_.end = window_.start + 5min;
    pipeline::NullLog log;
    StreamReader reader(stream_, loop_.clock, source_);
    const auto plan = loop_.run(reader.plan(window_, std::nullopt, log));
    if (plan.has_error()) throw std::logic_error(plan.error().message());
    scan();
    live(3min);
    replay(*plan);
    compare();
  }

 private:
  static constexpr std::int64_t kKeys = 40;
  using Cells = std::map<std::string, std::string>;

  static sluice::test::WireCell cell(std::string name, std::string value) {
    return {std::move(name), std::move(value), kVersionMs, {}};
  }

  void live(Duration span) {
    const Instant until = loop_.clock.now() + span;
    while (loop_.clock.now() < until) {
      loop_.clock.advance(Duration(1 + chance_.below(20'000'000)));
      change();
    }
  }

  // One write, by a machine whose clock is off by less than the settle time.
  void change() {
    if (chance_.percent(30)) return;
    stream_.record_time_skew = Duration(chance_.below(40'000'000)) - 20s;
    const auto key = static_cast<std::int64_t>(chance_.below(kKeys));
    sluice::test::WireRecord record;
    record.key = {{"pk", key, {}, {}}};
    auto& row = rows_.rows[rows_.integer_key(key)];
    const std::string value = std::to_string(++version_);
    const std::uint64_t dice = chance_.below(10);
    Action action = Action::put_row;
    if (dice < 4) {
      row = {cell("x", value)};
      if (chance_.percent(50)) row.push_back(cell("y", value));
      record.attributes = row;
    } else if (dice < 8) {
      action = Action::update_row;
      const std::string name = chance_.percent(50) ? "x" : "y";
      std::erase_if(row, [&](const auto& old) { return old.name == name; });
      row.push_back(cell(name, value));
      record.attributes = {cell(name, value)};
    } else {
      action = Action::delete_row;
      rows_.rows.erase(rows_.integer_key(key));
    }
    stream_.write(shards_[static_cast<std::size_t>(key) % shards_.size()], record, action);
  }

  void scan() {
    const TableScanLimits limits = random_limits(chance_);
    for (;;) {
      sluice::test::CollectingWriter writer(loop_.clock);
      pipeline::Statistics statistics;
      pipeline::NullLog log;
      TableScan scan(rows_, rows_, loop_.clock, source_, limits);
      const auto result = loop_.run(scan.run(window_.start + source_.settle, writer, statistics, log));
      if (result.has_error()) {
        if (result.error().message() != "injected") throw std::logic_error(result.error().message());
        continue;
      }
      for (const auto& [place, texts] : writer.rows) {
        for (const std::string& text : texts) take_over(text);
      }
      return;
    }
  }

  void take_over(const std::string& text) {
    const std::size_t first = text.find(',');
    const std::size_t second = text.find(',', first + 1);
    Cells cells{{"x", text.substr(first + 1, second - first - 1)}, {"y", text.substr(second + 1)}};
    std::erase_if(cells, [](const auto& entry) { return entry.second == "null"; });
    if (!replayed_.emplace(std::stoll(text), std::move(cells)).second)
      throw std::logic_error("doubled: " + text);
  }

  // What a first window and those behind it hold: each shard from its first record that is not older than the
  // window's start.
  void replay(const pipeline::Positions& plan) {
    for (const auto& shard : stream_.shards) {
      if (plan.find(shard.info.shard_id)->kind != pipeline::ShardPosition::Kind::at_time) {
        throw std::logic_error("a shard of a first window does not begin by time");
      }
      bool begun = false;
      for (const auto& entry : shard.log) {
        begun = begun || Instant(Duration(entry.sequence.time_us)) >= window_.start;
        if (begun) apply(entry);
      }
    }
  }

  void apply(const sluice::test::FakeStream::Entry& entry) {
    DecodedRecord record;
    if (decode_record(entry.bytes, record).has_error()) throw std::logic_error("a record cannot be decoded");
    const std::int64_t key = record.key().front().value.integer;
    if (entry.action != Action::update_row) replayed_.erase(key);
    if (entry.action == Action::delete_row) return;
    Cells& row = replayed_[key];
    for (const Cell& cell : record.attributes()) row[std::string(cell.name)] = cell.value.text;
  }

  void compare() const {
    std::map<std::int64_t, Cells> expected;
    for (const auto& [key, cells] : rows_.rows) {
      Cells& row = expected[key.front().integer];
      for (const auto& cell : cells) row[cell.name] = std::get<std::string>(cell.value);
    }
    if (replayed_ != expected) throw std::logic_error("what was replayed is not the table");
  }

  Chance chance_;
  sluice::test::Loop loop_;
  sluice::test::FakeRows rows_;
  sluice::test::FakeStream stream_;
  job::TableStoreSource source_;
  pipeline::Window window_;
  std::vector<std::string> shards_;
  std::uint64_t faults_ = 2;
  std::int64_t version_ = 0;
  std::map<std::int64_t, Cells> replayed_;
};

TEST_CASE("table scan: random tables arrive once and in order", "[tablestore]") {
  run_seeds(check_still_table);
}

TEST_CASE("table scan: with the stream's records laid over it, it is the table", "[tablestore]") {
  run_seeds([](std::uint64_t seed) { ChangingTable(seed).run(); });
}

}  // namespace
