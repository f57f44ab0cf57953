#include "core/tablestore/take_over.hpp"

#include "tests/support/take_over_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using namespace std::chrono_literals;
using job::TakeOver;
using pipeline::Positions;
using pipeline::ShardPosition;
using sluice::test::Rows;
using sluice::test::TakeOverFixture;
using Kind = pipeline::ShardPosition::Kind;

// "a iterator a@3, b ended": where the shards begin.
std::string text_of(const Positions& positions) {
  std::string text;
  for (const ShardPosition& shard : positions.shards) {
    text += (text.empty() ? "" : ", ") + shard.shard;
    if (shard.kind == Kind::oldest) text += " oldest";
    if (shard.kind == Kind::at_time) text += " at_time";
    if (shard.kind == Kind::ended) text += " ended";
    if (shard.kind == Kind::iterator) text += " " + shard.iterator;
    if (shard.last) text += fmt::format("+{}", shard.last->time_us);
  }
  return text;
}

std::string refusal(const Result<Positions>& result, Errc code) {
  REQUIRE(result.has_error());
  CHECK(to_string(result.error().code()) == to_string(code));
  return result.error().message();
}

TEST_CASE("take over: every shard goes on where the original's run left it") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.stream.add_shard("b");
  fixture.stream.add_shard("idle");
  fixture.write("a", 1, 1min);
  fixture.write("a", 2, 4min);
  fixture.write("b", 3, 2min);
  fixture.write("a", 4, 6min);
  fixture.write("a", 5, 4min);  // late: the original's run was over
  fixture.run_original(0);
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a a@2, b b@1, idle idle@0");
  for (const ShardPosition& shard : plan->shards) {
    CHECK(shard.polled == fixture.window(1).start);
    CHECK_FALSE(shard.last.has_value());
  }
  CHECK(plan->enabled == fixture.stream.enabled);
  CHECK(
      fixture.log.has("take over: 3 shards go on where the original's run that ended at "
                      "2018-10-16T08:05+08:00 (1539648300000) left them"));
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"4,value", "5,value"}}});
  CHECK(fixture.statistics.late == 1);
  CHECK(fixture.tables.writes().empty());
}

TEST_CASE("take over: a chain that goes on does not look at the status table") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.run_original(0);
  const auto first = fixture.plan(1);
  REQUIRE(first.has_value());
  fixture.tables.calls.clear();
  REQUIRE(fixture.plan(2, *first).has_value());
  CHECK(fixture.tables.calls.empty());
  fixture.source.take_over = TakeOver::never;
  CHECK(text_of(fixture.plan(1).value()) == "a at_time");
  CHECK(fixture.tables.calls.empty());
}

TEST_CASE("take over: splits before and after the run keep parents before children") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("z");
  fixture.stream.add_shard("b");
  fixture.write("z", 1, 1min);
  const auto [left, right] = fixture.stream.split("z");  // in window 0, read to its end
  fixture.write(left, 2, 2min);
  fixture.write(right, 3, 2min);
  fixture.write("b", 4, 6min);
  const auto [third, fourth] = fixture.stream.split("b");  // behind its end
  fixture.write(third, 5, 7min);
  fixture.run_original(0);
  CHECK(text_of(fixture.plan(1).value()) == "b b@0, " + third + " oldest, " + fourth + " oldest, z ended, " +
                                                left + " " + left + "@1, " + right + " " + right + "@1");
  const auto [fifth, sixth] = fixture.stream.split(left);  // the run did not know them
  fixture.write(fifth, 6, 8min);
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "b b@0, " + third + " oldest, " + fourth + " oldest, z ended, " + left + " " +
                              left + "@1, " + right + " " + right + "@1, " + fifth + " oldest, " + sixth +
                              " oldest");
  CHECK(plan->find(fifth)->polled == fixture.window(1).start);
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"4,value"}}, {1, {"5,value"}}, {6, {"6,value"}}});
}

