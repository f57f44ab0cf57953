#include "tests/sandbox/table_schema.hpp"

#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

#include <limits>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kKeyBytesMax = 1024;
constexpr int kStreamHoursMax = 168;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(const std::string& name) {
  if (name.empty() || name.size() > kNameMax) return false;
  if (!is_letter(name.front()) && name.front() != '_') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

const char* type_name(ValueType type) {
  switch (type) {
    case ValueType::integer:
      return "VT_INTEGER";
    case ValueType::string:
      return "VT_STRING";
    case ValueType::blob:
      return "VT_BLOB";
    case ValueType::inf_min:
      return "VT_INF_MIN";
    case ValueType::inf_max:
      return "VT_INF_MAX";
    default:
      return "VT_AUTO_INCREMENT";
  }
}

ValueType value_type(pb::PrimaryKeyType type) {
  if (type == pb::INTEGER) return ValueType::integer;
  return type == pb::STRING ? ValueType::string : ValueType::blob;
}

void check_key_schema(const pb::TableMeta& meta) {
  if (meta.primary_key_size() < 1 || meta.primary_key_size() > 4)
    throw invalid("The number of primary key columns must be in range: [1, 4].");
  std::set<std::string> names;
  int auto_increments = 0;
  for (const pb::PrimaryKeySchema& column : meta.primary_key()) {
    check_column_name(column.name());
    if (!names.insert(column.name()).second)
      throw invalid(fmt::format("Duplicated primary key name: '{}'.", column.name()));
    if (!column.has_option()) continue;
    if (names.size() == 1)
      throw invalid(fmt::format("First primary key can't be auto increment, table: {}.", meta.table_name()));
    if (column.type() != pb::INTEGER) throw invalid("AUTO_INCREMENT primary key must be integer.");
    if (++auto_increments > 1) throw invalid("AUTO_INCREMENT primary key count must <= 1.");
  }
}

bool allowed(const Value& value, const pb::PrimaryKeySchema& column, KeyUse use) {
  if (value.type == value_type(column.type())) return true;
  if (value.type == ValueType::auto_increment) return use == KeyUse::put && column.has_option();
  const bool infinite = value.type == ValueType::inf_min || value.type == ValueType::inf_max;
  return infinite && use == KeyUse::range_bound;
}

}  // namespace

void check_instance_name(const std::string& name) {
  const bool right = name.size() >= 3 && name.size() <= 16 && is_letter(name.front()) && name.back() != '-' &&
                     std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
  if (!right) throw invalid(fmt::format("Invalid instance name: '{}'.", name));
}

void check_table_name(const std::string& name) {
  if (!is_name(name)) throw invalid(fmt::format("Invalid table name: '{}'.", name));
}

void check_column_name(const std::string& name) {
  if (!is_name(name)) throw invalid(fmt::format("Invalid column name: '{}'.", name));
}

void check_options(const pb::TableOptions& options) {
  if (options.has_time_to_live() && options.time_to_live() != -1 && options.time_to_live() <= 0)
    throw invalid("TimeToLive cannot be 0 or less than -1.");
  if (options.has_max_versions() && options.max_versions() <= 0)
    throw invalid("The maximum versions cannot be less than or equal to 0.");
  if (options.has_deviation_cell_version_in_sec() &&
      (options.deviation_cell_version_in_sec() < 0 ||
       options.deviation_cell_version_in_sec() > std::numeric_limits<std::int64_t>::max() / 1'000'000))
    throw invalid("The maximum deviation must be in range [0, INT64_MAX/1000000].");
}

void check_stream(const pb::StreamSpecification& spec) {
  if (!spec.enable_stream()) {
    if (spec.has_expiration_time())
      throw invalid("Expiration time cannot be given when the stream is disabled.");
    return;
  }
  if (spec.expiration_time() <= 0 || spec.expiration_time() > kStreamHoursMax)
    throw invalid(fmt::format("The stream expiration time must be in range: [1, {}].", kStreamHoursMax));
}

void check_create_table(const pb::CreateTableRequest& request) {
  check_table_name(request.table_meta().table_name());
  check_key_schema(request.table_meta());
  if (request.table_meta().defined_column_size() > 32)
    throw invalid("The number of defined columns must be in range: [0, 32].");
  if (!request.has_table_options() || !request.table_options().has_time_to_live())
    throw invalid("Time-to-live is missing while creating table.");
  if (!request.table_options().has_max_versions())
    throw invalid("MaxVersions is missing while creating table.");
  check_options(request.table_options());
  if (request.has_stream_spec()) check_stream(request.stream_spec());
  const pb::CapacityUnit& unit = request.reserved_throughput().capacity_unit();
  if (unit.read() < 0 || unit.write() < 0)
    throw invalid(fmt::format("Invalid Capacity Unit:{} . Capacity Unit must be nonnegative.",
                              unit.read() < 0 ? unit.read() : unit.write()));
}

Key checked_key(const pb::TableMeta& meta, const std::vector<Cell>& cells, KeyUse use) {
  if (cells.size() != static_cast<std::size_t>(meta.primary_key_size()))
    throw Refusal(
        400, "OTSInvalidPK",
        fmt::format("Validate PK size fail. Input: {}, Meta: {}.", cells.size(), meta.primary_key_size()));
  Key key;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const pb::PrimaryKeySchema& column = meta.primary_key(static_cast<int>(i));
    const Value& value = *cells[i].value;
    if (cells[i].name != column.name())
      throw Refusal(400, "OTSInvalidPK",
                    fmt::format("Validate PK name fail. Input: {}, Meta: {}.", cells[i].name, column.name()));
    if (!allowed(value, column, use))
      throw Refusal(400, "OTSInvalidPK",
                    fmt::format("Validate PK type fail. Input: {}, Meta: {}.", type_name(value.type),
                                type_name(value_type(column.type()))));
    if (value.text.size() > kKeyBytesMax)
      throw invalid(fmt::format(
          "The length of primary key column: {} exceeds the MaxLength: {} with CurrentLength: {}.",
          column.name(), kKeyBytesMax, value.text.size()));
    key.push_back(value);
  }
  return key;
}

}  // namespace sluice::sandbox
