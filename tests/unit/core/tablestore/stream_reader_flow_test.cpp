#include "core/base/task_group.hpp"
#include "core/tablestore/stream_reader.hpp"
#include "tests/support/stream_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::Positions;
using sluice::test::StreamFixture;

TEST_CASE("stream reader: rows come in batches of at most 512 and pages in sizes learned") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.stream.records_per_page = 100'000;
  for (int i = 0; i < 3000; ++i) fixture.write(shard, i, 1min + Duration(i));
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  const std::vector<std::size_t>& batches = fixture.writer.batches;
  CHECK(*std::max_element(batches.begin(), batches.end()) == 512);
  CHECK(fixture.statistics.rows == 3000);
  // 16 at first, then what fills 256 KiB: three pages of records and one without.
  CHECK(batches.front() == 16);
  CHECK(std::count(fixture.stream.calls.begin(), fixture.stream.calls.end(), "GetStreamRecord") == 5);
}

TEST_CASE("stream reader: page sizes stay between 1 and 5000 and follow large records at once") {
  PageSizer sizer(256 * 1024);
  CHECK(sizer.limit() == 16);
  CHECK(sizer.expected() == 4096 * 1024);  // nothing is known of them
  sizer.learn(64, 0);
  CHECK(sizer.limit() == 16);
  CHECK(sizer.expected() == 2048 * 1024);  // idle shards need not wait for each other for ever
  for (int i = 0; i < 10; ++i) sizer.learn(64, 0);
  CHECK(sizer.expected() == 256 * 1024);
  sizer.learn(1000, 100);
  CHECK(sizer.expected() == 256 * 1024);
  CHECK(sizer.limit() == 5000);
  sizer.learn(10 * 1024 * 100, 100);
  CHECK(sizer.limit() == 25);
  sizer.learn(4 * 1024 * 1024, 1);
  CHECK(sizer.limit() == 1);
  CHECK(sizer.expected() == 4 * 1024 * 1024);  // a page has one record at least
  for (int i = 0; i < 100; ++i) sizer.learn(100'000, 1000);
  CHECK(sizer.limit() > 2000);
}

TEST_CASE("stream reader: page sizes double while pages hold nothing but records of other tables") {
  PageSizer sizer(256 * 1024);
  std::vector<std::int32_t> limits;
  for (int i = 0; i < 10; ++i) {
    sizer.pass_over();
    limits.push_back(sizer.limit());
  }
  CHECK(limits == std::vector<std::int32_t>{32, 64, 128, 256, 512, 1024, 2048, 4096, 5000, 5000});
  sizer.learn(256 * 1024, 16);
  CHECK(sizer.limit() == 16);
  sizer.pass_over();
  CHECK(sizer.limit() == 32);
}

// Lets `count` records of other tables stand before each of the stream's pages; they count in the limit.
void put_others_before(test::FakeStream& stream, std::int32_t count, std::int32_t& passed) {
  stream.empty_page = [&stream, count, &passed] {
    passed += stream.limit_asked;
    return passed <= count;
  };
  stream.blank_page = [count, &passed] { return passed <= count; };
}

TEST_CASE("stream reader: a quiet table of a group finds its record behind many of other tables") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.write(shard, 1, 1min);
  std::int32_t passed = 0;
  put_others_before(fixture.stream, 50'000, passed);
  const auto first = fixture.read(0, *fixture.plan(0));
  REQUIRE(first.has_value());
  CHECK(fixture.writer.rows == test::Rows{{0, {"1,value"}}});
  CHECK(fixture.statistics.requests < 40);

  SECTION("and so does the search for the oldest record once the iterator is trimmed") {
    fixture.write(shard, 2, 6min);
    fixture.write(shard, 3, 7min);
    fixture.stream.trim(shard, 2);
    passed = 0;
    const auto second = fixture.read(1, *fixture.plan(1, first->end));
    REQUIRE(second.has_value());
    CHECK(fixture.writer.rows == test::Rows{{0, {"3,value"}}});
    CHECK(fixture.statistics.requests < 40);
  }
}

TEST_CASE(
    "stream reader: the next page is on its way while one is written, and each shard has one request only") {
  StreamFixture fixture;
  const std::string shard = fixture.stream.add_shard();
  fixture.stream.records_per_page = 10;
  for (int i = 0; i < 100; ++i) fixture.write(shard, i, 1min + Duration(i));
  const auto start = fixture.plan(0);
  fixture.stream.latency = [] { return 1s; };
  fixture.writer.latency = [] { return 1s; };
  const Instant before = fixture.loop.clock.now();
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.stream.in_flight_max == 1);
  // 3 to begin with, 10 pages that overlap their writing, one empty page: not 10 more for the writing.
  CHECK(fixture.loop.clock.now() - before <= 16s);
}

