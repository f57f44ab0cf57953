#include "core/job/job_keys.hpp"
#include "core/job/sections.hpp"
#include "core/job/source_keys.hpp"
#include "core/job/source_rows.hpp"
#include "core/job/time_range.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace sluice::job {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> kSourceRequired{"endpoint", "accessId", "accessKey",
                                                          "instanceName"};
constexpr std::array<std::string_view, 4> kSourceOptional{"securityToken", "ramRole", "metadataEndpoint",
                                                          "region"};
constexpr ConnectionKind kTableStore{"ots", "Table Store", kSourceRequired, kSourceOptional};

constexpr std::array<Word<OnGap>, 2> kOnGap{{{"fail", OnGap::fail}, {"continue", OnGap::proceed}}};
constexpr std::array<Word<TakeOver>, 3> kTakeOver{
    {{"never", TakeOver::never}, {"ifFound", TakeOver::if_found}, {"required", TakeOver::required}}};

constexpr Duration kSettleMax = 1h;
constexpr Duration kRetryBudgetMax = 1h;
constexpr Duration kRetentionWarningMax = 7 * 24h;  // no stream keeps its records longer

// How the stream is asked, and what happens when it does not answer as hoped.
void read_request_keys(YamlMap& parameter, TableStoreSource& source) {
  read_request_limits(parameter, source);
  source.settle = parameter.duration("settle", 0s, kSettleMax).value_or(source.settle);
  source.retention_warning =
      parameter.duration("retentionWarning", 0s, kRetentionWarningMax).value_or(source.retention_warning);
  read_word(parameter, "onGap", kOnGap, source.on_gap);
}

// Where a chain of windows begins.
void read_start_keys(YamlMap& parameter, TableStoreSource& source) {
  source.seek_by_time = parameter.boolean("enableSeekIterator").value_or(true);
  source.full_table_first = parameter.boolean("fullTableFirst").value_or(false);
  if (source.full_table_first && source.is_time_series) {
    parameter.error("fullTableFirst", "a time series table cannot be read as a whole; remove it");
    source.full_table_first = false;  // reported
  }
}

// What is shared with the original through its status table.
void read_status_keys(YamlMap& parameter, TableStoreSource& source) {
  source.status_table = parameter.text("statusTable").value_or("");
  read_word(parameter, "takeOver", kTakeOver, source.take_over);
  source.hand_over = parameter.boolean("handOver").value_or(false);
  if (!source.status_table.empty()) return;
  if (source.take_over != TakeOver::never) {
    parameter.error("takeOver", "needs statusTable, the table that holds the original's checkpoints");
  }
  if (source.hand_over) {
    parameter.error("handOver", "needs statusTable, the table that the original goes on from");
  }
}

}  // namespace

// `table` is the name of `dataTable` in scripts of version 2.0.
std::string read_table_name(YamlMap& parameter) {
  auto table = parameter.text("dataTable");
  const auto alias = parameter.text("table");
  if (table && alias && !table->empty() && !alias->empty() && *table != *alias) {
    parameter.error("table", "differs from dataTable; give one of the two");
  }
  const bool reported = parameter.get("dataTable") != nullptr && !table;
  if (!table || table->empty()) table = alias;
  if ((!table || table->empty()) && !reported)
    parameter.error("dataTable", "empty or missing; name the table to read");
  return table.value_or("");
}

Connection read_source_connection(YamlMap& parameter, const DataSources& sources) {
  Connection connection = read_connection(parameter, kTableStore, sources);
  report_endpoint(parameter, connection, "");
  return connection;
}

void read_request_limits(YamlMap& parameter, TableStoreSource& source) {
  const auto retries = parameter.integer("maxRetries", 0, std::numeric_limits<int>::max());
  if (retries) source.max_retries = static_cast<int>(*retries);
  source.retry_budget = parameter.duration("retryBudget", 0s, kRetryBudgetMax).value_or(source.retry_budget);
  source.compress_answers = parameter.boolean("compressAnswers").value_or(false);
}

void finish_source(YamlMap& parameter, std::string_view plugin) {
  for (const JobKey& key : declared_keys("reader.parameter")) {
    if (key.use == KeyUse::ignored && key.is_of(plugin)) parameter.ignore(key.name, key.help);
  }
  ignore_time_keys(parameter);
  parameter.finish(declared_names("reader.parameter", plugin));
}

SourceSection read_source(const YamlNode& parameter, SourceKind kind, const DataSources& sources,
                          ProblemList& problems) {
  return kind == SourceKind::table ? read_table_source(parameter, sources, problems)
                                   : read_stream_source(parameter, sources, problems);
}

SourceSection read_stream_source(const YamlNode& node, const DataSources& sources, ProblemList& problems) {
  YamlMap parameter(node, "reader.parameter", problems);
  SourceSection section;
  TableStoreSource& source = section.source;
  section.connection = read_source_connection(parameter, sources);
  source.table = read_table_name(parameter);
  read_row_keys(parameter, source);
  read_request_keys(parameter, source);
  read_start_keys(parameter, source);
  read_status_keys(parameter, source);
  finish_source(parameter, "otsstream");
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
