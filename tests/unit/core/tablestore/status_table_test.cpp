#include "core/tablestore/status_table.hpp"

#include "core/http/deflate.hpp"
#include "core/tablestore/shard_plan.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::ValueType;

const Instant kEnd{1'539'619'500'000ms};

// A row as it is decoded from a page; the views stay with the object.
struct Decoded {
  explicit Decoded(StatusRow source) : row(std::move(source)) { decode(); }

  void decode() {
    record = DecodedRecord();
    for (const KeyCell& cell : row.key) {
      Cell& added = record.cells.emplace_back();
      added.name = cell.name;
      added.value.type = ValueType::string;
      added.value.text = cell.text;
    }
    record.key_cells = record.cells.size();
    for (const AttributeCell& cell : row.cells) {
      Cell& added = record.cells.emplace_back();
      added.name = cell.name;
      if (cell.kind == AttributeCell::Kind::integer) {
        added.value.type = ValueType::integer;
        added.value.integer = cell.integer;
        continue;
      }
      added.value.type = cell.kind == AttributeCell::Kind::binary ? ValueType::binary : ValueType::string;
      added.value.text = cell.text;
    }
  }

  AttributeCell& cell(const std::string& name) {
    const auto found = std::find_if(row.cells.begin(), row.cells.end(),
                                    [&](const AttributeCell& cell) { return cell.name == name; });
    REQUIRE(found != row.cells.end());
    return *found;
  }

  void remove(const std::string& name) {
    row.cells.erase(row.cells.begin() + (&cell(name) - row.cells.data()));
    decode();
  }

  void set(const std::string& name, std::string text) {
    cell(name).text = std::move(text);
    decode();
  }

  void set_key(std::size_t place, std::string text) {
    row.key.at(place).text = std::move(text);
    decode();
  }

  StatusRow row;
  DecodedRecord record;
};

StatusCheckpoint checkpoint() { return {"shard-1", "v", "iterator", 0}; }

StatusJob job() { return {"v", "orders", "orders_1", kEnd - 5min, kEnd, {"shard-1", "shard-2"}}; }

std::string text_of(const StatusRow& row) {
  std::string text;
  for (const KeyCell& cell : row.key) text += fmt::format("{}={};", cell.name, cell.text);
  for (const AttributeCell& cell : row.cells) {
    const bool is_integer = cell.kind == AttributeCell::Kind::integer;
    text +=
        fmt::format(" {}={}", cell.name, is_integer ? std::to_string(cell.integer) : "'" + cell.text + "'");
  }
  return text;
}

std::string refusal_of(const Decoded& row) {
  StatusRun run;
  const auto added = add_checkpoint(row.record, run);
  REQUIRE(added.has_error());
  CHECK(added.error().code() == Errc::corrupt);
  CHECK(run.checkpoints.empty());
  return added.error().message();
}

std::string job_refusal_of(const Decoded& row) {
  const auto read = job_from_row(row.record);
  REQUIRE(read.has_error());
  CHECK(read.error().code() == Errc::corrupt);
  return read.error().message();
}

std::string shard_list_refusal(const std::string& list) {
  Decoded row(to_row(job()));
  row.set("ShardIds_0", http::deflate_zlib(list));
  return job_refusal_of(row);
}

TEST_CASE("status table: a checkpoint has the original's key and columns") {
  CHECK(text_of(to_row("orders_1", kEnd, checkpoint())) ==
        "StreamId=orders_1;StatusType=CheckpointForDataxReader;StatusValue=   1539619500000\tshard-1; "
        "Version='v' Checkpoint='iterator' SkipCount=0");
}

TEST_CASE("status table: a job row has the original's key and columns") {
  const StatusRow row = to_row(job());
  const std::string packed = http::deflate_zlib("[\"shard-1\",\"shard-2\"]");
  CHECK(text_of(row) ==
        "StreamId=orders_1;StatusType=DataxJobDesc;StatusValue=   1539619500000; ShardIds_0='" + packed +
            "' Version='v' TableName='orders' JobStreamId='orders_1' StartTime=1539619200000 "
            "EndTime=1539619500000");
  CHECK(row.cells[0].kind == AttributeCell::Kind::binary);
  CHECK(text_of(to_row(job())) == text_of(row));
}

