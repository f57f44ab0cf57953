// Random histories that the original and our reader export in turns: whoever goes on, and whatever splits in
// between, every change is exported once and in the order of its key.

#include "core/base/random.hpp"
#include "core/tablestore/stream_text.hpp"
#include "tests/support/take_over_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <utility>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;

class Relay : sluice::test::TakeOverFixture {
 public:
  explicit Relay(std::uint64_t seed) : random_(seed) {
    stream.records_per_page = 1 + random_.below(7);
    for (int i = 0; i < 2; ++i) open_.push_back(stream.add_shard());
    for (int key = 0; key < 8; ++key) home_.push_back(open_[random_.below(open_.size())]);
  }

  void run() {
    std::optional<pipeline::Positions> ours;
    for (int number = 0; number < 10; ++number) {
      live(number);
      if (number > 0 && random_.below(2) == 0) {
        ours = export_by_us(number, ours);
        continue;
      }
      ours.reset();
      export_by_original(number == 0 ? midnight - 1h : window(number).start, end_of(number));
    }
    export_by_original(end_of(9), end_of(9) + 1h);
  }

 private:
  // Changes of about one window, early and late ones among them.
  void live(int number) {
    for (std::uint64_t i = 0, count = random_.below(25); i < count; ++i) {
      const std::uint64_t dice = random_.below(30);
      if (dice == 0 && open_.size() < 6) split();
      if (dice == 1 && open_.size() > 1) merge();
      change(random_.below(home_.size()), number);
    }
  }

  void change(std::size_t key, int number) {
    const std::string& shard = home_[key];
    sluice::test::WireRecord record;
    record.key = {sluice::test::WireCell{"pk", static_cast<std::int64_t>(key), {}, {}}};
    record.attributes = {sluice::test::WireCell{"v", ++version_, 1000, {}}};
    const auto offset = std::chrono::seconds(random_.below(600)) - std::chrono::seconds(200);
    stream.record_time_skew = window(number).start + offset - loop.clock.now();
    const pipeline::Sequence sequence = stream.write(shard, record);
    text_of_[{shard, sequence}] = fmt::format("{},{}", key, version_);
    left_[key].push_back(fmt::format("{},{}", key, version_));
  }

  void split() {
    const std::string parent = take_open();
    const auto [left, right] = stream.split(parent);
    for (std::string& home : home_) {
      if (home == parent) home = random_.below(2) == 0 ? left : right;
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
    const auto place = open_.begin() + static_cast<std::ptrdiff_t>(random_.below(open_.size()));
    std::string shard = *place;
    open_.erase(place);
    return shard;
  }

  void export_by_original(Instant start, Instant end) {
    INFO("the original's window from " << to_text(start));
    for (const auto& [shard, records] : original.run(start, end)) {
      for (const pipeline::Sequence& record : records) arrived(text_of_.at({shard, record}));
    }
  }

  pipeline::Positions export_by_us(int number, const std::optional<pipeline::Positions>& previous) {
    INFO("our window " << number);
    const auto start = plan(number, previous);
    if (start.has_error()) FAIL(start.error().message());
    const auto outcome = read(number, *start);
    if (outcome.has_error()) FAIL(outcome.error().message());
    for (const auto& [place, rows] : writer.rows) {
      for (const std::string& row : rows) arrived(row);
    }
    const auto given = give(number, outcome->end);
    if (given.has_error()) FAIL(given.error().message());
    return outcome->end;
  }

  void arrived(const std::string& row) {
    auto& next = left_[std::stoul(row)];
    REQUIRE(!next.empty());
    REQUIRE(row == next.front());
    next.erase(next.begin());
  }

 public:
  bool all_arrived() const {
    return std::all_of(left_.begin(), left_.end(), [](const auto& key) { return key.second.empty(); });
  }

 private:
  SeededRandom random_;
  std::vector<std::string> open_;
  std::vector<std::string> home_;  // shard of each key
  std::int64_t version_ = 0;
  std::map<std::pair<std::string, pipeline::Sequence>, std::string> text_of_;
  std::map<std::size_t, std::vector<std::string>> left_;  // rows of each key that have not arrived yet
};

TEST_CASE("relay: two readers that export in turns lose nothing and double nothing") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Relay relay(seed);
    relay.run();
    REQUIRE(relay.all_arrived());
  }
}

}  // namespace
