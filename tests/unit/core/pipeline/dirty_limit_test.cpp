#include "core/pipeline/dirty_limit.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sluice;
using namespace sluice::pipeline;

namespace {

struct Lines final : public Log {
  void line(Level, std::string_view text) noexcept override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Keeps lines until there are `max`, or fails.
struct Kept {
  std::vector<std::string> lines;
  std::size_t max = 1000;
  std::optional<Error> failure;
};
class FakeFile final : public DirtyFile {
 public:
  explicit FakeFile(Kept& kept) : kept_(kept) {}
  Result<bool> keep(std::string_view line) override {
    if (kept_.failure) return *kept_.failure;
    if (kept_.lines.size() >= kept_.max) return false;
    kept_.lines.emplace_back(line);
    return true;
  }
  Result<void> finish(std::string_view line) override {
    if (kept_.failure) return *kept_.failure;
    kept_.lines.emplace_back(line);
    return {};
  }
  const std::string& path() const noexcept override { return path_; }

 private:
  Kept& kept_;
  std::string path_ = "/logs/0015_1.dirty.jsonl";
};

struct Bench {
  explicit Bench(std::optional<std::uint64_t> rows, std::vector<std::string> columns = {},
                 std::optional<double> percentage = {})
      : limit({rows, percentage}, std::move(columns), statistics, log, std::make_unique<FakeFile>(kept)) {}

  Result<void> add(std::uint64_t row, std::size_t column = 0) {
    return limit.add(DirtyRow{2, row, column, "is no finite number", {}});
  }

  Statistics statistics;
  Lines log;
  Kept kept;
  DirtyLimit limit;
};

}  // namespace

TEST_CASE("dirty limit: one row more than allowed fails the attempt and names the last one") {
  Bench bench(2, {"uid", "price"});
  CHECK(bench.add(5, 2).has_value());
  CHECK(bench.add(7, 3).has_value());
  const auto third = bench.add(9, 0);
  REQUIRE(third.has_error());
  CHECK(third.error().code() == Errc::dirty_limit);
  CHECK(third.error().message() ==
        "dirty row 9 of shard 2: is no finite number; 3 dirty rows, setting.errorLimit.record allows 2");
  CHECK(bench.log.lines ==
        std::vector<std::string>{"dirty row 5 of shard 2: column price is no finite number",
                                 "dirty row 7 of shard 2: column 3 is no finite number",
                                 "dirty row 9 of shard 2: is no finite number"});
  CHECK(bench.kept.lines.size() == 3);
  CHECK(bench.statistics.dirty_rows == 3);
}

TEST_CASE("dirty limit: without a limit every row is counted, the first hundred are told") {
  Bench bench(std::nullopt);
  for (std::uint64_t row = 1; row <= 250; ++row) REQUIRE(bench.add(row).has_value());
  bench.limit.close();
  REQUIRE(bench.log.lines.size() == 102);
  CHECK(bench.log.lines[99].starts_with("dirty row 100 "));
  CHECK(bench.log.lines[100] == "further dirty rows have no line of their own here");
  CHECK(bench.log.lines[101] == "250 dirty rows left out, kept in /logs/0015_1.dirty.jsonl");
  CHECK(bench.kept.lines.size() == 250);
}

TEST_CASE("dirty limit: the percentage is looked at when all rows are there") {
  Bench bench(std::nullopt, {}, 2.5);
  CHECK(bench.limit.check_percentage().has_value());
  REQUIRE(bench.add(1).has_value());
  bench.statistics.rows = 40;
  CHECK(bench.limit.check_percentage().has_value());
  bench.statistics.rows = 39;
  const auto checked = bench.limit.check_percentage();
  REQUIRE(checked.has_error());
  CHECK(checked.error().code() == Errc::dirty_limit);
  CHECK(checked.error().message() ==
        "1 of 39 rows are dirty, 2.564 %; setting.errorLimit.percentage allows 2.5 %");
}

TEST_CASE("dirty limit: a full file keeps the first rows and the number of the others") {
  Bench bench(std::nullopt);
  bench.kept.max = 2;
  for (std::uint64_t row = 1; row <= 5; ++row) REQUIRE(bench.add(row).has_value());
  bench.limit.close();
  REQUIRE(bench.kept.lines.size() == 3);
  CHECK(bench.kept.lines.back() == R"({"left_out":3})");
  CHECK(bench.log.lines.back() ==
        "5 dirty rows left out, the first 2 of them kept in /logs/0015_1.dirty.jsonl");
}

TEST_CASE("dirty limit: a file that cannot be written is told once and fails nothing") {
  Bench bench(std::nullopt);
  bench.kept.failure = Error(Errc::disk_full, "write /logs/x: No space left on device");
  for (std::uint64_t row = 1; row <= 3; ++row) REQUIRE(bench.add(row).has_value());
  bench.limit.close();
  REQUIRE(bench.log.lines.size() == 5);
  CHECK(
      bench.log.lines[1] ==
      "keep a dirty row: write /logs/x: No space left on device; it and those that follow are counted only");
  CHECK(bench.log.lines[4] == "3 dirty rows left out");
}

TEST_CASE("dirty limit: rows of the whole table count as well, and are told as its own") {
  Bench bench(1);
  CHECK(bench.limit.table().add(DirtyRow{4, 1, 1, "is no finite number", {}}).has_value());
  CHECK(bench.log.lines.back() == "dirty row 1 of range 4 of the table: column 1 is no finite number");
  CHECK(bench.kept.lines.back().starts_with("{\"range\":4,"));
  CHECK(bench.add(1).has_error());
}

TEST_CASE("dirty limit: an attempt without dirty rows tells nothing of them") {
  Bench bench(0);
  bench.limit.close();
  CHECK(bench.log.lines.empty());
  CHECK(bench.kept.lines.empty());
}
