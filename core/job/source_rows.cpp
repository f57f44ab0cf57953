#include "core/job/source_rows.hpp"

#include "core/job/job_keys.hpp"
#include "core/job/source_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::job {
namespace {

constexpr std::string_view kRowMode = "single_version_and_update_only";
constexpr std::string_view kColumnMode = "multi_version";

constexpr std::array<Word<Deletes>, 2> kDeletes{{{"count", Deletes::count}, {"export", Deletes::write}}};
constexpr std::array<Word<BinaryText>, 3> kBinary{
    {{"utf8", BinaryText::utf8}, {"base64", BinaryText::base64}, {"hex", BinaryText::hex}}};
constexpr std::array<Word<NonFinite>, 3> kNonFinite{
    {{"fail", NonFinite::fail}, {"null", NonFinite::null}, {"text", NonFinite::text}}};
constexpr std::array<Word<bool>, 1> kColumnType{{{"date", true}}};
constexpr std::array<Word<bool>, 2> kPutMarker{{{"DR", false}, {"P", true}}};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// A mode that cannot be read counts as row mode, so that the other keys are looked at all the same.
void read_mode(YamlMap& parameter, TableStoreSource& source) {
  const auto mode = parameter.text("mode");
  const bool broken = parameter.get("mode") != nullptr && !mode;
  source.mode = ReadMode::row;
  if (broken || (mode && equal_ignoring_case(*mode, kRowMode))) return;
  if (!mode || equal_ignoring_case(*mode, kColumnMode)) {
    source.mode = ReadMode::column;
    return;
  }
  parameter.error("mode", fmt::format("\"{}\" is not known; set mode to {}, or to {} (the same as no mode)",
                                      *mode, kRowMode, kColumnMode));
}

void read_column(const YamlNode& item, std::string path, ProblemList& problems, TableStoreSource& source) {
  if (item.kind == YamlNode::Kind::scalar) {
    problems.error(item.place, fmt::format("{}: expected a map such as {{\"name\": \"{}\"}}, got a string",
                                           path, item.text));
    return;
  }
  YamlMap column(item, std::move(path), problems);
  Column read;
  read.is_tag = column.boolean("is_timeseries_tag").value_or(false);
  if (read.is_tag && !source.is_time_series) {
    column.error("is_timeseries_tag", "true needs isTimeseriesTable: true");
  }
  read_column_type(column, read);
  if (item.is_mapping() && column.require("name", "name the column of the table") != nullptr) {
    const auto name = column.text("name");
    if (name && name->empty()) column.error("name", "empty; name the column of the table");
    if (name && read.is_date && source.is_time_series && (*name == "_time" || *name == "time")) {
      column.error("type",
                   "date means milliseconds, and the time of a time series is in microseconds; remove it");
    }
    if (name) {
      read.name = *name;
      source.columns.push_back(std::move(read));
    }
  }
  column.finish(declared_names("reader.parameter.column[]", "otsstream"));
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
    parameter.error("column", "empty or missing; list the columns to export, such as [{\"name\": \"uid\"}]");
    return;
  }
  for (std::size_t at = 0; at < list->items.size(); ++at) {
    read_column(list->items[at], fmt::format("{}[{}]", parameter.path("column"), at), parameter.problems(),
                source);
  }
}

void check_row_mode(YamlMap& parameter, TableStoreSource& source) {
  read_columns(parameter, source);
  parameter.ignore("putMarker", "has no effect in row mode");
  if (source.deletes == Deletes::write && !source.export_op_type) {
    parameter.error("deletes",
                    "export needs exportOpType: true, because the row of a delete could not be told from "
                    "that of an update");
  }
}

void check_column_mode(YamlMap& parameter, const TableStoreSource& source) {
  parameter.ignore("column", fmt::format("has no effect in column mode, which writes a row for each cell; "
                                         "for a row of columns set mode to {}",
                                         kRowMode));
  parameter.ignore("deletes", "has no effect in column mode, which writes every delete");
  if (source.export_op_type) {
    parameter.error("exportOpType", "column mode always has a column for it; remove it");
  }
  if (source.is_time_series) {
    parameter.error(
        "isTimeseriesTable",
        fmt::format("time series tables cannot be read in column mode; set mode to {}", kRowMode));
  }
}

}  // namespace

void read_column_type(YamlMap& map, Column& column) { read_word(map, "type", kColumnType, column.is_date); }

void read_value_forms(YamlMap& parameter, TableStoreSource& source) {
  read_word(parameter, "binaryFormat", kBinary, source.binary);
  read_word(parameter, "nonFinite", kNonFinite, source.non_finite);
}

void read_row_keys(YamlMap& parameter, TableStoreSource& source) {
  read_mode(parameter, source);
  source.is_time_series = parameter.boolean("isTimeseriesTable").value_or(false);
  source.export_sequence = parameter.boolean("isExportSequenceInfo").value_or(false);
  source.export_op_type = parameter.boolean("exportOpType").value_or(false);
  read_word(parameter, "deletes", kDeletes, source.deletes);
  read_value_forms(parameter, source);
  read_word(parameter, "putMarker", kPutMarker, source.distinct_put);
  if (source.mode == ReadMode::row) {
    check_row_mode(parameter, source);
  } else {
    check_column_mode(parameter, source);
  }
}

}  // namespace sluice::job