TEST_CASE("take over: a shard that is not listed any more") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.stream.add_shard("b");
  fixture.write("a", 1, 1min);
  SECTION("is forgotten when it was read to its end") {
    fixture.stream.split("a");
    fixture.run_original(0);
    fixture.stream.lose("a");
    CHECK(text_of(fixture.plan(1).value()) == "b b@0, shard-002 shard-002@0, shard-003 shard-003@0");
  }
  SECTION("is a gap when it was not") {
    fixture.run_original(0);
    fixture.stream.lose("a");
    CHECK(refusal(fixture.plan(1), Errc::trimmed) ==
          "plan orders: shard a is gone before it was read to its end; what it held between "
          "2018-10-16T00:05:00Z "
          "and 2018-10-16T01:00:00Z is lost; set \"onGap\": \"continue\" to record the gap and go on");
    fixture.source.on_gap = job::OnGap::proceed;
    CHECK(text_of(fixture.plan(1).value()) == "a a@1, b b@0");
  }
}

TEST_CASE("take over: an iterator that is older than what is kept loses nothing where the run had read on") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.write("a", 1, -20min);
  fixture.write("a", 2, -15min);
  fixture.run_original(0);
  fixture.checkpoint(0, "a", "Checkpoint").text = "a@0";  // it stood still while the shard was idle
  fixture.stream.trim("a", 1);
  fixture.write("a", 3, 6min);
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  const auto outcome = fixture.read(1, *plan);
  REQUIRE(outcome.has_value());
  CHECK(outcome->gaps.empty());
  CHECK(fixture.writer.rows == Rows{{0, {"3,value"}}});
}

TEST_CASE("take over: a shard called ended that has no children is alive") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.write("a", 1, 1min);
  fixture.run_original(0);
  fixture.checkpoint(0, "a", "Checkpoint").text = "SHARD_END";
  fixture.write("a", 2, 6min);
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a at_time");
  CHECK(fixture.log.has(
      "! take over: shard a: the original calls it ended, but it has no children; it begins by time"));
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"2,value"}}});
}

TEST_CASE("take over: records behind the iterator that were read as well are left out") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  for (int i = 0; i < 6; ++i) fixture.write("a", i, i * 1min);
  fixture.run_original(0);
  fixture.checkpoint(0, "a", "Checkpoint").text = "a@1";
  fixture.checkpoint(0, "a", "SkipCount").integer = 4;
  SECTION("from one page") {}
  SECTION("from several") { fixture.stream.records_per_page = 3; }
  SECTION("from the job row's old form") {
    fixture.remove_job(0);
    fixture.original.put("CheckpointForDataxReader", fixture.original.end_text(fixture.end_of(0)),
                         {fixture.original.integer_cell("ShardCount", 1)});
  }
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a a@1+1539648240000000");
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"5,value"}}});
}

TEST_CASE("take over: fewer records behind the iterator than were read are refused") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  for (int i = 0; i < 3; ++i) fixture.write("a", i, i * 1min);
  fixture.run_original(0);
  fixture.checkpoint(0, "a", "Checkpoint").text = "a@0";
  fixture.checkpoint(0, "a", "SkipCount").integer = 4;
  fixture.source.take_over = GENERATE(TakeOver::required, TakeOver::if_found);
  CHECK(refusal(fixture.plan(1), Errc::corrupt) ==
        "take over orders: shard a: there are 3 records where 4 were read before");
}

TEST_CASE("take over: records to be left out that are trimmed make the shard begin by time") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  for (int i = 0; i < 6; ++i) fixture.write("a", i, i * 1min);
  fixture.run_original(0);
  fixture.checkpoint(0, "a", "Checkpoint").text = "a@0";
  fixture.checkpoint(0, "a", "SkipCount").integer = 5;
  fixture.stream.trim("a", 2);
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a at_time");
  CHECK(fixture.log.has(
      "! take over: shard a: get records: requested data is already trimmed; it begins by time"));
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"5,value"}}});
}

TEST_CASE("take over: a run of very old form counts if it has as many checkpoints as shards") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.stream.add_shard("b");
  fixture.run_original(0);
  fixture.remove_job(0);
  const std::string end = fixture.original.end_text(fixture.end_of(0));
  fixture.original.put("CheckpointForDataxReader", end, {fixture.original.integer_cell("ShardCount", 2)});
  CHECK(text_of(fixture.plan(1).value()) == "a a@0, b b@0");
  fixture.original.put("CheckpointForDataxReader", end, {fixture.original.integer_cell("ShardCount", 3)});
  CHECK_THAT(refusal(fixture.plan(1), Errc::not_found),
             Catch::Contains(": there are 2 checkpoints for 3 shards;"));
}

