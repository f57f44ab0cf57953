// The reader of a whole table: plugin ots.

#include "core/job/job_keys.hpp"
#include "core/job/sections.hpp"
#include "core/job/source_keys.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::job {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// Nothing for text that is no base64. The decoder passes over blanks and "-", and takes "=" anywhere.
std::optional<std::string> decode_base64(const std::string& text) {
  const std::size_t content = std::min(text.find('='), text.size());
  const std::size_t padding = text.size() - content;
  const bool legal = std::all_of(
      text.begin(), text.begin() + static_cast<std::ptrdiff_t>(content),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/'; });
  if (!legal || text.size() % 4 != 0 || padding > 2 || text.substr(content) != std::string(padding, '='))
    return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (written < 0) return std::nullopt;
  // The decoder counts the bytes of the padding as well.
  bytes.resize(static_cast<std::size_t>(written) - padding);
  return bytes;
}

// {"name": "uid"}, or just "uid".
void read_table_column(const YamlNode& item, std::string path, ProblemList& problems,
                       TableStoreSource& source) {
  if (item.kind == YamlNode::Kind::scalar && !item.text.empty()) {
    source.columns.push_back(Column{item.text});
    return;
  }
  YamlMap column(item, std::move(path), problems);
  const bool constant = column.get("value") != nullptr;
  for (const std::string_view key : {"value", "type", "srcName"}) {
    if (column.get(key) != nullptr && (constant || key != "type")) {
      column.error(key, "constants and conversions are not supported; give the column's name only");
    }
  }
  Column read;
  if (!constant) read_column_type(column, read);
  if (item.is_mapping() && column.require("name", "name the column of the table") != nullptr) {
    const auto name = column.text("name");
    if (name && name->empty()) column.error("name", "empty; name the column of the table");
    if (name) {
      read.name = *name;
      source.columns.push_back(std::move(read));
    }
  }
  column.finish(declared_names("reader.parameter.column[]", "ots"));
}

void read_table_columns(YamlMap& parameter, TableStoreSource& source) {
  const YamlNode* list = parameter.get("column");
  if (list != nullptr && list->kind == YamlNode::Kind::unusable) return;
  if (list == nullptr || list->kind != YamlNode::Kind::sequence || list->items.empty()) {
    parameter.error("column", "expected a list of columns to export, such as [{\"name\": \"uid\"}]");
    return;
  }
  for (std::size_t at = 0; at < list->items.size(); ++at) {
    read_table_column(list->items[at], fmt::format("{}[{}]", parameter.path("column"), at),
                      parameter.problems(), source);
  }
}

// The value of a bound that has one.
void read_bound_value(YamlMap& map, const std::string& type, KeyBound& bound) {
  if (map.require("value", fmt::format("a bound of type {} needs it", type)) == nullptr) return;
  if (type == "INT" || type == "INTEGER") {
    bound.kind = KeyBound::Kind::integer;
    bound.integer = map.integer("value", INT64_MIN, INT64_MAX).value_or(0);
    return;
  }
  bound.text = map.text("value").value_or("");
  bound.kind = KeyBound::Kind::string;
  if (type == "STRING") return;
  bound.kind = KeyBound::Kind::binary;
  auto bytes = decode_base64(bound.text);
  if (!bytes) map.error("value", "expected base64, because the type is BINARY");
  bound.text = std::move(bytes).value_or("");
}

KeyBound read_bound(const YamlNode& item, std::string path, ProblemList& problems) {
  YamlMap map(item, std::move(path), problems);
  KeyBound bound;
  map.ignore("value");  // known, whatever the type says of it
  if (item.is_mapping() && map.require("type", "STRING, INT, BINARY, INF_MIN or INF_MAX") != nullptr) {
    const std::string type = upper(map.text("type").value_or("INF_MIN"));
    if (type == "INF_MIN" || type == "INF_MAX") {
      bound.kind = type == "INF_MIN" ? KeyBound::Kind::least : KeyBound::Kind::greatest;
    } else if (type == "STRING" || type == "INT" || type == "INTEGER" || type == "BINARY") {
      read_bound_value(map, type, bound);
    } else {
      map.error("type", fmt::format("expected STRING, INT, BINARY, INF_MIN or INF_MAX, got \"{}\"", type));
    }
  }
  map.finish(declared_names("reader.parameter.range.begin[]"));
  return bound;
}

std::vector<KeyBound> read_bounds(YamlMap& range, std::string_view side) {
  std::vector<KeyBound> bounds;
  const YamlNode* list = range.get(side);
  if (list == nullptr || list->kind == YamlNode::Kind::unusable) return bounds;
  if (list->kind != YamlNode::Kind::sequence) {
    range.error(side,
                "expected a list with a bound for each column of the key, such as [{\"type\": \"INF_MIN\"}]");
    return bounds;
  }
  for (std::size_t at = 0; at < list->items.size(); ++at) {
    bounds.push_back(
        read_bound(list->items[at], fmt::format("{}[{}]", range.path(side), at), range.problems()));
  }
  return bounds;
}

void read_range(YamlMap& parameter, TableStoreSource& source) {
  YamlMap range = parameter.map("range");
  source.range_begin = read_bounds(range, "begin");
  source.range_end = read_bounds(range, "end");
  for (const JobKey& key : declared_keys("reader.parameter.range")) {
    if (key.use == KeyUse::ignored) range.ignore(key.name, key.help);
  }
  range.finish(declared_names("reader.parameter.range"));
}

// The original's words for "the newest version of each column" and for more than that.
void check_table_kind(YamlMap& parameter) {
  const auto mode = parameter.text("mode");
  if (mode && upper(*mode) != "NORMAL") {
    parameter.error("mode", fmt::format("\"{}\" is not supported; the newest version of each column is "
                                        "exported: set mode to normal, or remove it",
                                        *mode));
  }
  if (parameter.boolean("isTimeseriesTable").value_or(false)) {
    parameter.error("isTimeseriesTable", "a time series table cannot be read as a whole; remove it");
  }
}

}  // namespace

SourceSection read_table_source(const YamlNode& node, const DataSources& sources, ProblemList& problems) {
  YamlMap parameter(node, "reader.parameter", problems);
  SourceSection section;
  TableStoreSource& source = section.source;
  source.kind = SourceKind::table;
  section.connection = read_source_connection(parameter, sources);
  source.table = read_table_name(parameter);
  check_table_kind(parameter);
  read_table_columns(parameter, source);
  read_range(parameter, source);
  read_request_limits(parameter, source);
  read_value_forms(parameter, source);
  finish_source(parameter, "ots");
  return section;
}

}  // namespace sluice::job
