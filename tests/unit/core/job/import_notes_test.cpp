#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

Import imported(std::string_view from, std::string_view to) {
  ImportRequest request = request_of(replaced(kDataworks, from, to));
  request.sources = kSources;
  return import_job(request);
}

// Whether a numbered difference to the original is among those that are told.
bool differs(const Import& import, std::string_view begin) {
  return std::any_of(import.differences.begin(), import.differences.end(),
                     [&](const std::string& one) { return one.starts_with(begin); });
}

}  // namespace

TEST_CASE("import notes: mbps counts only with throttle, and a key without a value says so") {
  const Import throttled = imported("\"mbps\": \"1\"", "\"mbps\": \"1\", \"throttle\": true");
  CHECK(notes_of(throttled, "setting.speed.mbps") == only("kept: "));
  CHECK(fate_of(imported("\"mbps\": \"1\"", "\"mbps\": \"1\", \"throttle\": \"TRUE\""),
                "setting.speed.mbps") == "kept");
  CHECK(fate_of(imported("\"mbps\": \"1\"", "\"mbps\": \"1\", \"throttle\": false"), "setting.speed.mbps") ==
        "ignored");
  const Import empty = imported("\"concurrent\": \"2\"", "\"concurrent\": null");
  CHECK(notes_of(empty, "setting.speed.concurrent") == only("kept: has no value"));
}

TEST_CASE("import notes: a problem of a key is told at the key, an error before a warning") {
  const Import wrong = imported("\"fileFormat\": \"csv\"", "\"fileFormat\": \"parquet\"");
  CHECK_FALSE(wrong.valid());
  CHECK(fate_of(wrong, "writer.parameter.fileFormat") == "unsupported");
  const Import column = imported("[{\"name\": \"uid\"},]", "[{\"name\": \"\"}]");
  CHECK(notes_of(column, "reader.parameter.column") ==
        only("unsupported: empty; name the column of the table"));
  const Import prefix = imported("\"threadNum\": 3", "\"threadNum\": 3, \"mod\": 1");
  CHECK(fate_of(prefix, "reader.parameter.mod") == "unsupported");
  CHECK(fate_of(prefix, "reader.parameter.mode") == "kept");  // a longer name is another key
}

TEST_CASE("import notes: keys around the parts of a script are told of too") {
  const Import import = imported("{\"type\": \"job\", ", "{\"type\": \"job\", \"extend\": {}, ");
  CHECK(notes_of(import, "extend").size() == 1);
  CHECK(fate_of(import, "extend") == "ignored");
  CHECK(fate_of(import, "type") == "kept");
}

TEST_CASE("import notes: only differences that a script may rely on are told") {
  const Import plain = imported("\"threadNum\"", "\"threadNum\"");
  CHECK(differs(plain, "9: deletes"));
  CHECK(differs(plain, "13: a first window"));
  CHECK(differs(plain, "csv: "));
  CHECK_FALSE(differs(plain, "errorLimit: "));
  CHECK_FALSE(differs(plain, "19: truncate"));
  CHECK_FALSE(differs(plain, "31: "));
  CHECK_FALSE(differs(plain, "32: "));
  CHECK_FALSE(differs(imported("\"threadNum\": 3", "\"enableSeekIterator\": false"), "13: a first window"));
  const Import truncating =
      imported("\"fileFormat\": \"csv\"", "\"fileFormat\": \"text\", \"writeMode\": \"truncate\"");
  CHECK(differs(truncating, "19: truncate"));
  CHECK_FALSE(differs(truncating, "csv: "));
  CHECK_FALSE(
      differs(imported("\"fileFormat\": \"csv\"",
                       "\"fileFormat\": \"csv\", \"writeMode\": \"truncate\", \"writeSingleObject\": true"),
              "19: truncate"));
  const Import cells =
      imported("\"mode\": \"single_version_and_update_only\", \"column\": [{\"name\": \"uid\"},]",
               "\"mode\": \"multi_version\"");
  CHECK(differs(cells, "32: a put"));
  CHECK_FALSE(differs(cells, "9: deletes"));
  CHECK(differs(imported("\"threadNum\": 3", "\"isTimeseriesTable\": \"true\""), "31: _time"));
  CHECK(differs(imported("\"errorLimit\": {\"record\": \"0\"}, ", ""), "errorLimit: "));
}

TEST_CASE("import notes: a whole table has none of the differences of a stream") {
  ImportRequest request = request_of(
      R"({"job": {"content": [{"reader": {"name": "otsreader", "parameter": {"datasource": "orders_ots",
        "table": "orders", "column": [{"name": "uid"}]}}, "writer": {"name": "osswriter", "parameter":
        {"datasource": "archive_oss", "object": "a", "fileFormat": "csv"}}}]}, "core": {"x": 1}})");
  request.sources = kSources;
  request.parameters.clear();
  const Import import = import_job(request);
  CAPTURE(printed(import));
  REQUIRE(import.valid());
  CHECK(import.differences.size() == 2);
  CHECK(differs(import, "csv: "));
  CHECK(differs(import, "errorLimit: "));
  CHECK(fate_of(import, "core") == "ignored");
  REQUIRE(import.next.size() == 1);
  CHECK(import.next[0].starts_with("compare: sluice plan orders.yaml"));
}