TEST_CASE("take over: a run that is required and not there is an error that shows the way out") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  SECTION("because no run was ever made") {
    CHECK(
        refusal(fixture.plan(1), Errc::not_found) ==
        "take over orders: no run of stream orders_1 that ended at 2018-10-16T08:05+08:00 (1539648300000) in "
        "status table status: there is no row; it has none of this stream at all, or set \"takeOver\": "
        "\"ifFound\" to begin by time");
  }
  SECTION("because none ended then") {
    fixture.tables.rows_per_page = 2;
    for (int number = 2; number < 9; ++number) fixture.run_original(number);
    CHECK(
        refusal(fixture.plan(1), Errc::not_found) ==
        "take over orders: no run of stream orders_1 that ended at 2018-10-16T08:05+08:00 (1539648300000) in "
        "status table status: there is no row; its last runs ended at 2018-10-16T08:25+08:00 "
        "(1539649500000), "
        "2018-10-16T08:30+08:00 (1539649800000), 2018-10-16T08:35+08:00 (1539650100000), "
        "2018-10-16T08:40+08:00 (1539650400000), 2018-10-16T08:45+08:00 (1539650700000); let the first "
        "window "
        "begin at one of them, or set \"takeOver\": \"ifFound\" to begin by time");
  }
  SECTION("because it ended a millisecond later") {
    fixture.original.run(fixture.window(0).start, fixture.end_of(0) + 1ms);
    CHECK_THAT(refusal(fixture.plan(1), Errc::not_found),
               Catch::Contains("its last runs ended at 2018-10-16T08:05+08:00 (1539648300001);"));
  }
  SECTION("because the table is not there") {
    fixture.source.status_table = "other";
    CHECK_THAT(refusal(fixture.plan(1), Errc::not_found),
               Catch::Contains("in status table other: there is no such table; its runs cannot be listed: "));
  }
  SECTION("because the job row is missing") {
    fixture.run_original(0);
    fixture.remove_job(0);
    CHECK_THAT(refusal(fixture.plan(1), Errc::not_found),
               Catch::Contains(": there are 1 checkpoints, but no job row;"));
  }
  SECTION("because it was of another stream") {
    fixture.run_original(0);
    fixture.job(0, "JobStreamId").text = "orders_0";
    CHECK_THAT(refusal(fixture.plan(1), Errc::not_found),
               Catch::Contains(": the job row is of stream orders_0;"));
  }
}

TEST_CASE("take over: a run that is not required and not there is one line in the log") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.source.take_over = TakeOver::if_found;
  if (GENERATE(false, true)) fixture.source.status_table = "other";
  CHECK(text_of(fixture.plan(1).value()) == "a at_time");
  REQUIRE(!fixture.log.lines.empty());
  CHECK_THAT(fixture.log.lines[0],
             Catch::StartsWith("take over: no run of stream orders_1 that ended at 2018-10-16T08:05+08:00") &&
                 Catch::EndsWith("; the window begins by time"));
}

TEST_CASE("take over: a run that was not finished") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.stream.add_shard("b");
  fixture.write("a", 1, 1min);
  fixture.write("b", 2, 1min);
  fixture.write("a", 3, 6min);
  fixture.write("b", 4, 6min);
  fixture.run_original(0);
  SECTION("for want of a checkpoint") { fixture.remove_checkpoint(0, "b"); }
  SECTION("for want of one of its version") { fixture.checkpoint(0, "b", "Version").text = "other"; }
  const std::string torn =
      "the original did not finish its run from 2018-10-16T08:00+08:00 (1539648000000) to "
      "2018-10-16T08:05+08:00 "
      "(1539648300000): no checkpoint of its version for 1 of 2 shards (b); ";
  CHECK(
      refusal(fixture.plan(1), Errc::conflict) ==
      "take over orders: " + torn +
          "let the first window begin where that run began, or set \"takeOver\": \"ifFound\" to begin these "
          "shards by time");
  fixture.source.take_over = TakeOver::if_found;
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a a@1, b at_time");
  CHECK(fixture.log.has("! take over: " + torn +
                        "these begin by time, and what that run left unread of them is not exported"));
  REQUIRE(fixture.read(1, *plan).has_value());
  CHECK(fixture.writer.rows == Rows{{0, {"3,value"}}, {1, {"4,value"}}});
}

