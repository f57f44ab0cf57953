// A commit that fails or is stopped while it deletes what its objects replace.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <optional>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;
using Objects = std::map<std::string, std::string>;
using Seen = sluice::test::FakeOssTransport::Seen;

namespace {

std::vector<Shard> shards() { return {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7)}; }

// Both shards under this suffix.
Objects written(const std::string& suffix) {
  return {{kPrefix + "0000" + suffix, content_of(shards()[0])},
          {kPrefix + "0001" + suffix, content_of(shards()[1])}};
}

bool is_delete(const Seen& seen, const std::string& name) {
  return seen.method == "DELETE" && seen.queries.empty() && seen.object == name;
}

// The window has succeeded once and its job has another suffix now.
void rename(Bench& bench) {
  bench.in_ledger = bench.run(shards()).value();
  REQUIRE(bench.fake.objects == written(".csv"));
  bench.target.suffix = ".txt";
}

awaitable<void> commit_into(pipeline::WindowWriter& writer, bool& done) {
  done = (co_await writer.commit()).has_value();
}

}  // namespace

TEST_CASE("window writer that cannot delete an old object keeps the new ones", "[window_writer]") {
  const std::string stuck = GENERATE("0000.csv", "0001.csv");
  Bench bench;
  rename(bench);
  bench.fake.fault = [&](const Seen& seen, std::size_t) {
    return is_delete(seen, kPrefix + stuck) ? Fault::server_error : Fault::none;
  };
  REQUIRE_FALSE(bench.run(shards()));
  Objects expected = written(".txt");
  expected[kPrefix + stuck] = written(".csv").at(kPrefix + stuck);
  CHECK(bench.fake.objects == expected);
  CHECK(bench.fake.uploads.empty());
  CHECK(std::count(
            bench.log.lines.begin(), bench.log.lines.end(),
            "the new objects are complete and stay, for the deletion of those that they replace has begun; "
            "the next attempt goes on with it") == 1);

  SECTION("the next attempt deletes the rest") {
    bench.fake.fault = nullptr;
    REQUIRE(bench.run(shards()));
    CHECK(bench.fake.objects == written(".txt"));
  }
  SECTION("a next attempt that fails before that takes nothing away") {
    bench.fake.fault = [](const Seen& seen, std::size_t) {
      return seen.method == "PUT" && seen.object.ends_with("0000.txt") ? Fault::server_error : Fault::none;
    };
    REQUIRE_FALSE(bench.run(shards()));
    CHECK(bench.fake.objects == expected);
  }
}

TEST_CASE("window writer that is stopped while it deletes an old object keeps the new ones",
          "[window_writer]") {
  Bench bench;
  rename(bench);
  bench.fake.clock = &bench.loop.clock;
  bench.fake.latency = std::chrono::milliseconds(10);
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  REQUIRE(bench.loop.run(bench.feed_all(*writer, shards())));
  TaskGroup tasks(bench.loop.io.get_executor());
  bench.fake.fault = [&](const Seen& seen, std::size_t) {
    if (!is_delete(seen, kPrefix + "0001.csv")) return Fault::none;
    boost::asio::post(bench.loop.io, [&] { tasks.stop(); });
    return Fault::none;
  };
  bool done = false;
  tasks.start(commit_into(*writer, done));
  bench.loop.run(tasks.join());
  REQUIRE_FALSE(done);
  CHECK(writer->has_replaced());
  bench.loop.run(writer->abort());
  CHECK(writer->left_behind());
  for (const auto& [name, content] : written(".txt")) CHECK(bench.fake.objects[name] == content);
}

TEST_CASE("window writer with truncateScope prefix keeps the new objects beside one that cannot be deleted",
          "[window_writer]") {
  job::Target target = target_of();
  target.truncate_scope = job::TruncateScope::prefix;
  target.manifest = "m";
  Bench bench(target);
  bench.fake.objects = {{"t_a", "yesterday's"}, {"t_b", "kept for a year"}, {"t_c", "yesterday's"}};
  bench.fake.answer_instead = [](const Seen& seen) {
    std::optional<http::Response> refused;
    if (is_delete(seen, "t_b")) refused = FakeOssTransport::error(409, "FileImmutable");
    return refused;
  };
  REQUIRE_FALSE(bench.run(shards()));
  for (const auto& [name, content] : written(".csv")) CHECK(bench.fake.objects[name] == content);
  CHECK(bench.fake.objects.contains("m/orders__20181016080000_20181016080500.json"));
  CHECK(bench.fake.objects.contains("t_b"));
}

TEST_CASE("window writer that has deleted nothing yet takes its objects back", "[window_writer]") {
  job::Target target = target_of();
  target.truncate_scope = job::TruncateScope::prefix;
  Bench bench(target);
  const Objects before = {{"t_a", "yesterday's"}};
  bench.fake.objects = before;
  bench.fake.fault = [](const Seen& seen, std::size_t) {
    const auto prefix = seen.queries.find("prefix");
    return prefix != seen.queries.end() && prefix->second == "t" ? Fault::server_error : Fault::none;
  };
  REQUIRE_FALSE(bench.run(shards()));
  CHECK(bench.fake.objects == before);
}

TEST_CASE("window writer takes back a commit that had nothing to delete", "[window_writer]") {
  Bench bench;
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  REQUIRE(bench.loop.run(bench.feed_all(*writer, shards())));
  REQUIRE(bench.loop.run(writer->commit()));
  CHECK_FALSE(writer->has_replaced());
  bench.loop.run(writer->abort());
  CHECK(bench.fake.objects.empty());
}