TEST_CASE("status table: the ranges hold the rows of one run") {
  const KeyRange one = job_range("orders_1", kEnd);
  CHECK(one.begin == to_row(job()).key);
  CHECK(one.end.back().text == "   1539619500000\t");
  const KeyRange checkpoints = checkpoint_range("orders_1", kEnd);
  CHECK(checkpoints.begin.back().text == "   1539619500000");
  CHECK(checkpoints.end.back().text == "   1539619500000\t\x7f");
  const KeyRange all = jobs_range("orders_1");
  CHECK(all.begin.back().kind == KeyCell::Kind::least);
  CHECK(all.end.back().kind == KeyCell::Kind::greatest);
}

TEST_CASE("status table: what is written is read back") {
  StatusCheckpoint with_skip = checkpoint();
  with_skip.skip = 7;
  for (const StatusCheckpoint& written : {checkpoint(), with_skip}) {
    const Decoded row(to_row("orders_1", kEnd, written));
    StatusRun run;
    REQUIRE(add_checkpoint(row.record, run).has_value());
    REQUIRE(run.checkpoints.size() == 1);
    CHECK(run.checkpoints[0] == written);
    CHECK_FALSE(run.shard_count.has_value());
  }
  const Decoded row(to_row(job()));
  CHECK(job_from_row(row.record).value() == job());
  CHECK(end_from_key(row.record).value() == kEnd);
}

TEST_CASE("status table: a long list of shards is cut into pieces of 64 KiB") {
  StatusJob large = job();
  large.shards.clear();
  std::uint32_t state = 1;  // ids that cannot be packed well
  for (std::size_t i = 0; i < kPlanShardsMax; ++i) {
    std::string id = std::to_string(i) + "-";
    for (int letter = 0; letter < 30; ++letter) {
      state = state * 1'664'525U + 1'013'904'223U;
      id += static_cast<char>('a' + (state >> 24U) % 26U);
    }
    large.shards.push_back(std::move(id));
  }
  Decoded row(to_row(large));
  CHECK(row.cell("ShardIds_0").text.size() == 64 * 1024);
  CHECK_FALSE(row.cell("ShardIds_1").text.empty());
  CHECK(job_from_row(row.record).value() == large);
  row.remove("ShardIds_1");
  CHECK(job_refusal_of(row) ==
        "read status row (orders_1, DataxJobDesc,    1539619500000): ShardIds: "
        "inflate 65536 bytes: cut off at byte 65536");
}

TEST_CASE("status table: the row of very old versions tells the number of shards") {
  Decoded row(to_row("orders_1", kEnd, checkpoint()));
  row.row.cells = {AttributeCell{"ShardCount", AttributeCell::Kind::integer, 2, {}}};
  row.set_key(2, "   1539619500000");
  StatusRun run;
  REQUIRE(add_checkpoint(row.record, run).has_value());
  CHECK(run.shard_count == 2);
  CHECK(run.checkpoints.empty());
  row.row.cells[0].integer = 0;
  row.decode();
  CHECK_THAT(refusal_of(row), Catch::EndsWith("ShardCount: expected at least 1"));
  row.row.cells[0].integer = -1;
  row.decode();
  CHECK(refusal_of(row) ==
        "read status row (orders_1, CheckpointForDataxReader,    1539619500000): ShardCount: "
        "expected an integer of 0 to 10000");
}

TEST_CASE("status table: a checkpoint of an old version lacks Version and SkipCount") {
  Decoded row(to_row("orders_1", kEnd, checkpoint()));
  row.remove("Version");
  row.remove("SkipCount");
  StatusRun run;
  REQUIRE(add_checkpoint(row.record, run).has_value());
  CHECK(run.checkpoints[0] == StatusCheckpoint{"shard-1", "", "iterator", 0});
}

