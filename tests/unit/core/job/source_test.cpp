#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;
using namespace std::chrono_literals;

namespace {

const std::string kMode = "mode: single_version_and_update_only";
const std::string kColumns = "          column: [{name: uid}, {name: name}]\n";

// The good job with `mode` for its mode, and with `more` as line 23, behind it.
std::string with(std::string_view mode, std::string_view more = {}) {
  std::string lines(mode);
  if (!more.empty()) lines += "\n          " + std::string(more);
  return replaced(kGood, kMode, lines);
}

// The good job in column mode.
std::string column_mode(std::string_view more = {}) {
  return replaced(with("mode: multi_version", more), kColumns, "");
}

TableStoreSource source_of(const std::string& text, const DataSources& sources = kSources) {
  const LoadedJobs loaded = load(text, {}, sources);
  REQUIRE(loaded.jobs.size() == 1);
  const auto values = freeze(loaded.jobs.front(), parse_local("2018-10-16T00:15+08:00").value());
  return resolve(loaded.jobs.front(), values.value(), sources).value().source;
}

std::vector<std::string> row_problems(std::string_view more) { return problems(with(kMode, more)); }

std::string at(std::string_view place, std::string_view text) {
  return "jobs.d/orders.yaml:" + std::string(place) + ": " + std::string(text);
}

}  // namespace

TEST_CASE("source: row mode has one name, in any letter case") {
  for (const char* name : {"single_version_and_update_only", "SINGLE_VERSION_AND_UPDATE_ONLY",
                           "Single_Version_And_Update_Only"}) {
    INFO(name);
    CHECK(source_of(with(std::string("mode: ") + name)).mode == ReadMode::row);
  }
}

TEST_CASE("source: no mode and multi_version mean column mode, which needs no columns") {
  for (const char* mode : {"mode: multi_version", "mode: Multi_Version", "mode:", "settle: 60s"}) {
    INFO(mode);
    const std::string text = replaced(with(mode), kColumns, "");
    CHECK(problems(text).empty());
    const TableStoreSource source = source_of(text);
    CHECK(source.mode == ReadMode::column);
    CHECK(source.columns.empty());
  }
}

TEST_CASE("source: another mode is refused by its name") {
  for (const std::string name : {"", "all", "single_version", " multi_version"}) {
    INFO(name);
    CHECK(problems(with("mode: '" + name + "'")) ==
          only(at("22:17", "error: reader.parameter.mode: \"" + name +
                               "\" is not known; set mode to single_version_and_update_only, or to "
                               "multi_version (the same as no mode)")));
  }
  CHECK(problems(with("mode: [x]")) ==
        only(at("22:17", "error: reader.parameter.mode: expected a string, got a list")));
}

TEST_CASE("source: what column mode has no use for is warned about or refused") {
  const std::vector<std::string> ignored = problems(with("putMarker: P", "deletes: count"));
  CHECK(ignored == std::vector<std::string>{
                       at("23:20",
                          "warning: reader.parameter.deletes: has no effect in column mode, which writes "
                          "every delete"),
                       at("24:19",
                          "warning: reader.parameter.column: has no effect in column mode, which writes a "
                          "row for each cell; for a row of columns set mode to "
                          "single_version_and_update_only")});
  CHECK(source_of(with("putMarker: P", "deletes: count")).columns.empty());
  CHECK(problems(column_mode("exportOpType: true")) ==
        only(at("23:25",
                "error: reader.parameter.exportOpType: column mode always has a column for it; remove it")));
  CHECK(problems(column_mode("isTimeseriesTable: true")) ==
        only(at("23:30",
                "error: reader.parameter.isTimeseriesTable: time series tables cannot be read in column "
                "mode; set mode to single_version_and_update_only")));
  CHECK(problems(column_mode("exportOpType: false")).empty());
}

