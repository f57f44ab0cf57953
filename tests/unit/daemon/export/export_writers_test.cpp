#include "daemon/export/export_writers.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::oss_window::shard_of;
using sluice::test::oss_window::WindowBench;

namespace {

job::Export work_of(const WindowBench& bench, job::WriteMode mode = job::WriteMode::truncate) {
  job::Export work;
  work.window = bench.window;
  work.target = bench.target;
  work.target.write_mode = mode;
  work.source.full_table_first = true;
  return work;
}

WriterMaker maker_of(WindowBench& bench) {
  return [ports = bench.writer_ports(bench.target).value()](
             const job::Target& target, const job::Settings& settings, const objects::UploadLimits& limits,
             std::vector<pipeline::ObjectInfo> written) {
    return objects::make_writer(ports, target, settings, limits, std::move(written));
  };
}

// One attempt with a table of `ranges` ranges.
Result<std::vector<pipeline::ObjectInfo>> load(WindowBench& bench, ExportWriters& writers,
                                               std::uint32_t ranges) {
  auto writer =
      writers.begin_with_table(writers.begin(bench.window, bench.statistics, bench.log, bench.dirty),
                               bench.window, bench.statistics, bench.log, bench.dirty);
  const auto prepared = bench.loop.run(writer->prepare());
  if (!prepared) return prepared.error();
  for (std::uint32_t i = 0; i < ranges; ++i) {
    const auto fed = bench.loop.run(bench.feed(writer->first(), shard_of(i, 2, 10, 2)));
    if (!fed) return fed.error();
  }
  const auto fed = bench.loop.run(bench.feed(*writer, shard_of(0, 3, 10, 2)));
  if (!fed) return fed.error();
  auto objects = bench.loop.run(writer->commit());
  if (!objects) bench.loop.run(writer->abort());
  return objects;
}

}  // namespace

TEST_CASE(
    "export writers: a repeated load replaces its own objects, also where it cuts the table elsewhere") {
  for (const job::WriteMode mode : {job::WriteMode::truncate, job::WriteMode::append}) {
    WindowBench bench;
    auto writers = ExportWriters::make(maker_of(bench), work_of(bench, mode), {});
    REQUIRE(writers);
    REQUIRE(load(bench, *writers, 3));
    CHECK(bench.fake.objects.size() == 4);
    const auto objects = load(bench, *writers, 2);
    REQUIRE(objects);
    CHECK(bench.fake.objects.size() == 3);
    REQUIRE(objects->size() == 3);
    CHECK((*objects)[0].name == "t__full_20181016080000_0000.csv");
    CHECK((*objects)[2].name == sluice::test::oss_window::kPrefix + "0000.csv");
  }
}

TEST_CASE("export writers: with nonConflict a load that is there already is not touched") {
  WindowBench bench;
  auto writers = ExportWriters::make(maker_of(bench), work_of(bench, job::WriteMode::non_conflict), {});
  const auto objects = load(bench, *writers, 1);
  REQUIRE(objects);
  const auto before = bench.fake.objects;
  auto repeat = ExportWriters::make(maker_of(bench), work_of(bench, job::WriteMode::non_conflict), *objects);
  const auto again = load(bench, *repeat, 1);
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::conflict);
  CHECK(bench.fake.objects == before);
}

TEST_CASE("export writers: with nonConflict a load that a crash cut off anywhere is done again") {
  const auto writers_of = [](WindowBench& bench) {
    return ExportWriters::make(maker_of(bench), work_of(bench, job::WriteMode::non_conflict), {});
  };
  WindowBench clean;
  auto once = writers_of(clean);
  REQUIRE(load(clean, *once, 2));
  for (std::size_t step = 0; step < clean.fake.seen.size(); ++step) {
    WindowBench bench;
    bench.fake.fault = [&](const auto&, std::size_t number) {
      return number >= step ? sluice::test::FakeOssTransport::Fault::drop_request
                            : sluice::test::FakeOssTransport::Fault::none;
    };
    auto writers = writers_of(bench);
    CAPTURE(step);
    REQUIRE_FALSE(load(bench, *writers, 2));
    bench.fake.fault = nullptr;
    writers = writers_of(bench);
    REQUIRE(load(bench, *writers, 2));
    CHECK(bench.fake.objects == clean.fake.objects);
  }
}

TEST_CASE("export writers: with truncateScope prefix the table's objects stay beside their window's") {
  WindowBench bench;
  bench.fake.objects["t_old"] = "goes";
  job::Export work = work_of(bench);
  work.target.truncate_scope = job::TruncateScope::prefix;
  auto writers = ExportWriters::make(maker_of(bench), work, {});
  REQUIRE(load(bench, *writers, 2));
  CHECK(bench.fake.objects.size() == 3);
  CHECK(bench.fake.objects.contains("t__full_20181016080000_0001.csv"));
}

TEST_CASE("export writers: the table's objects stay with those of a window that has replaced others") {
  WindowBench bench;
  bench.fake.objects = {{"t_a", "yesterday's"}, {"t_b", "cannot be deleted"}};
  bench.fake.fault = [](const auto& seen, std::size_t) {
    return seen.method == "DELETE" && seen.object == "t_b"
               ? sluice::test::FakeOssTransport::Fault::server_error
               : sluice::test::FakeOssTransport::Fault::none;
  };
  job::Export work = work_of(bench);
  work.target.truncate_scope = job::TruncateScope::prefix;
  auto writers = ExportWriters::make(maker_of(bench), work, {});
  REQUIRE(writers);
  REQUIRE_FALSE(load(bench, *writers, 2));
  CHECK(bench.fake.objects.size() == 4);
  CHECK(bench.fake.objects.contains("t__full_20181016080000_0001.csv"));
  CHECK(bench.fake.objects.contains(sluice::test::oss_window::kPrefix + "0000.csv"));
}

TEST_CASE("export writers: a repeated window keeps the table's objects in the ledger") {
  WindowBench bench;
  job::Export work = work_of(bench);
  work.source.full_table_first = false;  // the key may be gone meanwhile
  const pipeline::ObjectInfo table{"t__full_20181016080000_0000.csv", 1, 2, 3};
  const pipeline::ObjectInfo old{sluice::test::oss_window::kPrefix + "0000.csv", 4, 5, 6};
  const pipeline::ObjectInfo fresh{sluice::test::oss_window::kPrefix + "0000.csv", 7, 8, 9};
  const auto writers = ExportWriters::make(maker_of(bench), work, {table, old});
  REQUIRE(writers);
  CHECK(writers->with_table_objects({fresh}) == std::vector<pipeline::ObjectInfo>{table, fresh});
}
