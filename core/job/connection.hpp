#pragma once
// Where one side of an export connects to: a named data source, or keys in the script itself.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::job {

// What a kind of data source consists of. An optional `ramRole` stands for the credentials among the required
// keys.
struct ConnectionKind {
  std::string_view type;     // "ots"
  std::string_view product;  // "Table Store"
  std::span<const std::string_view> required;
  std::span<const std::string_view> optional;
};

// Values as written, references unopened.
struct Connection {
  std::string origin;  // begins messages: "datasource orders_ots" or "reader.parameter"
  std::vector<std::pair<std::string, std::string>> values;

  // "" when not given.
  const std::string& get(std::string_view key) const noexcept;
};

// Reads `datasource` or the inline keys of `parameter`; reports what is missing, unknown or of the wrong
// type.
Connection read_connection(YamlMap& parameter, const ConnectionKind& kind, const DataSources& sources);

// What is wrong with an endpoint, or "". `bucket` is empty for Table Store and for a domain bound to a
// bucket. A reference is taken as right.
std::string check_endpoint(std::string_view endpoint, std::string_view bucket);

// Reports check_endpoint() of the connection's endpoint at the key it comes from.
void report_endpoint(YamlMap& parameter, const Connection& connection, std::string_view bucket);

// Reports what is wrong with the value of `key`, at the key itself or where the data source is named that has
// it.
void report_value(YamlMap& parameter, const Connection& connection, std::string_view key,
                  std::string_view wrong);

// Opens all references. `connection` is as read_connection() returned it. What a reference brings in is
// checked as strictly as what the script says.
Result<Connection> open_connection(Connection connection);

}  // namespace sluice::job