TEST_CASE("source: how rows are written is chosen by words") {
  const TableStoreSource plain = source_of(kGood);
  CHECK_FALSE(plain.export_sequence);
  CHECK_FALSE(plain.export_op_type);
  CHECK_FALSE(plain.distinct_put);
  CHECK_FALSE(plain.is_time_series);
  CHECK(plain.deletes == Deletes::count);
  CHECK(plain.binary == BinaryText::utf8);
  CHECK(plain.non_finite == NonFinite::fail);

  const TableStoreSource source =
      source_of(with(kMode,
                     "isExportSequenceInfo: 'True'\n          exportOpType: true\n          deletes: export\n"
                     "          binaryFormat: base64\n          nonFinite: 'null'"));
  CHECK(source.export_sequence);
  CHECK(source.export_op_type);
  CHECK(source.deletes == Deletes::write);
  CHECK(source.binary == BinaryText::base64);
  CHECK(source.non_finite == NonFinite::null);

  const TableStoreSource column =
      source_of(column_mode("putMarker: P\n          binaryFormat: hex\n"
                            "          nonFinite: text\n"
                            "          isExportSequenceInfo: true"));
  CHECK(column.distinct_put);
  CHECK(column.binary == BinaryText::hex);
  CHECK(column.non_finite == NonFinite::text);
  CHECK(column.export_sequence);
  CHECK_FALSE(source_of(column_mode("putMarker: DR")).distinct_put);
}

TEST_CASE("source: a word that is not known is refused with those that are") {
  CHECK(row_problems("deletes: write") ==
        only(at("23:20", "error: reader.parameter.deletes: expected count or export, got \"write\"")));
  CHECK(row_problems("binaryFormat: Base64") ==
        only(at("23:25",
                "error: reader.parameter.binaryFormat: expected utf8, base64 or hex, got "
                "\"Base64\"")));
  CHECK(row_problems("nonFinite: ''") ==
        only(at("23:22", "error: reader.parameter.nonFinite: expected fail, null or text, got \"\"")));
  CHECK(problems(column_mode("putMarker: PUT")) ==
        only(at("23:22", "error: reader.parameter.putMarker: expected DR or P, got \"PUT\"")));
  CHECK(row_problems("onGap: skip") ==
        only(at("23:18", "error: reader.parameter.onGap: expected fail or continue, got \"skip\"")));
  CHECK(row_problems("takeOver: always\n          statusTable: s") ==
        only(at("23:21",
                "error: reader.parameter.takeOver: expected never, ifFound or required, got "
                "\"always\"")));
  CHECK(row_problems("isExportSequenceInfo: maybe") ==
        only(at("23:33",
                "error: reader.parameter.isExportSequenceInfo: expected true or false, got "
                "\"maybe\"")));
  CHECK(row_problems("maxRetries: [30]") ==
        only(at("23:23", "error: reader.parameter.maxRetries: expected a whole number, got a list")));
}

TEST_CASE("source: exported deletes need the column that tells them from updates") {
  CHECK(row_problems("deletes: export") ==
        only(at("23:20",
                "error: reader.parameter.deletes: export needs exportOpType: true, because the row of a "
                "delete could not be told from that of an update")));
  CHECK(row_problems("putMarker: P") ==
        only(at("23:22", "warning: reader.parameter.putMarker: has no effect in row mode")));
}

TEST_CASE("source: tags are columns of time series tables only") {
  const std::string tagged =
      replaced(kGood, "{name: name}]", "{name: host, is_timeseries_tag: 'true'}, {name: _time}]");
  CHECK(problems(tagged) ==
        only(at("23:65",
                "error: reader.parameter.column[1].is_timeseries_tag: true needs isTimeseriesTable: true")));
  const TableStoreSource source =
      source_of(replaced(tagged, kMode, kMode + "\n          isTimeseriesTable: 'true'"));
  CHECK(source.is_time_series);
  REQUIRE(source.columns.size() == 3);
  CHECK_FALSE(source.columns[0].is_tag);
  CHECK(source.columns[1].name == "host");
  CHECK(source.columns[1].is_tag);
  CHECK_FALSE(source.columns[2].is_tag);
  CHECK(problems(replaced(kGood, "{name: name}]", "{name: name, is_timeseries_tag: false}]")).empty());
  CHECK(row_problems("isTimeseriesTable: true\n          fullTableFirst: true") ==
        only(at("24:27",
                "error: reader.parameter.fullTableFirst: a time series table cannot be read as a "
                "whole; remove it")));
}