TEST_CASE("take over: many shards without checkpoint are told by a few names") {
  TakeOverFixture fixture;
  for (int i = 0; i < 8; ++i) fixture.stream.add_shard();
  fixture.run_original(0);
  for (int i = 0; i < 8; ++i) fixture.remove_checkpoint(0, fmt::format("shard-00{}", i));
  CHECK_THAT(
      refusal(fixture.plan(1), Errc::conflict),
      Catch::Contains("8 of 8 shards (shard-000, shard-001, shard-002, shard-003, shard-004 and 3 more)"));
}

TEST_CASE("take over: what others wrote into the status table is told as one line of UTF-8") {
  StatusRun run;
  run.job.emplace(StatusJob{"v", "orders", "a\n\xff", {}, {}, {"s\x1b", std::string(500, 'x')}});
  StreamState stream;
  stream.id = "orders_1";
  stream.shards = {Shard{"a", {}, {}}};
  const pipeline::Window window{"orders", Instant{} + 5min, Instant{} + 10min};
  CHECK(take_run(run, stream, window, TakeOver::required).error().message() ==
        "the job row is of stream a ?");
  run.job->stream = stream.id;
  CHECK_THAT(take_run(run, stream, window, TakeOver::required).error().message(),
             Catch::Contains("for 2 of 2 shards (s , xxx") && Catch::Contains("xxx...)"));
}

TEST_CASE("take over: checkpoints of shards that the run does not name do not count") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.run_original(0);
  fixture.original.put(
      "CheckpointForDataxReader", fixture.original.end_text(fixture.end_of(0)) + "\tx",
      {fixture.original.string_cell("Version", "other"), fixture.original.string_cell("Checkpoint", "x@9")});
  CHECK(text_of(fixture.plan(1).value()) == "a a@0");
}

TEST_CASE("take over: a stream that was switched off and on after the run is a gap") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.run_original(0);
  fixture.stream.enabled = fixture.end_of(0) + 1min;
  CHECK_THAT(refusal(fixture.plan(1), Errc::stream_changed),
             Catch::Contains("changes between 2018-10-16T00:05:00Z and 2018-10-16T00:06:00Z are lost"));
  fixture.source.on_gap = job::OnGap::proceed;
  const auto plan = fixture.plan(1);
  REQUIRE(plan.has_value());
  CHECK(text_of(*plan) == "a oldest");
  const auto outcome = fixture.read(1, *plan);
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->gaps.size() == 1);
  CHECK(outcome->gaps[0].from == fixture.end_of(0));
  CHECK(outcome->gaps[0].to == fixture.stream.enabled);
}

TEST_CASE("take over: what cannot be read of the status table fails, also where nothing is required") {
  TakeOverFixture fixture;
  fixture.stream.add_shard("a");
  fixture.run_original(0);
  fixture.source.take_over = GENERATE(TakeOver::required, TakeOver::if_found);
  SECTION("a row that makes no sense") {
    fixture.checkpoint(0, "a", "Checkpoint").text = "";
    CHECK(refusal(fixture.plan(1), Errc::corrupt) ==
          "take over orders: read status row (orders_1, CheckpointForDataxReader,    1539648300000 a): "
          "Checkpoint: "
          "expected a string of 1 to 65536 bytes");
  }
  SECTION("a table that is another one") {
    fixture.stream.other_tables[0].primary_key = {KeyColumn{"uid", KeyType::string}};
    CHECK(
        refusal(fixture.plan(1), Errc::invalid_argument) ==
        "take over orders: read status table status: its key must be StreamId, StatusType, StatusValue, all "
        "STRING, but it is uid; name another table in \"statusTable\"");
  }
  SECTION("a refusal") {
    fixture.tables.fault = [](std::string_view) {
      return std::optional<Error>(Error(Errc::permission_denied, "get range: no"));
    };
    CHECK(refusal(fixture.plan(1), Errc::permission_denied) == "take over orders: get range: no");
  }
  SECTION("a range without end") {
    fixture.tables.rows_per_page = 0;
    CHECK(refusal(fixture.plan(1), Errc::corrupt) ==
          "take over orders: read status table status: the range has no end");
  }
  CHECK(fixture.tables.writes().empty());
}

}  // namespace
