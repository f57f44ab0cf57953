// Every request of an upload broken in every way, for every way to write: the objects are complete and right,
// or the attempt failed and left what was there.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <random>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using sluice::test::FakeOssTransport;
using Bench = sluice::test::oss_window::WindowBench;
using Fault = sluice::test::FakeOssTransport::Fault;
using Objects = std::map<std::string, std::string>;
using Seen = sluice::test::FakeOssTransport::Seen;

namespace {

struct Way {
  std::string name;
  job::Target target = target_of();
  std::vector<Shard> shards{};
  Objects before{};  // in the bucket
  std::vector<pipeline::ObjectInfo> in_ledger{};
  objects::UploadLimits limits = small_limits();
  std::size_t part_bytes_min = 0;
};

std::vector<Shard> several() {
  return {shard_of(0, 3, 10, 2), shard_of(1, 35, 100, 7), shard_of(2, 21, 100, 9), shard_of(4, 1, 10, 1)};
}

Shard noise(std::uint32_t index, std::size_t rows) {
  std::mt19937_64 random(index);
  Shard shard = shard_of(index, rows, 1000, 30);
  for (auto& batch : shard.batches) {
    for (std::string& row : batch) {
      for (std::size_t at = 0; at + 16 <= row.size(); at += 16)
        row.replace(at, 16, fmt::format("{:016x}", random()));
    }
  }
  return shard;
}

std::vector<Way> ways() {
  std::vector<Way> all;
  const auto add = [&](std::string name, std::vector<Shard> shards) -> Way& {
    Way& way = all.emplace_back();
    way.name = std::move(name);
    way.shards = std::move(shards);
    return way;
  };
  add("small put", {shard_of(0, 3, 10, 2)});
  add("multipart", {shard_of(0, 35, 100, 7)});
  add("several shards", several()).before = {{kPrefix + "0001.csv", "old"}, {kPrefix + "0007.csv", "old"}};
  add("append", several()).target.write_mode = job::WriteMode::append;
  add("roll-over", several()).target.object_bytes_max = 1500;
  Way& packed = add("compression", {shard_of(0, 3, 10, 2), noise(1, 400)});
  packed.target.compression = job::Compression::zstd;
  packed.limits.part_bytes = 50'000;
  packed.limits.memory_bytes = 1'000'000;
  packed.limits.object_bytes_max = 10'000'000;
  Way& single =
      add("single object", {shard_of(0, 35, 100, 7), shard_of(1, 3, 10, 1), shard_of(2, 40, 100, 9)});
  single.target.write_single_object = true;
  add("nonConflict", several()).target.write_mode = job::WriteMode::non_conflict;
  Way& scope = add("truncateScope prefix", several());
  scope.target.truncate_scope = job::TruncateScope::prefix;
  scope.before = {{"t_x", "goes"}, {"t__20181016075500_20181016080000_0000.csv", "goes"}};
  Way& suffix = add("another suffix", several());
  suffix.target.suffix = ".txt";
  for (const char* shard : {"0000", "0001", "0004"}) {
    suffix.before[kPrefix + shard + ".csv"] = "old";
    suffix.in_ledger.push_back({kPrefix + shard + ".csv", 3, 1, 0});
  }
  Way& manifest = add("manifest", several());
  manifest.target.manifest = "m";
  manifest.target.write_mode = job::WriteMode::non_conflict;
  Way& s3 = add("S3-like limits", {shard_of(0, 60, 100, 7), shard_of(1, 50, 100, 9), shard_of(2, 1, 10, 1)});
  s3.part_bytes_min = 2200;
  s3.limits.memory_bytes = 6000;
  Way& partition = add("partition", {shard_of(0, 2, 10, 1), shard_of(1, 35, 100, 7)});
  partition.target.partition_columns = 1;
  partition.shards[1].columns = 2;
  for (auto& batch : partition.shards[1].batches) {
    for (std::string& row : batch) row += row.size() % 2 == 0 ? ",a" : ",b";
  }
  return all;
}

constexpr Fault kKinds[] = {Fault::drop_request, Fault::lose_answer, Fault::cut_answer,
                            Fault::server_error, Fault::late_error,  Fault::wrong_checksum};

class Trial {
 public:
  explicit Trial(const Way& way) : bench(way.target, way.limits), way_(way) {
    bench.part_bytes_min = way.part_bytes_min;
    bench.fake.part_bytes_min = std::max(way.limits.early_part_bytes_min, way.part_bytes_min);
    bench.fake.objects = way.before;
    bench.in_ledger = way.in_ledger;
  }

  // prepare, write, commit; no abort.
  awaitable<Result<void>> attempt(pipeline::WindowWriter& writer) {
    Result<void> done = co_await writer.prepare();
    if (done) done = co_await bench.feed_all(writer, way_.shards);
    if (!done) co_return done;
    const auto committed = co_await writer.commit();
    if (!committed) co_return committed.error();
    co_return done;
  }
  awaitable<void> attempt_into(pipeline::WindowWriter& writer, Result<void>& done) {
    done = co_await attempt(writer);
  }

  // With an abort if it fails; `aborting` tells the faults.
  bool run() {
    const auto writer = bench.begin();
    const Result<void> done = bench.loop.run(attempt(*writer));
    aborting = !done;
    if (!done) bench.loop.run(writer->abort());
    return done.has_value();
  }