TEST_CASE("source: a column may hold dates, and no other type is known") {
  const TableStoreSource source = source_of(replaced(kGood, "{name: name}]", "{name: name, type: date}]"));
  CHECK(source.columns.back().is_date);
  CHECK_FALSE(source.columns.front().is_date);
  CHECK(problems(replaced(kGood, "{name: name}]", "{name: name, type: datetime}]")) ==
        only(at("23:52", "error: reader.parameter.column[1].type: expected date, got \"datetime\"")));
  const std::string series = replaced(replaced(kGood, "{name: name}]", "{name: _time, type: date}]"), kMode,
                                      kMode + "\n          isTimeseriesTable: true");
  CHECK(problems(series) ==
        only(at(
            "24:53",
            "error: reader.parameter.column[1].type: date means milliseconds, and the time of a time series "
            "is in microseconds; remove it")));
}

TEST_CASE("source: how the stream is asked has defaults and limits") {
  const TableStoreSource plain = source_of(kGood);
  CHECK(plain.max_retries == 30);
  CHECK(plain.retry_budget == 10min);
  CHECK_FALSE(plain.compress_answers);
  CHECK(plain.on_gap == OnGap::fail);
  CHECK(plain.settle == 60s);
  CHECK(plain.retention_warning == 0s);
  CHECK(plain.seek_by_time);
  CHECK_FALSE(plain.full_table_first);

  const TableStoreSource source =
      source_of(with(kMode,
                     "maxRetries: '0'\n          retryBudget: 90s\n          compressAnswers: 'TRUE'\n"
                     "          onGap: continue\n          settle: 0s\n          retentionWarning: 7d\n"
                     "          enableSeekIterator: 'false'\n          fullTableFirst: true"));
  CHECK(source.max_retries == 0);
  CHECK(source.retry_budget == 90s);
  CHECK(source.compress_answers);
  CHECK(source.on_gap == OnGap::proceed);
  CHECK(source.settle == 0s);
  CHECK(source.retention_warning == 168h);
  CHECK_FALSE(source.seek_by_time);
  CHECK(source.full_table_first);

  CHECK(row_problems("retryBudget: 2h") ==
        only(at("23:24", "error: reader.parameter.retryBudget: expected 0s to 1h, got 2h")));
  CHECK(row_problems("retentionWarning: 8d") ==
        only(at("23:29", "error: reader.parameter.retentionWarning: expected 0s to 7d, got 8d")));
  CHECK(row_problems("settle: soon") ==
        only(at("23:19",
                "error: reader.parameter.settle: expected a duration such as 90s, 5m or 1h, got "
                "\"soon\"")));
}

TEST_CASE("source: taking over and handing over need the original's status table") {
  const TableStoreSource plain = source_of(kGood);
  CHECK(plain.take_over == TakeOver::never);
  CHECK_FALSE(plain.hand_over);
  CHECK(source_of(with(kMode, "takeOver: ifFound\n          statusTable: s")).take_over ==
        TakeOver::if_found);
  const TableStoreSource both =
      source_of(with(kMode, "takeOver: required\n          handOver: true\n          statusTable: s"));
  CHECK(both.take_over == TakeOver::required);
  CHECK(both.hand_over);
  CHECK(both.status_table == "s");
  CHECK(row_problems("takeOver: ifFound\n          handOver: true\n          statusTable: ''") ==
        std::vector<std::string>{at("23:21",
                                    "error: reader.parameter.takeOver: needs statusTable, the table that "
                                    "holds the original's checkpoints"),
                                 at("24:21",
                                    "error: reader.parameter.handOver: needs statusTable, the table that "
                                    "the original goes on from")});
  CHECK(row_problems("takeOver: never\n          handOver: false").empty());
}