TEST_CASE("import: what to do next depends on the status table and on what the script says of it") {
  const auto next = [](std::string_view from, std::string_view to) {
    std::string all;
    for (const std::string& one : imported(from, to).next) all += one + "\n";
    return all;
  };
  CHECK(has_line(next("\"threadNum\": 3", "\"threadNum\": 4"), "again with --take-over END"));
  CHECK_FALSE(has_line(next("\"threadNum\": 3", "\"takeOver\": \"ifFound\""), "--take-over"));
  CHECK_FALSE(has_line(next("\"statusTable\": \"st\", ", ""), "--take-over"));
  CHECK_FALSE(has_line(next("\"statusTable\": \"st\"", "\"statusTable\": \"\""), "--take-over"));
  CHECK(has_line(next("\"statusTable\": \"st\", ", ""), "schedule.from begins earlier"));
}

TEST_CASE("import: the name of a job is the option's, the node's, or that of the file as far as it goes") {
  const auto name = [](const std::string& file) {
    ImportRequest request = request_of(kDataworks);
    request.script_file = file;
    return import_job(request).job;
  };
  CHECK(name("in/orders.json") == "orders");
  CHECK(name("\xe8\xae\xa2\xe5\x8d\x95 orders (2).json") == "orders2");
  CHECK(name("\xe8\xae\xa2\xe5\x8d\x95.json") == "imported");
  CHECK(name("") == "imported");
  CHECK(name(std::string(150, 'a') + ".json") == std::string(100, 'a'));
}

TEST_CASE("import: --take-over takes the end of a window, in the job's zone or with an offset") {
  const auto taken = [](const std::string& text) {
    ImportRequest request = request_of(kDataworks);
    request.take_over = text;
    const Import import = import_job(request);
    const std::string job = file_of(import, ".yaml");
    const std::size_t at = job.find("from: ");
    return import.valid() ? job.substr(at + 7, 22) : printed(import).front();
  };
  const std::string slot = "2018-10-16T00:15+08:00";
  for (const std::string text : {"2018-10-16T00:05", "2018-10-16T00:05:00", "2018-10-16T00:05+08:00",
                                 "2018-10-15T16:05Z", "2018-10-15T16:05:00+00:00"}) {
    CAPTURE(text);
    CHECK(taken(text) == slot);
  }
  CHECK(taken("2018-10-16T00") == "2018-10-16T00:10+08:00");
  CHECK(taken("2018-10-16T00:07")
            .ends_with("no slot's window begins there: give an end of one of the original's windows"));
  for (const std::string text : {"2018-10-16", "2018-10-16 00:05", "20181016000500", "x"}) {
    CAPTURE(text);
    CHECK(taken(text).ends_with(
        "expected the end of the original's last window, such as 2018-10-16T00:05, got \"" + text + "\""));
  }
}

TEST_CASE("import: --take-over looks for its slot among those of the cycle, whichever it is") {
  struct Case {
    std::string cron;
    std::string start;
    std::string taken;
    std::string slot;  // "" when no window begins there
  };
  const std::string minute = "yyyymmddhh24miss";
  const std::vector<Case> cases{
      {"20 * * * *", "-1/24", "2018-10-16T00:20", "2018-10-16T01:20+08:00"},
      {"20 * * * *", "-1/24", "2018-10-16T00:30", ""},
      {"0 0-55/5 8-17 * * ?", "-5/24/60", "2018-10-15T17:50", "2018-10-15T17:55+08:00"},
      {"0 0-55/5 8-17 * * ?", "-5/24/60", "2018-10-15T17:55", ""},
      {"0 0-55/5 8-17 * * ?", "-5/24/60", "2018-10-15T07:50", ""},
      {"0 8 * * *", "-1", "2018-10-15T08:00", "2018-10-16T08:00+08:00"},
      {"0 8 * * *", "-1", "2018-10-15T09:00", ""},
      {"30 0 8 * * ?", "-1", "2018-10-15T08:00:30", "2018-10-16T08:00:30+08:00"},
      {"0 0 8 ? * 3", "-1", "2018-10-15T08:00", "2018-10-16T08:00+08:00"},  // a Tuesday
      {"0 0 8 ? * 4", "-1", "2018-10-15T08:00", ""},
      {"0 10-20/5 8-9 * * ?", "-5/24/60", "2018-10-15T08:05", "2018-10-15T08:10+08:00"},
      {"0 10-20/5 8-9 * * ?", "-5/24/60", "2018-10-15T08:20", ""}};
  for (const Case& one : cases) {
    CAPTURE(one.cron, one.taken);
    ImportRequest request = request_of(kDataworks);
    request.cron = one.cron;
    request.take_over = one.taken;
    request.parameters = "start_time=$[" + minute + one.start + "] end_time=$[" + minute + "]";
    const Import import = import_job(request);
    CHECK(import.valid() == !one.slot.empty());
    CHECK(has_line(file_of(import, ".yaml"), one.slot.empty() ? "" : "from: \"" + one.slot + "\""));
  }
}

TEST_CASE("import: a schedule of a slot that is never due is refused with the take-over") {
  ImportRequest request = request_of(kDataworks);
  request.take_over = "2018-10-16T00:05";
  request.parameters = "start_time=$[yyyymmddhh24miss+5/24/60] end_time=$[yyyymmddhh24miss+10/24/60]";
  const Import import = import_job(request);
  CHECK_FALSE(import.valid());
  CHECK(printed(import).front().starts_with("--take-over:1:1: error: no slot's window begins there"));
}
