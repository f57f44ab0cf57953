// Table operations.
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/row_select.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <climits>
#include <fmt/format.h>

#include <limits>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kTablesMax = 64;

// Clients differ in which of these fields they cannot do without, so all are sent.
void describe_stream_details(const Table& table, pb::StreamDetails& details) {
  const ChangeStream* stream = table.stream();
  details.set_enable_stream(stream != nullptr);
  details.set_last_enable_time(stream != nullptr ? stream->created_us() : 0);
  if (stream == nullptr) return;
  details.set_stream_id(stream->id());
  details.set_expiration_time(stream->hours());
  for (const std::string& column : stream->origin_columns()) details.add_columns_to_get(column);
}

// The key where a partition begins: its first value, then INF_MIN.
std::string partition_key(const Table& table, const Value& at) {
  Key key{at};
  key.resize(static_cast<std::size_t>(table.meta().primary_key_size()), Value::infinite(ValueType::inf_min));
  return encoded_key(table, key);
}

// As many columns of `key` as tell it from the key before it; INF_MIN behind them is left out.
Key split_point(const Key& key, const Key& before) {
  std::size_t columns = 1;
  while (columns < key.size() && compare(key[columns - 1], before[columns - 1]) == 0) ++columns;
  return Key(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(columns));
}

std::size_t part_bytes(const pb::ComputeSplitPointsBySizeRequest& request) {
  constexpr std::int64_t kUnit = 104'857'600;
  const std::int64_t unit = request.has_split_size_unit_in_byte() ? request.split_size_unit_in_byte() : kUnit;
  if (request.split_size() <= 0 || unit < 1'048'576) throw invalid("The split size must be greater than 0.");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::size_t>(request.split_size() > kMost / unit ? kMost : request.split_size() * unit);
}

}  // namespace

Refusal not_for_time_series(const std::string& table, std::string_view operation) {
  return invalid(fmt::format("Table [{}] is a timeseries table, not support {}", table, operation));
}

void set_consumed(pb::ConsumedCapacity& consumed, std::int32_t read, std::int32_t write) {
  consumed.mutable_capacity_unit()->set_read(read);
  consumed.mutable_capacity_unit()->set_write(write);
}

std::string list_table(const OtsCall& call) {
  pb::ListTableResponse response;
  for (const auto& [name, table] : call.catalog.tables(call.instance))
    if (table->kind() != TableKind::time_series) response.add_table_names(name);
  return response.SerializeAsString();
}

std::string create_table(const OtsCall& call) {
  const auto request = call.parse<pb::CreateTableRequest>();
  check_create_table(request);
  if (call.catalog.tables(call.instance).size() >= kTablesMax)
    throw Refusal(403, "OTSQuotaExhausted", "Number of tables exceeded the quota.");
  call.catalog.create(call.instance, request);
  return {};
}

std::string describe_table(const OtsCall& call) {
  const auto request = call.parse<pb::DescribeTableRequest>();
  const Table& table = call.table(request.table_name());
  pb::DescribeTableResponse response;
  *response.mutable_table_meta() = table.meta();
  *response.mutable_reserved_throughput_details() = table.throughput();
  *response.mutable_table_options() = table.options();
  response.set_table_status(pb::ACTIVE);
  describe_stream_details(table, *response.mutable_stream_details());
  for (std::size_t i = 1; i < table.partitions().size(); ++i)
    response.add_shard_splits(partition_key(table, table.partitions()[i].begin));
  response.mutable_sse_details()->set_enable(false);
  response.set_creation_time(table.created_us());
  return response.SerializeAsString();
}

std::string update_table(const OtsCall& call) {
  const auto request = call.parse<pb::UpdateTableRequest>();
  Table& table = call.table(request.table_name());
  if (!request.has_reserved_throughput() && !request.has_table_options() && !request.has_stream_spec())
    throw invalid("No parameter is specified in table options.");
  if (request.has_table_options()) check_options(request.table_options());
  if (request.has_stream_spec()) check_stream(request.stream_spec());
  if (request.has_stream_spec() && request.stream_spec().enable_stream() && table.stream() != nullptr)
    throw invalid(fmt::format("The stream of table {} is enabled already.", request.table_name()));
  if (request.has_table_options()) table.change_options(request.table_options());
  if (request.has_reserved_throughput())
    table.change_throughput(request.reserved_throughput().capacity_unit());
  if (request.has_stream_spec()) {
    if (request.stream_spec().enable_stream())
      call.catalog.enable_stream(table, request.stream_spec());
    else
      table.disable_stream();
  }
  pb::UpdateTableResponse response;
  *response.mutable_reserved_throughput_details() = table.throughput();
  *response.mutable_table_options() = table.options();
  describe_stream_details(table, *response.mutable_stream_details());
  return response.SerializeAsString();
}

std::string delete_table(const OtsCall& call) {
  const auto request = call.parse<pb::DeleteTableRequest>();
  call.table(request.table_name());
  call.catalog.erase(call.instance, request.table_name());
  return {};
}

// Splits where the rows read so far pass the asked size.
std::string compute_split_points(const OtsCall& call) {
  const auto request = call.parse<pb::ComputeSplitPointsBySizeRequest>();
  const Table& table = call.table(request.table_name());
  if (request.has_split_point_limit() && request.split_point_limit() <= 0)
    throw invalid("The limit must be greater than 0.");
  const int points_max = request.has_split_point_limit() ? request.split_point_limit() : INT_MAX;
  const std::size_t part = part_bytes(request);
  pb::ComputeSplitPointsBySizeResponse response;
  *response.mutable_schema() = table.meta().primary_key();
  std::size_t bytes = 0;
  const Key* before = nullptr;
  for (const auto& [key, row] : table.rows()) {
    if (bytes >= part && response.split_points_size() < points_max) {
      response.add_split_points(encoded_key(table, split_point(key, *before)));
      bytes = 0;
    }
    bytes += counted_bytes(table.wire_row(key, row));
    before = &key;
  }
  const std::int32_t splits = response.split_points_size() + 1;
  set_consumed(*response.mutable_consumed(), splits, 0);
  pb::SplitLocation* location = response.add_locations();
  location->set_location("");
  location->set_repeat(splits);
  return response.SerializeAsString();
}

}  // namespace sluice::sandbox