TEST_CASE("source: each key that is misspelt is answered with the one that was meant") {
  for (const auto& [wrong, right] :
       std::vector<std::pair<std::string, std::string>>{{"exportOptype", "exportOpType"},
                                                        {"binaryformat", "binaryFormat"},
                                                        {"nonfinit", "nonFinite"},
                                                        {"putMarkr", "putMarker"},
                                                        {"retrybudget", "retryBudget"},
                                                        {"compressAnswer", "compressAnswers"},
                                                        {"retentionWarn", "retentionWarning"},
                                                        {"takeover", "takeOver"},
                                                        {"handover", "handOver"},
                                                        {"fullTablefirst", "fullTableFirst"},
                                                        {"enableSeekIterater", "enableSeekIterator"},
                                                        {"ramrole", "ramRole"},
                                                        {"metadataEndpont", "metadataEndpoint"}}) {
    INFO(wrong);
    CHECK(row_problems(wrong + ": x") == only(at("23:11", "error: reader.parameter." + wrong +
                                                              ": unknown key, did you mean " + right + "?")));
  }
}

TEST_CASE("source: keys of the original without a meaning here are named") {
  CHECK(row_problems("threadNum: 8\n          enableTableGroupSupport: true\n          guid: x") ==
        std::vector<std::string>{
            at("23:22", "warning: reader.parameter.threadNum: has no effect"),
            at("24:36", "warning: reader.parameter.enableTableGroupSupport: has no effect"),
            at("25:17", "warning: reader.parameter.guid: has no effect")});
}

TEST_CASE("source: the time of a series may not be a date under either of its names, other columns may") {
  const auto series = [](const std::string& column) {
    return problems(replaced(replaced(kGood, "{name: name}]", "{name: " + column + ", type: date}]"), kMode,
                             kMode + "\n          isTimeseriesTable: true"));
  };
  CHECK(series("time").size() == 1);
  CHECK(series("_time").size() == 1);
  CHECK(series("times").empty());
  CHECK(problems(replaced(kGood, "{name: name}]", "{name: time, type: date}]")).empty());
  CHECK(problems(replaced(kGood, "[{name: uid}, {name: name}]", "${columns}")) ==
        only(at("23:19",
                "error: reader.parameter.column: undefined variable ${columns}; known are start_time, "
                "end_time and date; define it under parameters")));
}

TEST_CASE("source: an undefined variable in a list is named with its place in it") {
  CHECK(problems(replaced(kGood, "{name: name}", "{name: '${x}'}")) ==
        only(at("23:40",
                "error: reader.parameter.column[1].name: undefined variable ${x}; known are "
                "start_time, end_time and date; define it under parameters")));
  const std::string map =
      kGood.substr(kGood.find("parameters:"), kGood.find("script:") - kGood.find("parameters:"));
  std::string none = replaced(replaced(replaced(kGood, map, ""), "${start_time}", "'20181016000000'"),
                              "${end_time}", "'20181016000500'");
  none = replaced(none, "{date}", "${x}");
  const std::vector<std::string> told = problems(none);
  REQUIRE(told.size() == 1);
  CHECK(told.front().ends_with(
      "writer.parameter.object: undefined variable ${x}; none is defined; define it under "
      "parameters"));
}

TEST_CASE("source: what the two sides cannot have together is refused for an export of any origin") {
  Export work;
  work.window.job = "orders";
  work.source.full_table_first = true;
  work.source.is_time_series = true;
  CHECK(check_export(work).error().message() ==
        "resolve job orders: fullTableFirst: a time series table cannot be read as a whole; remove it");
  work.source.kind = SourceKind::table;
  CHECK(check_export(work).error().message() ==
        "resolve job orders: plugin ots exports the table itself; there is no stream to follow");
  work.source = TableStoreSource();
  work.target.partition_columns = 3;  // in column mode only the table knows how many columns there are
  CHECK(check_export(work));
  work.target.columns = {"uid", "name"};
  CHECK(check_export(work).error().message() ==
        "resolve job orders: partition: names 3 of the last columns, the rows have 2; remove some");
}
