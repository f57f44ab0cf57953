#include "core/job/sections.hpp"
#include "core/job/time_range.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 4> kSourceRequired{"endpoint", "accessId", "accessKey",
                                                          "instanceName"};
constexpr std::array<std::string_view, 4> kSourceOptional{"securityToken", "ramRole", "metadataEndpoint",
                                                          "region"};
constexpr ConnectionKind kTableStore{"ots", "Table Store", kSourceRequired, kSourceOptional};

constexpr std::string_view kRowMode = "single_version_and_update_only";

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// `table` is the name of `dataTable` in scripts of version 2.0.
std::string read_table(YamlMap& parameter) {
  auto table = parameter.text("dataTable");
  const auto alias = parameter.text("table");
  if (table && alias && !table->empty() && !alias->empty() && *table != *alias) {
    parameter.error("table", "differs from dataTable; give one of the two");
  }
  if (!table || table->empty()) table = alias;
  const bool reported = parameter.get("dataTable") != nullptr && !parameter.text("dataTable");
  if ((!table || table->empty()) && !reported)
    parameter.error("dataTable", "empty or missing; name the table to read");
  return table.value_or("");
}

void read_mode(YamlMap& parameter, TableStoreSource& source) {
  const auto mode = parameter.text("mode");
  const bool broken = parameter.get("mode") != nullptr && !mode;
  if (broken) return;
  if (mode && equal_ignoring_case(*mode, kRowMode)) {
    source.mode = ReadMode::row;
    return;
  }
  source.mode = ReadMode::column;
  if (!mode || equal_ignoring_case(*mode, "multi_version")) {
    parameter.error(
        "mode", fmt::format("column mode (no mode, or multi_version) is not supported yet; set mode to {}",
                            kRowMode));
  } else {
    parameter.error("mode", fmt::format("\"{}\" is not known; set mode to {}", *mode, kRowMode));
  }
}

void read_column(const YamlNode& item, std::string path, ProblemList& problems,
                 std::vector<Column>& columns) {
  if (item.kind == YamlNode::Kind::scalar) {
    problems.error(item.place, fmt::format("{}: expected a map such as {{\"name\": \"{}\"}}, got a string",
                                           path, item.text));
    return;
  }
  YamlMap column(item, std::move(path), problems);
  if (item.is_mapping() && column.require("name", "name the column of the table") != nullptr) {
    auto name = column.text("name");
    if (name && name->empty()) column.error("name", "empty; name the column of the table");
    if (name) columns.push_back(Column{std::move(*name)});
  }
  if (const auto tag = column.boolean("is_timeseries_tag"); tag && *tag) {
    column.error("is_timeseries_tag", "time series tables are not supported yet");
  }
  column.finish();
}

void read_columns(YamlMap& parameter, TableStoreSource& source) {
  const YamlNode* list = parameter.get("column");
  if (list != nullptr && list->kind == YamlNode::Kind::unusable) return;
  if (list != nullptr && list->kind != YamlNode::Kind::sequence) {
    parameter.error("column", fmt::format("expected a list of maps such as {{\"name\": \"uid\"}}, got {}",
                                          kind_name(*list)));
    return;
  }
  if (list == nullptr || list->items.empty()) {
    if (source.mode == ReadMode::row) {
      parameter.error("column",
                      "empty or missing; list the columns to export, such as [{\"name\": \"uid\"}]");
    }
    return;
  }
  for (std::size_t at = 0; at < list->items.size(); ++at) {
    read_column(list->items[at], fmt::format("{}[{}]", parameter.path("column"), at), parameter.problems(),
                source.columns);
  }
}

void read_unsupported(YamlMap& parameter, TableStoreSource& source) {
  source.export_sequence = parameter.boolean("isExportSequenceInfo").value_or(false);
  if (source.export_sequence) {
    parameter.error("isExportSequenceInfo", "true is not supported yet; set it to false or remove it");
  }
  if (parameter.boolean("isTimeseriesTable").value_or(false)) {
    parameter.error("isTimeseriesTable", "time series tables are not supported yet; remove it");
  }
}

void read_gap_rule(YamlMap& parameter, TableStoreSource& source) {
  const auto rule = parameter.text("onGap");
  if (!rule) return;
  if (*rule == "continue") {
    source.on_gap = OnGap::proceed;
  } else if (*rule != "fail") {
    parameter.error("onGap", fmt::format("expected fail or continue, got \"{}\"", *rule));
  }
}

}  // namespace

SourceSection read_source(const YamlNode& node, const DataSources& sources, ProblemList& problems) {
  YamlMap parameter(node, "reader.parameter", problems);
  SourceSection section;
  TableStoreSource& source = section.source;
  section.connection = read_connection(parameter, kTableStore, sources);
  report_endpoint(parameter, section.connection, "");
  source.table = read_table(parameter);
  source.status_table = parameter.text("statusTable").value_or("");
  read_mode(parameter, source);
  read_columns(parameter, source);
  read_unsupported(parameter, source);
  read_gap_rule(parameter, source);
  const auto retries = parameter.integer("maxRetries", 0, std::numeric_limits<int>::max());
  if (retries) source.max_retries = static_cast<int>(*retries);
  source.settle = parameter.duration("settle", Duration(0), std::chrono::hours(1)).value_or(source.settle);
  for (const std::string_view key : {"threadNum", "enableSeekIterator", "enableTableGroupSupport",
                                     "confSimplifyEnable", "envType", "guid"}) {
    parameter.ignore(key, "has no effect");
  }
  for (const std::string_view key :
       {"startTimestampMillis", "endTimestampMillis", "startTimeString", "endTimeString", "date"}) {
    parameter.ignore(key);
  }
  parameter.finish();
  return section;
}

Result<TableStoreSource> connect(SourceSection section) {
  auto opened = open_connection(std::move(section.connection));
  if (!opened) return opened.error();
  TableStoreSource& source = section.source;
  source.endpoint = opened->get("endpoint");
  source.instance = opened->get("instanceName");
  source.access_id = opened->get("accessId");
  source.access_key = Secret(opened->get("accessKey"));
  source.security_token = Secret(opened->get("securityToken"));
  source.ram_role = opened->get("ramRole");
  if (const std::string& given = opened->get("metadataEndpoint"); !given.empty()) {
    source.metadata_endpoint = given;
  }
  source.region = opened->get("region");
  if (const std::string wrong = check_endpoint(source.endpoint, ""); !wrong.empty()) {
    return Error(Errc::invalid_argument, fmt::format("{}: endpoint: {}", opened->origin, wrong));
  }
  return std::move(source);
}

}  // namespace sluice::job