TEST_CASE(
    "stream reader: shards are read at the same time, no more than allowed, those furthest behind first") {
  StreamFixture fixture;
  for (int i = 0; i < 6; ++i) fixture.write(fixture.stream.add_shard(), i, 1min);
  const auto start = fixture.plan(0);
  fixture.stream.latency = [] { return 1s; };
  fixture.limits.shards_at_once = 3;
  fixture.stream.in_flight_max = 0;
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.stream.in_flight_max == 3);

  Positions uneven = *start;
  for (std::size_t i = 0; i < 6; ++i) uneven.shards[i].time = fixture.midnight - i * 1s;
  fixture.limits.shards_at_once = 1;
  fixture.log.lines.clear();
  REQUIRE(fixture.read(0, uneven).has_value());
  REQUIRE(fixture.log.lines.size() == 6);
  CHECK(fixture.log.lines.front().find("shard-005") != std::string::npos);
  CHECK(fixture.log.lines.back().find("shard-000") != std::string::npos);
}

TEST_CASE("stream reader: however few shards are read at once, all are read to the window's end") {
  for (const int at_once : {1, 2, 5}) {
    INFO(at_once);
    StreamFixture fixture;
    for (int i = 0; i < 20; ++i) {
      const std::string parent = fixture.stream.add_shard();
      for (int k = 0; k < 30; ++k) fixture.write(parent, i * 100 + k, 1min + Duration(k));
      if (i % 4 != 0) continue;
      const auto children = fixture.stream.split(parent);
      for (int k = 30; k < 60; ++k) fixture.write(children.second, i * 100 + k, 2min + Duration(k));
    }
    fixture.stream.records_per_page = 10;
    fixture.stream.latency = [] { return 50ms; };
    fixture.limits.shards_at_once = static_cast<std::size_t>(at_once);
    const auto start = fixture.plan(0);
    fixture.stream.in_flight_max = 0;
    const auto outcome = fixture.read(0, *start);
    REQUIRE(outcome.has_value());
    CHECK(fixture.stream.in_flight_max == at_once);
    CHECK(fixture.statistics.shards_done == 30);
    CHECK(fixture.statistics.rows == 20 * 30 + 5 * 30);
  }
}

TEST_CASE("stream reader: a shard that has nothing more yet makes room for one that has") {
  StreamFixture fixture;
  fixture.stream.add_shard("idle");
  const std::string busy = fixture.stream.add_shard("busy");
  fixture.stream.records_per_page = 10;
  for (int i = 0; i < 100; ++i) fixture.write(busy, i, 61min + Duration(i));
  fixture.limits.shards_at_once = 1;
  const int number = 12;  // [01:00, 01:05): the clock stands at 01:00
  fixture.loop.clock.advance(2min);
  auto start = fixture.plan(number);
  start->shards[0].time -= 1s;  // the idle one comes first
  std::vector<Instant> written;
  fixture.writer.latency = [&] {
    written.push_back(fixture.loop.clock.now());
    return Duration(0);
  };
  const auto outcome = fixture.read(number, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.statistics.rows == 100);
  REQUIRE(written.size() == 10);
  CHECK(written.back() == fixture.midnight + 62min);
  CHECK(fixture.loop.clock.now() == fixture.midnight + 66min);
}

