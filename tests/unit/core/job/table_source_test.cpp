#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

const Instant kScheduled = parse_local("2018-10-16T00:15+08:00").value();

// A job that exports a table every hour.
const std::string kTableJob = R"(name: orders
schedule: {cycle: minute, start: "00:15", end: "23:59", interval: 60m}
script:
  inline:
    type: job
    version: "1.0"
    configuration:
      reader:
        plugin: ots
        parameter:
          datasource: orders_ots
          table: orders
          column: [{name: uid}, name]
      writer:
        plugin: oss
        parameter: {datasource: archive_oss, object: "instance/orders", fileFormat: csv}
)";

Export resolved(const std::string& text) {
  const LoadedJobs loaded = load(text);
  for (const Problem& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(loaded.jobs.size() == 1);
  const auto values = freeze(loaded.jobs.front(), kScheduled);
  REQUIRE(values);
  auto work = resolve(loaded.jobs.front(), *values, kSources);
  REQUIRE(work);
  return *std::move(work);
}

std::string with(const std::string& keys) {
  return replaced(kTableJob, "column: [{name: uid}, name]", "column: [uid]\n          " + keys);
}

std::vector<std::string> problems_with(const std::string& keys) { return problems(with(keys)); }

std::string at(int line, int column, const std::string& text) {
  return "jobs.d/orders.yaml:" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

}  // namespace

TEST_CASE("table source: columns are maps or names, and the whole table is the default") {
  const Export work = resolved(kTableJob);
  CHECK(work.source.kind == SourceKind::table);
  CHECK(work.source.table == "orders");
  CHECK(work.source.instance == "myinstance");
  CHECK(work.source.mode == ReadMode::row);
  REQUIRE(work.source.columns.size() == 2);
  CHECK(work.source.columns[0].name == "uid");
  CHECK(work.source.columns[1].name == "name");
  CHECK(work.source.range_begin.empty());
  CHECK(work.source.range_end.empty());
}

TEST_CASE("table source: the window is the interval before the slot, frozen with the instance") {
  const LoadedJobs loaded = load(kTableJob);
  REQUIRE(loaded.problems.empty());
  const Job& job = loaded.jobs.at(0);
  const auto values = freeze(job, kScheduled);
  REQUIRE(values);
  CHECK(*values == ParameterValues{{"bdp.system.cyctime", "20181016001500"}});
  const auto window = window_of(job, *values);
  REQUIRE(window);
  CHECK(format_local(window->start, window->zone) == "2018-10-15T23:15+08:00");
  CHECK(format_local(window->end, window->zone) == "2018-10-16T00:15+08:00");
  CHECK(window_of(job, {}).error().message() ==
        "resolve job orders: bdp.system.cyctime has no value: the instance was planned with another script");
  CHECK(window_of(job, {{"bdp.system.cyctime", "2018"}}).error().message() ==
        "resolve job orders: bdp.system.cyctime: expected 14 digits of local time (yyyyMMddHHmmss), got "
        "\"2018\"");
}

TEST_CASE("table source: time keys, where given, say the window") {
  const Export work = resolved(with("date: \"20181014\""));
  CHECK(format_local(work.window.start, "Asia/Shanghai") == "2018-10-14T00:00+08:00");
  const Job job = load(with("date: \"20181014\"")).jobs.at(0);
  CHECK(freeze(job, kScheduled)->empty());
}

TEST_CASE("table source: the plugin has the original's name too") {
  CHECK(resolved(replaced(kTableJob, "plugin: ots\n", "plugin: otsreader\n")).source.kind ==
        SourceKind::table);
}

TEST_CASE("table source: a range of keys is read as the original has it") {
  const Export work = resolved(with(R"(range:
            begin: [{type: INF_MIN}, {type: string, value: "m"}, {type: INT, value: "-5"}]
            end: [{type: BINARY, value: "AP8="}, {type: INF_MAX}]
            split: []
          maxRetries: 3
          binaryFormat: hex
          nonFinite: "null"
          mode: Normal)"));
  using Kind = KeyBound::Kind;
  CHECK(work.source.range_begin ==
        std::vector<KeyBound>{{Kind::least, 0, ""}, {Kind::string, 0, "m"}, {Kind::integer, -5, ""}});
  CHECK(work.source.range_end ==
        std::vector<KeyBound>{{Kind::binary, 0, std::string("\0\xff", 2)}, {Kind::greatest, 0, ""}});
  CHECK(work.source.max_retries == 3);
  CHECK(work.source.binary == BinaryText::hex);
  CHECK(work.source.non_finite == NonFinite::null);
}

TEST_CASE("table source: what is wrong names its place and the way out") {
  CHECK(problems_with("range: {begin: [{type: DOUBLE, value: 1}]}") ==
        only(at(14, 34,
                "error: reader.parameter.range.begin[0].type: expected STRING, INT, BINARY, INF_MIN or "
                "INF_MAX, got \"DOUBLE\"")));
  CHECK(problems_with("range: {begin: [{type: INT, value: x}], end: [{type: STRING}]}") ==
        std::vector<std::string>{
            at(14, 46,
               "error: reader.parameter.range.begin[0].value: expected a whole number from "
               "-9223372036854775808 to 9223372036854775807, got \"x\""),
            at(14, 57,
               "error: reader.parameter.range.end[0].value: missing; a bound of type STRING needs it")});
  CHECK(problems_with("range: {begin: [{type: BINARY, value: \"A\"}]}") ==
        only(at(14, 49,
                "error: reader.parameter.range.begin[0].value: expected base64, because the type is "
                "BINARY")));
  CHECK(problems_with("range: {end: 5}") ==
        only(at(14, 24,
                "error: reader.parameter.range.end: expected a list with a bound for each column of the "
                "key, such as [{\"type\": \"INF_MIN\"}]")));
  CHECK(problems_with("mode: multiVersion") ==
        only(at(14, 17,
                "error: reader.parameter.mode: \"multiVersion\" is not supported; the newest version of "
                "each column is exported: set mode to normal, or remove it")));
  CHECK(problems_with("isTimeseriesTable: true") ==
        only(at(14, 30,
                "error: reader.parameter.isTimeseriesTable: a time series table cannot be read as a "
                "whole; remove it")));
  CHECK(problems(replaced(kTableJob, "{name: uid}", "{type: STRING, value: x}")) ==
        std::vector<std::string>{
            at(13, 20, "error: reader.parameter.column[0].name: missing; name the column of the table"),
            at(13, 27,
               "error: reader.parameter.column[0].type: constants and conversions are not supported; "
               "give the column's name only"),
            at(13, 42,
               "error: reader.parameter.column[0].value: constants and conversions are not supported; "
               "give the column's name only")});
  CHECK(problems(replaced(kTableJob, "column: [{name: uid}, name]", "column: []")) ==
        only(at(13, 19,
                "error: reader.parameter.column: expected a list of columns to export, such as "
                "[{\"name\": \"uid\"}]")));
  CHECK(problems_with("settle: 5s") == only(at(14, 11, "error: reader.parameter.settle: unknown key")));
}

TEST_CASE("table source: a column may hold dates, and no other type is known") {
  const Export work = resolved(replaced(kTableJob, "{name: uid}", "{name: uid, type: date}"));
  CHECK(work.source.columns[0].is_date);
  CHECK_FALSE(work.source.columns[1].is_date);
  CHECK(problems(replaced(kTableJob, "{name: uid}", "{name: uid, type: DATE}")) ==
        only(at(13, 38, "error: reader.parameter.column[0].type: expected date, got \"DATE\"")));
}

TEST_CASE("table source: a job's version tells a table from a stream of the same keys") {
  const std::string stream =
      replaced(replaced(with("date: \"20181014\""), "plugin: ots\n", "plugin: otsstream\n"), "column: [uid]",
               "column: [{name: uid}]\n          mode: single_version_and_update_only");
  const std::string table = replaced(stream, "plugin: otsstream\n", "plugin: ots\n");
  const std::string one = load(stream).jobs.at(0).version;
  const std::string other =
      load(replaced(table, "          mode: single_version_and_update_only\n", "")).jobs.at(0).version;
  CHECK(one != other);
}

TEST_CASE("full table first: a single object leaves no name for the table, and check says so") {
  const std::string text = replaced(
      replaced(kGood, "          mode: single", "          fullTableFirst: true\n          mode: single"),
      "          fileFormat: csv", "          fileFormat: csv\n          writeSingleObject: true");
  const std::string conflict =
      "fullTableFirst cannot be had with writeSingleObject, because the table needs objects of its own; "
      "remove "
      "one of the two";
  CHECK(problems(text) == only(at(18, 11, "error: reader.parameter: " + conflict)));
  Export work;
  work.window.job = "orders";
  CHECK(check_export(work));
  work.source.full_table_first = true;
  CHECK(check_export(work));
  work.target.write_single_object = true;
  CHECK(check_export(work).error().message() == "resolve job orders: " + conflict);
}

TEST_CASE("table source: a binary bound is whole base64, with its padding at the end") {
  const auto bound = [](const std::string& value) {
    return resolved(with("range: {begin: [{type: binary, value: \"" + value + "\"}]}"))
        .source.range_begin.at(0)
        .text;
  };
  CHECK(bound("AP8=") == std::string("\0\xff", 2));
  CHECK(bound("AA==") == std::string(1, '\0'));
  CHECK(bound("+/+/") == "\xfb\xff\xbf");
  CHECK(bound("").empty());
  for (const std::string wrong :
       {"A", "====", "A===", "AA=A", "A=A=", "AAAA----", "    ", " AA==   ", "AA==\\nAA",
        "A\xc3\xa4"
        "A"}) {
    CAPTURE(wrong);
    CHECK(problems_with("range: {begin: [{type: BINARY, value: \"" + wrong + "\"}]}") ==
          only(at(14, 49,
                  "error: reader.parameter.range.begin[0].value: expected base64, because the type is "
                  "BINARY")));
  }
}

TEST_CASE("table source: a bound needs its type, and an open one needs no value") {
  const Export work =
      resolved(with("range: {begin: [{type: inf_min, value: x}, {type: Integer, value: 7}], end:}"));
  CHECK(work.source.range_begin ==
        std::vector<KeyBound>{{KeyBound::Kind::least, 0, ""}, {KeyBound::Kind::integer, 7, ""}});
  CHECK(work.source.range_end.empty());
  CHECK(
      problems_with("range: {begin: [{value: x}, 5, {type: [INT]}]}") ==
      std::vector<std::string>{
          at(14, 27,
             "error: reader.parameter.range.begin[0].type: missing; STRING, INT, BINARY, INF_MIN or INF_MAX"),
          at(14, 39,
             "error: reader.parameter.range.begin[1]: expected a map of keys and values, got a string"),
          at(14, 49, "error: reader.parameter.range.begin[2].type: expected a string, got a list")});
}

TEST_CASE("table source: a variable that is not defined is reported once, not as a wrong list too") {
  const std::string undefined =
      "undefined variable ${x}; known are bdp.system.cyctime; define it under parameters";
  CHECK(problems_with("range: {begin: '${x}'}") ==
        only(at(14, 26, "error: reader.parameter.range.begin: " + undefined)));
  CHECK(problems(replaced(kTableJob, "[{name: uid}, name]", "${x}")) ==
        only(at(13, 19, "error: reader.parameter.column: " + undefined)));
}

TEST_CASE("table source: the names of columns and of the table have to be there") {
  const auto columns = [](const std::string& items) {
    return problems(replaced(kTableJob, "[{name: uid}, name]", items));
  };
  CHECK(columns("[{name: ''}, '', [a]]") ==
        std::vector<std::string>{
            at(13, 27, "error: reader.parameter.column[0].name: empty; name the column of the table"),
            at(13, 32, "error: reader.parameter.column[1]: expected a map of keys and values, got a string"),
            at(13, 36, "error: reader.parameter.column[2]: expected a map of keys and values, got a list")});
  CHECK(columns("{name: [a]}") == only(at(13, 19,
                                          "error: reader.parameter.column: expected a list of columns to "
                                          "export, such as [{\"name\": \"uid\"}]")));
  CHECK(columns("[{name: [a]}]") ==
        only(at(13, 27, "error: reader.parameter.column[0].name: expected a string, got a list")));
  CHECK(columns("[{name: a, srcName: b}]") ==
        only(at(13, 39,
                "error: reader.parameter.column[0].srcName: constants and conversions are not "
                "supported; give the column's name only")));
  const auto table = [](const std::string& keys) {
    return problems(replaced(kTableJob, "table: orders", keys));
  };
  CHECK(table("dataTable: orders, table: orders").size() == 1);
  CHECK(table("dataTable: orders\n          table: orders").empty());
  CHECK(table("dataTable: ''\n          table: orders").empty());
  CHECK(table("dataTable: orders\n          table: ''").empty());
  CHECK(table("dataTable: orders\n          table: others") ==
        only(at(13, 18, "error: reader.parameter.table: differs from dataTable; give one of the two")));
  CHECK(table("dataTable: [orders]") ==
        only(at(12, 22, "error: reader.parameter.dataTable: expected a string, got a list")));
  CHECK(table("table: ''") ==
        only(at(11, 11, "error: reader.parameter.dataTable: empty or missing; name the table to read")));
}

TEST_CASE("table source: the window is a day where the cycle has no interval") {
  const auto start = [](const std::string& schedule) {
    const Job job =
        load(replaced(kTableJob, R"({cycle: minute, start: "00:15", end: "23:59", interval: 60m})", schedule))
            .jobs.at(0);
    const auto window = window_of(job, freeze(job, kScheduled).value(), kScheduled).value();
    CHECK(window.end == kScheduled);
    return format_local(window.start, "Asia/Shanghai");
  };
  CHECK(start("{cycle: day, at: \"00:15\"}") == "2018-10-15T00:15+08:00");
  CHECK(start("{cycle: week, at: \"00:15\", on: [tue]}") == "2018-10-15T00:15+08:00");
  CHECK(start("{cycle: hour, start: \"00:15\", interval: 3h}") == "2018-10-15T21:15+08:00");
}
