#include "core/tablestore/hand_over.hpp"

#include "tests/support/take_over_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using pipeline::Positions;
using pipeline::ShardPosition;
using sluice::test::TakeOverFixture;
using Kind = pipeline::ShardPosition::Kind;
using Starts = sluice::test::OriginalReader::Starts;

struct HandOverFixture : TakeOverFixture {
  HandOverFixture() { source.take_over = job::TakeOver::never; }

  // Reads a window from the positions of the one before it, or first, and hands it over.
  Positions export_window(int number, const std::optional<Positions>& previous = {}) {
    auto outcome = read(number, plan(number, previous).value());
    REQUIRE(outcome.has_value());
    return outcome->end;
  }

  std::string refusal(int number, const Positions& end, Errc code) {
    const auto result = give(number, end);
    REQUIRE(result.has_error());
    CHECK(to_string(result.error().code()) == to_string(code));
    return result.error().message();
  }
};

// A busy shard whose window ends inside a page, one that is idle, one that has split, and a child that waits.
struct Busy : HandOverFixture {
  Busy() {
    for (const std::string id : {"busy", "idle", "old"}) stream.add_shard(id);
    for (int i = 0; i < 8; ++i) write("busy", i, i * 1min);
    write("old", 10, 1min);
    stream.split("old");  // shard-003, shard-004
    write("shard-003", 11, 2min);
    write("shard-003", 12, 6min);
    stream.split("shard-003");  // shard-005, shard-006
    write("shard-005", 13, 7min);
  }
};

const Starts kBusyStarts = {{"busy", "busy@5"},           {"idle", "idle@0"},
                            {"old", "SHARD_END"},         {"shard-003", "shard-003@1"},
                            {"shard-004", "shard-004@0"}, {"shard-005", "TRIM_HORIZON"},
                            {"shard-006", "TRIM_HORIZON"}};

TEST_CASE("hand over: the original goes on exactly where the window ended") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  REQUIRE(fixture.give(0, end).has_value());
  CHECK(fixture.original.starts(fixture.end_of(0)) == kBusyStarts);
  const auto taken = fixture.run_original(1);
  CHECK(taken.at("busy").size() == 3);
  CHECK(taken.at("shard-003").size() == 1);
  CHECK(taken.at("shard-005").size() == 1);
  CHECK(taken.at("idle").empty());
}

TEST_CASE("hand over: rows have one version, and repeating it writes nothing") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  REQUIRE(fixture.give(0, end).has_value());
  CHECK(fixture.checkpoint(0, "busy", "Version").text == "1539648300000-sluice-orders");
  CHECK(fixture.checkpoint(0, "busy", "SkipCount").integer == 0);
  CHECK(fixture.job(0, "Version").text == "1539648300000-sluice-orders");
  CHECK(fixture.job(0, "TableName").text == "orders");
  CHECK(fixture.job(0, "StartTime").integer == 1'539'648'000'000);
  CHECK(fixture.job(0, "EndTime").integer == 1'539'648'300'000);
  const auto writes = fixture.tables.writes();
  REQUIRE(writes.size() == 8);
  CHECK(writes[0] == "PutRow (orders_1, CheckpointForDataxReader,    1539648300000\tbusy)");
  CHECK(writes[7] == "PutRow (orders_1, DataxJobDesc,    1539648300000)");
  fixture.tables.calls.clear();
  REQUIRE(fixture.give(0, end).has_value());
  CHECK(fixture.tables.writes().empty());
}

TEST_CASE("hand over: whichever write fails, the original never finds a run that is not whole") {
  const bool applied = GENERATE(false, true);  // the write is done, but its answer is lost
  const bool standing = GENERATE(false, true);
  Starts before;
  for (int step = 1; step < 100; ++step) {
    Busy fixture;
    const Positions end = fixture.export_window(0);
    if (standing) {
      // An earlier attempt saw less, and a shard that is gone now.
      before = {{"busy", "busy@1"}, {"gone", "SHARD_END"}};
      fixture.original.write_run(fixture.window(0).start, fixture.end_of(0), before,
                                 "1539648300000-sluice-orders");
    }
    int writes = 0;
    const auto fail = [&](std::string_view operation) -> std::optional<Error> {
      if (operation == "GetRange" || ++writes != step) return std::nullopt;
      return Error(Errc::unavailable, "the write failed");
    };
    (applied ? fixture.tables.lost_answer : fixture.tables.fault) = fail;
    const auto result = fixture.give(0, end);
    const auto found = fixture.original.starts(fixture.end_of(0));
    if (result.has_value()) {
      CHECK(step == (standing ? 11 : 9));
      CHECK(found == kBusyStarts);
      return;
    }
    CHECK(result.error().message() == "hand over orders: the write failed");
    const bool untouched = standing && step == 1 && !applied;
    const bool whole = applied && step == (standing ? 10 : 8);
    CHECK(found.has_value() == (untouched || whole));
    if (untouched) CHECK(found == before);
    if (whole) CHECK(found == kBusyStarts);

    fixture.tables.fault = nullptr;
    fixture.tables.lost_answer = nullptr;
    REQUIRE(fixture.give(0, end).has_value());
    CHECK(fixture.original.starts(fixture.end_of(0)) == kBusyStarts);
  }
  FAIL("it never succeeds");
}