TEST_CASE("stream reader: 200 shards, hot ones and idle ones, share the memory of a few pages") {
  StreamFixture fixture;
  fixture.stream.shards_per_page = 100;
  for (int i = 0; i < 200; ++i) {
    const std::string shard = fixture.stream.add_shard();
    const int records = i % 50 == 0 ? 2000 : i % 3;
    for (int k = 0; k < records; ++k) fixture.write(shard, i * 10'000 + k, 1min + Duration(k));
  }
  fixture.stream.records_per_page = 100;
  std::vector<Instant> begun;  // requests for pages; each takes 10 ms
  fixture.stream.latency = [&] {
    if (fixture.stream.calls.back() == "GetStreamRecord") begun.push_back(fixture.loop.clock.now());
    return 10ms;
  };
  fixture.writer.latency = [] { return 1ms; };
  fixture.limits.pages_bytes = 4 * fixture.limits.page_bytes;
  const auto start = fixture.plan(0);
  const auto outcome = fixture.read(0, *start);
  REQUIRE(outcome.has_value());
  CHECK(fixture.statistics.rows == 4 * 2000 + 66 * 1 + 65 * 2);
  CHECK(fixture.statistics.shards_done == 200);
  // As many pages on their way as there is memory for.
  std::ptrdiff_t most = 0;
  for (const Instant now : begun) {
    most = std::max(most, std::count_if(begun.begin(), begun.end(), [&](Instant start_of) {
                      return start_of <= now && start_of > now - 10ms;
                    }));
  }
  CHECK(most == 4);
}

TEST_CASE("stream reader: pages of large records count with what they hold") {
  StreamFixture fixture;
  for (int i = 0; i < 32; ++i) {
    const std::string shard = fixture.stream.add_shard();
    for (int k = 0; k < 100; ++k) fixture.write_large(shard, i * 100 + k, 1min + Duration(k), 20'000);
  }
  fixture.stream.latency = [] { return 10ms; };
  fixture.writer.latency = [] { return 1s; };
  std::vector<std::pair<Instant, std::size_t>> answers;  // of 20,000 bytes a record
  fixture.stream.on_page = [&](std::size_t bytes) { answers.emplace_back(fixture.loop.clock.now(), bytes); };
  const auto start = fixture.plan(0);
  const Instant begun = fixture.loop.clock.now();
  REQUIRE(fixture.read(0, *start).has_value());
  CHECK(fixture.statistics.rows == 3200);
  std::size_t held = 0;  // nothing is written yet, and so nothing given back
  for (const auto& [at, bytes] : answers) held += at < begun + 1s ? bytes : 0;
  CHECK(held <= fixture.limits.pages_bytes);
  CHECK(held > fixture.limits.pages_bytes / 4);
}

TEST_CASE("stream reader: memory for a single page is enough for any number of shards") {
  StreamFixture fixture;
  for (int i = 0; i < 40; ++i) {
    const std::string shard = fixture.stream.add_shard();
    for (int k = 0; k < 20; ++k) fixture.write(shard, i * 100 + k, 1min + Duration(k));
  }
  fixture.stream.records_per_page = 3;
  fixture.stream.latency = [] { return 10ms; };
  fixture.limits.pages_bytes = fixture.limits.page_bytes;
  REQUIRE(fixture.read(0, *fixture.plan(0)).has_value());
  CHECK(fixture.statistics.rows == 800);
}

TEST_CASE("stream reader: when one shard fails the others are stopped and its error is the answer") {
  StreamFixture fixture;
  for (int i = 0; i < 5; ++i) {
    const std::string shard = fixture.stream.add_shard();
    for (int k = 0; k < 50; ++k) fixture.write(shard, k, 1min + Duration(k));
  }
  fixture.stream.records_per_page = 5;
  const auto start = fixture.plan(0);
  fixture.stream.latency = [] { return 1s; };
  int records = 0;
  SECTION("a request fails") {
    fixture.stream.fault = [&](std::string_view operation) -> std::optional<Error> {
      if (operation != "GetStreamRecord" || ++records < 13) return std::nullopt;
      return Error(Errc::permission_denied, "get records: 403");
    };
    const auto outcome = fixture.read(0, *start);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::permission_denied);
    CHECK_THAT(outcome.error().message(), Catch::StartsWith("read shard shard-00"));
  }
  SECTION("the writer fails") {
    fixture.writer.fault = [&]() -> std::optional<Error> {
      return ++records < 13 ? std::nullopt : std::optional(Error(Errc::disk_full, "write object: no space"));
    };
    const auto outcome = fixture.read(0, *start);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code() == Errc::disk_full);
  }
}

