// writeMode nonConflict: what is whose, also after a crash.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;

namespace {

job::Target exclusive() { return target_of(job::WriteMode::non_conflict); }

const std::vector<Shard>& shards() {
  static const std::vector<Shard> kShards = {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7),
                                             shard_of(2, 1, 10, 1)};
  return kShards;
}

}  // namespace

TEST_CASE("window writer marks the objects of a nonConflict window and forbids to overwrite them",
          "[window_writer]") {
  Bench bench(exclusive());
  REQUIRE(bench.run(shards()));
  for (const char* name : {"0000.csv", "0001.csv", "0002.csv"}) {
    CHECK(bench.fake.traits.at(kPrefix + name).at("x-oss-meta-sluice-window") ==
          "orders@20181016080000_20181016080500");
  }
  for (const FakeOssTransport::Seen& seen : bench.fake.seen) {
    const bool makes =
        (seen.method == "PUT" || seen.method == "POST") && !seen.queries.contains("partNumber");
    const bool forbids = std::any_of(seen.headers.begin(), seen.headers.end(), [](const auto& header) {
      return header.first == "x-oss-forbid-overwrite" && header.second == "true";
    });
    CHECK(makes == forbids);
  }
  Bench truncate;
  REQUIRE(truncate.run(shards()));
  CHECK_FALSE(truncate.fake.traits.at(kPrefix + "0000.csv").contains("x-oss-meta-sluice-window"));
}

TEST_CASE("window writer in nonConflict mode ends what a crash cut off at any request", "[window_writer]") {
  Bench clean(exclusive());
  REQUIRE(clean.run(shards()));
  const std::size_t steps = clean.fake.seen.size();
  for (std::size_t step = 0; step < steps; ++step) {
    for (const Fault kind : {Fault::drop_request, Fault::lose_answer}) {
      Bench bench(exclusive());
      // The network is gone from `step` on, for the abort too: as good as a crash.
      bench.fake.fault = [&](const auto&, std::size_t number) {
        if (number == step) return kind;
        return number > step ? Fault::drop_request : Fault::none;
      };
      REQUIRE_FALSE(bench.run(shards()));
      bench.fake.fault = nullptr;
      CAPTURE(step, static_cast<int>(kind));
      const auto again = bench.run(shards());
      REQUIRE(again);
      CHECK(bench.fake.objects == clean.fake.objects);
      CHECK(bench.fake.uploads.empty());
    }
  }
}

TEST_CASE("window writer in nonConflict mode replaces what a crash left and deletes what has no rows now",
          "[window_writer]") {
  Bench bench(exclusive());
  REQUIRE(bench.run(shards()));  // and then the crash: the ledger knows nothing of it
  const auto untouched = bench.fake.completed.size();
  const std::vector<Shard> others = {shard_of(0, 3, 10, 2), shard_of(1, 36, 100, 7)};
  Bench clean(exclusive());
  REQUIRE(clean.run(others));
  REQUIRE(bench.run(others));
  CHECK(bench.fake.objects == clean.fake.objects);
  CHECK(bench.fake.uploads.empty());
  // The first was right as it stood and is not sent again.
  CHECK(std::vector<std::string>(bench.fake.completed.begin() + static_cast<std::ptrdiff_t>(untouched),
                                 bench.fake.completed.end()) ==
        std::vector<std::string>{kPrefix + "0001.csv"});
}

TEST_CASE("window writer in nonConflict mode takes back what a crash left if its own commit fails",
          "[window_writer]") {
  Bench bench(exclusive());
  REQUIRE(bench.run(shards()));
  bench.fake.fault = [](const FakeOssTransport::Seen& seen, std::size_t) {
    return seen.method == "PUT" && seen.object.ends_with("0003.csv") ? Fault::server_error : Fault::none;
  };
  REQUIRE_FALSE(bench.run({shard_of(0, 3, 10, 2), shard_of(3, 1, 10, 1)}));
  CHECK(bench.fake.objects.empty());
}

TEST_CASE("window writer in nonConflict mode leaves what a crash left while the rows cannot be had",
          "[window_writer]") {
  Bench bench(exclusive());
  REQUIRE(bench.run(shards()));
  const auto before = bench.fake.objects;
  const auto writer = bench.begin();
  REQUIRE(bench.loop.run(writer->prepare()));
  bench.loop.run(writer->abort());
  CHECK(bench.fake.objects == before);
}