TEST_CASE("status table: checkpoints that make no sense are refused by the name of their row") {
  const std::string place =
      "read status row (orders_1, CheckpointForDataxReader,    1539619500000 shard-1): ";
  Decoded row(to_row("orders_1", kEnd, checkpoint()));
  SECTION("no iterator") {
    row.remove("Checkpoint");
    CHECK(refusal_of(row) == place + "Checkpoint: expected a string of 1 to 65536 bytes");
  }
  SECTION("an empty iterator") {
    row.set("Checkpoint", "");
    CHECK(refusal_of(row) == place + "Checkpoint: expected a string of 1 to 65536 bytes");
  }
  SECTION("an iterator without measure") {
    row.set("Checkpoint", std::string(65'537, 'x'));
    CHECK(refusal_of(row) == place + "Checkpoint: expected a string of 1 to 65536 bytes");
  }
  SECTION("an iterator of another type") {
    row.cell("Checkpoint").kind = AttributeCell::Kind::binary;
    row.decode();
    CHECK(refusal_of(row) == place + "Checkpoint: expected a string of 1 to 65536 bytes");
  }
  SECTION("records to be left out that no page can hold") {
    row.cell("SkipCount").integer = 100'001;
    row.decode();
    CHECK(refusal_of(row) == place + "SkipCount: expected an integer of 0 to 100000");
  }
  SECTION("records to be left out that are no number") {
    row.cell("SkipCount").kind = AttributeCell::Kind::string;
    row.set("SkipCount", "1");
    CHECK(refusal_of(row) == place + "SkipCount: expected an integer of 0 to 100000");
  }
  SECTION("fewer than no records to be left out") {
    row.cell("SkipCount").integer = -1;
    row.decode();
    CHECK(refusal_of(row) == place + "SkipCount: expected an integer of 0 to 100000");
  }
  SECTION("records to be left out before the oldest one") {
    row.cell("SkipCount").integer = 1;
    row.set("Checkpoint", "TRIM_HORIZON");
    CHECK(refusal_of(row) == place + "SkipCount: expected 0 with TRIM_HORIZON");
  }
  SECTION("records to be left out at the end of a shard") {
    row.cell("SkipCount").integer = 1;
    row.set("Checkpoint", "SHARD_END");
    CHECK(refusal_of(row) == place + "SkipCount: expected 0 with SHARD_END");
  }
  SECTION("a version without measure") {
    row.set("Version", std::string(1025, 'x'));
    CHECK(refusal_of(row) == place + "Version: expected a string of 0 to 1024 bytes");
  }
}

TEST_CASE("status table: keys that make no sense are refused") {
  Decoded row(to_row("orders_1", kEnd, checkpoint()));
  const std::string place = "read status row (orders_1, CheckpointForDataxReader, ";
  for (const std::string value :
       {"1539619500000\tshard", "   153961950000x\tshard", "                \tshard",
        "9999999999999999\tshard", "  -1539619500000\tshard", ""}) {
    row.set_key(2, value);
    std::string shown = value;
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    CHECK(refusal_of(row) == place + shown + "): StatusValue: expected milliseconds in 16 places");
  }
  for (const std::string rest : {"\t", "shard", "-\tshard"}) {
    row.set_key(2, "   1539619500000" + rest);
    CHECK_THAT(refusal_of(row),
               Catch::EndsWith("StatusValue: expected a tab and a shard behind the milliseconds"));
  }
  row.set_key(2, "   1539619500000\tshard\n\x1b[1m" + std::string(500, 'x'));
  row.set("Checkpoint", "");
  CHECK_THAT(refusal_of(row), Catch::Contains("1539619500000 shard  [1mxxx") && !Catch::Contains("\n"));
  CHECK(refusal_of(row).size() < 300);
  row.set_key(2, "   1539619500000\t\xff\xe4\xb8" + std::string(90, 'x') + "\u4e2d\u6587\u4e2d\u6587\u4e2d");
  CHECK_THAT(refusal_of(row), Catch::Contains("1539619500000 ???xxx") && Catch::Contains("x\u4e2d\u6587..."));
  row.set_key(1, "DataxJobDesc");
  CHECK_THAT(refusal_of(row), Catch::EndsWith("StatusType: expected CheckpointForDataxReader"));
  row.row.key[2].name = "Other";
  row.decode();
  CHECK(refusal_of(row) == "read status row: its key is not StreamId, StatusType, StatusValue");
  row.row.key.pop_back();
  row.decode();
  CHECK(refusal_of(row) == "read status row: its key is not StreamId, StatusType, StatusValue");
}

TEST_CASE("status table: job rows that make no sense are refused by the name of their row") {
  const std::string place = "read status row (orders_1, DataxJobDesc,    1539619500000): ";
  for (const std::string column : {"Version", "JobStreamId"}) {
    Decoded row(to_row(job()));
    row.set(column, "");
    CHECK(job_refusal_of(row) == place + column + ": expected a string of 1 to 1024 bytes");
  }
  for (const std::string column : {"StartTime", "EndTime"}) {
    Decoded row(to_row(job()));
    row.remove(column);
    CHECK(job_refusal_of(row) == place + column + ": expected an integer of 0 to 4000000000000");
  }
  Decoded row(to_row(job()));
  row.set_key(2, "   1539619500000\tshard");
  CHECK_THAT(job_refusal_of(row), Catch::EndsWith("StatusValue: expected nothing behind the milliseconds"));
  CHECK_THAT(end_from_key(row.record).error().message(),
             Catch::EndsWith("StatusValue: expected nothing behind the milliseconds"));
}

TEST_CASE("status table: lists of shards that make no sense are refused, whatever they would inflate to") {
  const std::string place = "read status row (orders_1, DataxJobDesc,    1539619500000): ";
  CHECK(shard_list_refusal("{}") == place + "ShardIds: expected a JSON array");
  CHECK(shard_list_refusal("[\"a\"") == place + "ShardIds: expected a JSON array");
  CHECK(shard_list_refusal("[]") == place + "ShardIds: expected 1 to 10000 shards, got 0");
  CHECK(shard_list_refusal("[1]") == place + "ShardIds: expected strings that name shards");
  CHECK(shard_list_refusal("[\"\"]") == place + "ShardIds: expected strings that name shards");
  CHECK(shard_list_refusal("[\"a\",\"a\"]") == place + "ShardIds: shard a is there twice");
  CHECK(shard_list_refusal(std::string(5'000'000, ' ') + "[]") ==
        place + "ShardIds: inflate 4884 bytes: more than 4194304 bytes at byte 4081");
  CHECK(shard_list_refusal("[" + std::string(2'000'000, '[')) == place + "ShardIds: expected a JSON array");
  CHECK(shard_list_refusal("[\"" + std::string(5000, 'x') + "\"]") ==
        place + "ShardIds: expected strings that name shards");
  std::string many = "[\"0\"";
  for (int n = 1; n <= 10'000; ++n) many += ",\"" + std::to_string(n) + "\"";
  CHECK(shard_list_refusal(many + "]") == place + "ShardIds: expected 1 to 10000 shards, got 10001");
  Decoded large(to_row(job()));
  large.set("ShardIds_0", std::string(65'537, 'x'));
  CHECK(job_refusal_of(large) == place + "ShardIds_0: expected at most 65536 bytes of binary");
  Decoded typed(to_row(job()));
  typed.cell("ShardIds_0").kind = AttributeCell::Kind::string;
  typed.decode();
  CHECK(job_refusal_of(typed) == place + "ShardIds_0: expected at most 65536 bytes of binary");
  Decoded row(to_row(job()));
  row.set("ShardIds_0", "text");
  CHECK(job_refusal_of(row) == place + "ShardIds: inflate 4 bytes: incorrect header check at byte 2");
  row.remove("ShardIds_0");
  CHECK(job_refusal_of(row) == place + "ShardIds_0: expected at most 65536 bytes of binary");
}

}  // namespace