awaitable<void> read_until_cancelled(StreamReader& reader, const pipeline::Window& window,
                                     const pipeline::ReadPlan& plan, pipeline::WindowWriter& writer,
                                     bool& unwound) {
  struct Guard {
    bool& flag;
    ~Guard() { flag = true; }
  };
  const Guard guard{unwound};
  pipeline::Statistics statistics;
  pipeline::NullLog log;
  const auto outcome = co_await reader.read(window, plan, writer, statistics, log);
  if (outcome.has_error()) throw ErrorException(outcome.error());
}

TEST_CASE("stream reader: cancelled at any moment it unwinds and leaves no request behind") {
  for (int moment = 0; moment < 60; ++moment) {
    StreamFixture fixture;
    for (int i = 0; i < 4; ++i) {
      const std::string shard = fixture.stream.add_shard();
      for (int k = 0; k < 30; ++k) fixture.write(shard, k, 1min + Duration(k));
    }
    fixture.stream.records_per_page = 5;
    fixture.limits.shards_at_once = 2;
    const pipeline::ReadPlan plan{*fixture.plan(0), {}};
    fixture.stream.latency = [] { return 400ms; };
    fixture.writer.latency = [] { return 300ms; };
    StreamReader reader(fixture.stream, fixture.loop.clock, fixture.source, fixture.limits);
    const pipeline::Window window = fixture.window(0);
    TaskGroup tasks(fixture.loop.io.get_executor());
    bool unwound = false;
    tasks.start(read_until_cancelled(reader, window, plan, fixture.writer, unwound));
    fixture.loop.clock.advance(moment * 150ms);
    tasks.stop();
    fixture.loop.run(tasks.join());
    CHECK(unwound);
    CHECK(fixture.stream.in_flight == 0);
    CHECK_FALSE(fixture.loop.clock.next_wake().has_value());
  }
}

TEST_CASE("stream reader: a server that passes over records for ever is followed until it is cancelled") {
  StreamFixture fixture;
  fixture.write(fixture.stream.add_shard(), 1, 1min);
  const pipeline::ReadPlan plan{*fixture.plan(0), {}};
  fixture.stream.empty_page = [] { return true; };
  fixture.stream.blank_page = [] { return true; };
  fixture.stream.latency = [] { return 10ms; };
  StreamReader reader(fixture.stream, fixture.loop.clock, fixture.source, fixture.limits);
  const pipeline::Window window = fixture.window(0);
  TaskGroup tasks(fixture.loop.io.get_executor());
  bool unwound = false;
  tasks.start(read_until_cancelled(reader, window, plan, fixture.writer, unwound));
  fixture.loop.clock.advance(1min);
  CHECK_FALSE(unwound);
  tasks.stop();
  fixture.loop.run(tasks.join());
  CHECK(unwound);
  CHECK(fixture.stream.in_flight == 0);
}

}  // namespace