  // Stopped, as the daemon stops an attempt, when request `step` is on its way.
  void run_stopped(std::size_t step) {
    const auto writer = bench.begin();
    TaskGroup tasks(bench.loop.io.get_executor());
    bench.fake.clock = &bench.loop.clock;
    bench.fake.latency = std::chrono::milliseconds(10);
    bench.fake.fault = [&](const Seen&, std::size_t number) {
      if (number == step) boost::asio::post(bench.loop.io, [&] { tasks.stop(); });
      return Fault::none;
    };
    Result<void> done = Error();
    tasks.start(attempt_into(*writer, done));
    bench.loop.run(tasks.join());
    bench.fake.fault = nullptr;
    if (!done) bench.loop.run(writer->abort());
    check(done.has_value());
  }

  // What is there after a success, or after a failure and its abort.
  void check(bool succeeded) {
    CHECK(bench.fake.uploads.empty());
    if (succeeded) return check_complete();
    // Objects that were there stay, or are replaced whole. Once one of them may be gone, all new ones are
    // there.
    const bool replacing = deletes_old();
    const Objects& kept = replacing ? clean() : way_.before;
    for (const auto& [name, content] : kept) {
      CAPTURE(name);
      CHECK(bench.fake.objects.contains(name));
    }
    for (const auto& [name, content] : bench.fake.objects) {
      CAPTURE(name);
      const bool is_old = way_.before.contains(name) && content == way_.before.at(name);
      const bool is_new = clean().contains(name) && content == clean().at(name);
      CHECK((is_old || is_new));
      CHECK((replacing || way_.before.contains(name)));
    }
  }
  bool deletes_old() const {
    const auto is_one = [&](const Seen& seen) {
      return seen.method == "DELETE" && seen.queries.empty() && way_.before.contains(seen.object);
    };
    return std::any_of(bench.fake.seen.begin(), bench.fake.seen.end(), is_one);
  }
  void check_complete() { CHECK((bench.fake.objects == clean())); }

  // What the way leaves where nothing fails.
  const Objects& clean() {
    static std::map<std::string, Objects> known;
    Objects& objects = known[way_.name];
    if (objects.empty()) {
      Trial trial(way_);
      REQUIRE(trial.run());
      objects = trial.bench.fake.objects;
    }
    return objects;
  }

  Bench bench;
  bool aborting = false;

 private:
  const Way& way_;
};

std::size_t steps_of(const Way& way) {
  Trial trial(way);
  REQUIRE(trial.run());
  return trial.bench.fake.seen.size();
}

// The same request, however often it is repeated.
std::string identity(const Seen& seen) {
  std::string text = seen.method + " " + seen.object;
  for (const auto& [name, value] : seen.queries) {
    if (name != "uploadId") text += " " + name + "=" + value;
  }
  return text;
}

}  // namespace

TEST_CASE("window writer with any one request broken once leaves complete objects", "[faults]") {
  for (const Way& way : ways()) {
    const std::size_t steps = steps_of(way);
    for (std::size_t step = 0; step < steps; ++step) {
      for (const Fault kind : kKinds) {
        Trial trial(way);
        trial.bench.fake.fault = [&](const Seen&, std::size_t number) {
          return number == step ? kind : Fault::none;
        };
        CAPTURE(way.name, step, static_cast<int>(kind));
        const bool succeeded = trial.run();
        trial.check(succeeded);
        // A completion whose checksum is wrong is not repeated: the object is there, and not ours.
        CHECK((succeeded || kind == Fault::wrong_checksum));
      }
    }
  }
}

TEST_CASE("window writer with any one request broken for good leaves all or nothing", "[faults]") {
  for (const Way& way : ways()) {
    const std::size_t steps = steps_of(way);
    for (std::size_t step = 0; step < steps; ++step) {
      for (const Fault kind : kKinds) {
        Trial trial(way);
        std::string broken;
        trial.bench.fake.fault = [&](const Seen& seen, std::size_t number) {
          if (number == step) broken = identity(seen);
          return !trial.aborting && identity(seen) == broken ? kind : Fault::none;
        };
        CAPTURE(way.name, step, static_cast<int>(kind), broken);
        trial.check(trial.run());
      }
    }
  }
}

TEST_CASE("window writer whose network is gone from any request on is put right by the next attempt",
          "[faults]") {
  for (const Way& way : ways()) {
    const std::size_t steps = steps_of(way);
    for (std::size_t step = 0; step < steps; ++step) {
      for (const Fault kind : kKinds) {
        Trial trial(way);
        // The abort fails as well: as good as a crash.
        trial.bench.fake.fault = [&](const Seen&, std::size_t number) {
          if (number == step) return kind;
          return number > step ? Fault::drop_request : Fault::none;
        };
        CAPTURE(way.name, step, static_cast<int>(kind));
        const bool succeeded = trial.run();
        trial.bench.fake.fault = nullptr;
        if (!succeeded) REQUIRE(trial.run());
        trial.check(true);
      }
    }
  }
}

TEST_CASE("window writer that is stopped at any request takes everything back", "[faults]") {
  for (const Way& way : ways()) {
    const std::size_t steps = steps_of(way);
    for (std::size_t step = 0; step < steps; ++step) {
      CAPTURE(way.name, step);
      Trial trial(way);
      trial.run_stopped(step);
      REQUIRE(trial.run());
      trial.check(true);
    }
  }
}