TEST_CASE("hand over: without the last record met again nothing is claimed") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  const auto lose = [&] {
    fixture.stream.shard("busy").log.erase(fixture.stream.shard("busy").log.begin() + 4);
  };
  const std::string text =
      "hand over orders: shard busy: record 1_1539648240000000_0, seen before, is not met again";
  SECTION("nothing is written") {
    lose();
    CHECK(fixture.refusal(0, end, Errc::corrupt) == text);
    CHECK(fixture.tables.writes().empty());
  }
  SECTION("and what an earlier attempt claimed is taken back") {
    REQUIRE(fixture.give(0, end).has_value());
    lose();
    fixture.tables.calls.clear();
    CHECK(fixture.refusal(0, end, Errc::corrupt) == text);
    CHECK(fixture.tables.writes() ==
          std::vector<std::string>{"DeleteRow (orders_1, DataxJobDesc,    1539648300000)"});
    CHECK_FALSE(fixture.original.starts(fixture.end_of(0)).has_value());
  }
  SECTION("trimmed data is told as such") {
    fixture.stream.trim("busy", 6);
    CHECK(fixture.refusal(0, end, Errc::trimmed) ==
          "hand over orders: shard busy: get records: requested data is already trimmed");
  }
}

TEST_CASE("hand over: a run of somebody else with the same end is left alone") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  SECTION("a whole one") { fixture.run_original(0); }
  SECTION("one that has only begun") {
    fixture.run_original(0);
    for (const auto& [shard, start] : kBusyStarts) fixture.remove_checkpoint(0, shard);
  }
  SECTION("one without job row") {
    fixture.run_original(0);
    fixture.remove_job(0);
  }
  SECTION("one of very old form") {
    fixture.original.put("CheckpointForDataxReader", fixture.original.end_text(fixture.end_of(0)),
                         {fixture.original.integer_cell("ShardCount", 7)});
  }
  SECTION("one of another job of ours") {
    fixture.original.write_run(fixture.window(0).start, fixture.end_of(0), {{"busy", "busy@1"}},
                               "1539648300000-sluice-other");
  }
  const auto before = fixture.tables.tables;
  CHECK(fixture.refusal(0, end, Errc::conflict) ==
        "hand over orders: status table status has rows of somebody else's run that ended at "
        "2018-10-16T08:05+08:00; they are left alone");
  CHECK(fixture.tables.tables == before);
}

TEST_CASE("hand over: other runs in the table are not touched") {
  Busy fixture;
  for (const int number : {-1, 1}) fixture.original.run(fixture.window(number).start, fixture.end_of(number));
  const auto before = fixture.tables.tables.at("status");
  REQUIRE(fixture.give(0, fixture.export_window(0)).has_value());
  for (const auto& [key, cells] : before) CHECK(fixture.tables.tables.at("status").at(key) == cells);
  CHECK(fixture.original.starts(fixture.end_of(1)).has_value());
}

TEST_CASE("hand over: the status table is made as the original makes it") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  fixture.tables.tables.clear();
  fixture.stream.other_tables.clear();
  SECTION("and used at once") {
    REQUIRE(fixture.give(0, end).has_value());
    CHECK(fixture.tables.writes().at(0) == "CreateTable status 2592000 s");
    const auto& key = fixture.stream.other_tables.at(0).primary_key;
    REQUIRE(key.size() == 3);
    CHECK(key[0].name == "StreamId");
    CHECK(key[1].name == "StatusType");
    CHECK(key[2].name == "StatusValue");
    CHECK(std::ranges::all_of(key, [](const KeyColumn& column) { return column.type == KeyType::string; }));
  }
  SECTION("unless somebody was faster") {
    fixture.tables.fault = [&](std::string_view operation) -> std::optional<Error> {
      if (operation != "CreateTable") return std::nullopt;
      fixture.tables.add("status", status_key());
      return Error(Errc::conflict, "create table: it exists");
    };
    REQUIRE(fixture.give(0, end).has_value());
  }
  SECTION("unless that is forbidden") {
    fixture.tables.fault = [](std::string_view) {
      return std::optional<Error>(Error(Errc::permission_denied, "create table: no"));
    };
    CHECK(fixture.refusal(0, end, Errc::permission_denied) == "hand over orders: create table: no");
    return;
  }
  CHECK(fixture.original.starts(fixture.end_of(0)) == kBusyStarts);
}

TEST_CASE("hand over: a table of another kind is refused") {
  Busy fixture;
  const Positions end = fixture.export_window(0);
  auto& key = fixture.stream.other_tables[0].primary_key;
  SECTION("names") { key[1].name = "Type"; }
  SECTION("types") { key[2].type = KeyType::integer; }
  SECTION("number of columns") { key.pop_back(); }
  CHECK_THAT(
      fixture.refusal(0, end, Errc::invalid_argument),
      Catch::StartsWith("hand over orders: read status table status: its key must be StreamId, StatusType, "
                        "StatusValue, all STRING, but it is StreamId, "));
  CHECK(fixture.tables.writes().empty());
}

TEST_CASE("hand over: what is handed over can be taken over") {
  Busy fixture;
  REQUIRE(fixture.give(0, fixture.export_window(0)).has_value());
  fixture.source.take_over = job::TakeOver::required;
  const auto outcome = fixture.read(1, fixture.plan(1).value());
  REQUIRE(outcome.has_value());
  std::vector<std::string> rows;
  for (const auto& [place, some] : fixture.writer.rows) rows.insert(rows.end(), some.begin(), some.end());
  std::sort(rows.begin(), rows.end());
  CHECK(rows == std::vector<std::string>{"12,value", "13,value", "5,value", "6,value", "7,value"});
}

}  // namespace
