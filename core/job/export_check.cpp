// What reader and writer of an export have to do with each other.

#include "core/job/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice::job {
namespace {

// The first name that stands in the list twice, or "".
std::string_view repeated(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) return name;
  }
  return "";
}

std::string conflict_of_names(const TableStoreSource& source, const Target& target) {
  const std::size_t known = written_columns(source).size();
  if (target.columns.empty()) {
    return "jsonl needs names, and in column mode only the table knows those of its key; give all in header: "
           "the key columns, colName, version, value, opType";
  }
  if (known > 0 && target.columns.size() != known) {
    return fmt::format("header: {} names for {} columns; jsonl needs one for each", target.columns.size(),
                       known);
  }
  if (const std::string_view name = repeated(target.columns); !name.empty()) {
    return fmt::format("jsonl would have two values of the name {}; give other names in header", name);
  }
  return "";
}

}  // namespace

std::vector<std::string> written_columns(const TableStoreSource& source) {
  std::vector<std::string> names;
  if (source.kind == SourceKind::stream && source.mode == ReadMode::column) return names;
  for (const Column& column : source.columns) names.push_back(column.name);
  if (source.export_op_type) names.emplace_back("opType");
  if (source.export_sequence) names.emplace_back("sequence");
  return names;
}

void complete(Target& target, const TableStoreSource& source, const std::string& zone) {
  target.zone = zone;
  const bool named = target.file_format == FileFormat::jsonl && !target.header.empty();
  target.columns = named ? std::move(target.header) : written_columns(source);
  if (named) target.header.clear();
}

std::string header_doubt(const Target& target) {
  if (target.header.empty() || target.columns.empty() || target.header.size() == target.columns.size())
    return "";
  return fmt::format("header: {} names for {} columns", target.header.size(), target.columns.size());
}

std::string conflict_between(const TableStoreSource& source, const Target& target) {
  if (!source.full_table_first) return "";
  if (source.kind == SourceKind::table)
    return "plugin ots exports the table itself; there is no stream to follow";
  if (source.is_time_series)
    return "fullTableFirst: a time series table cannot be read as a whole; remove it";
  if (target.write_single_object) {
    return "fullTableFirst cannot be had with writeSingleObject, because the table needs objects of its own; "
           "remove one of the two";
  }
  if (target.truncate_scope == TruncateScope::prefix) {
    return "fullTableFirst cannot be had with truncateScope: prefix, because the next window would remove "
           "the table's objects; remove one of the two";
  }
  return "";
}

std::string target_conflict(const TableStoreSource& source, const Target& target) {
  if (target.file_format == FileFormat::jsonl) {
    if (std::string conflict = conflict_of_names(source, target); !conflict.empty()) return conflict;
  }
  if (target.partition_columns > 0 && !target.columns.empty() &&
      target.partition_columns > target.columns.size()) {
    return fmt::format("partition: names {} of the last columns, the rows have {}; remove some",
                       target.partition_columns, target.columns.size());
  }
  return "";
}

Result<void> check_export(const Export& work) {
  std::string conflict = conflict_between(work.source, work.target);
  if (conflict.empty()) conflict = target_conflict(work.source, work.target);
  if (conflict.empty()) return {};
  return Error(Errc::invalid_argument, fmt::format("resolve job {}: {}", work.window.job, conflict));
}

}  // namespace sluice::job