TEST_CASE("window writer in nonConflict mode refuses what is not its own", "[window_writer]") {
  const auto refused = [](Bench& bench) {
    const auto before = bench.fake.objects;
    const auto result = bench.run(shards());
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == Errc::conflict);
    CHECK(result.error().message() == "write " + kPrefix +
                                          "0001.csv: exists already in bucket bucket-1; delete it or use "
                                          "another `object` or `writeMode`");
    CHECK(bench.fake.objects == before);
    CHECK(bench.fake.uploads.empty());
  };
  Bench unmarked(exclusive());
  unmarked.fake.objects[kPrefix + "0001.csv"] = content_of(shards()[1]);
  refused(unmarked);

  Bench of_another(exclusive());
  of_another.fake.objects[kPrefix + "0001.csv"] = content_of(shards()[1]);
  of_another.fake.traits[kPrefix + "0001.csv"]["x-oss-meta-sluice-window"] =
      "other@20181016080000_20181016080500";
  refused(of_another);

  // Its own, but the ledger counts on it.
  Bench succeeded(exclusive());
  succeeded.in_ledger = succeeded.run({shards()[1]}).value();
  refused(succeeded);
}

TEST_CASE("window writer in nonConflict mode knows what the ledger counts on by any suffix",
          "[window_writer]") {
  Bench bench(exclusive());
  bench.in_ledger = bench.run(shards()).value();
  bench.target.suffix = ".txt";
  CHECK(bench.run(shards()).error().code() == Errc::conflict);
}

TEST_CASE("window writer in nonConflict mode does not touch what appeared after it looked",
          "[window_writer]") {
  for (const std::string name : {"0000.csv", "0001.csv"}) {
    Bench bench(exclusive());
    const auto writer = bench.begin();
    REQUIRE(bench.loop.run(writer->prepare()));
    bench.fake.objects[kPrefix + name] = "someone else's";
    const auto fed = bench.loop.run(bench.feed_all(*writer, shards()));
    Errc code = Errc::internal;
    if (!fed) {
      code = fed.error().code();
    } else {
      const auto committed = bench.loop.run(writer->commit());
      REQUIRE_FALSE(committed);
      code = committed.error().code();
    }
    CHECK(code == Errc::conflict);
    bench.loop.run(writer->abort());
    CHECK(bench.fake.objects == std::map<std::string, std::string>{{kPrefix + name, "someone else's"}});
    CHECK(bench.fake.uploads.empty());
  }
}

TEST_CASE("window writer in nonConflict mode settles a put whose answer was lost", "[window_writer]") {
  Bench clean(exclusive());
  REQUIRE(clean.run(shards()));
  for (std::size_t step = 0; step < clean.fake.seen.size(); ++step) {
    for (const Fault kind : {Fault::lose_answer, Fault::late_error, Fault::cut_answer}) {
      Bench bench(exclusive());
      bench.fake.fault = [&](const auto&, std::size_t number) { return number == step ? kind : Fault::none; };
      CAPTURE(step, static_cast<int>(kind));
      REQUIRE(bench.run(shards()));
      CHECK(bench.fake.objects == clean.fake.objects);
      CHECK(bench.fake.uploads.empty());
    }
  }
}

TEST_CASE("window writer in nonConflict mode works the same with one single object", "[window_writer]") {
  job::Target target = exclusive();
  target.write_single_object = true;
  Bench bench(target);
  bench.fake.fault = [](const FakeOssTransport::Seen&, std::size_t number) {
    return number >= 3 ? Fault::drop_request : Fault::none;
  };
  const auto first = bench.run({shard_of(0, 3, 10, 2)});
  CHECK(bench.fake.objects.size() == 1);  // made, and then the crash
  bench.fake.fault = nullptr;
  bench.in_ledger = bench.run({shard_of(0, 4, 10, 2)}).value();
  CHECK(bench.fake.objects.at("t") == content_of(shard_of(0, 4, 10, 2)));
  CHECK(bench.run({shard_of(0, 4, 10, 2)}).error().code() == Errc::conflict);
}
