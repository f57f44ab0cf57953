#include "core/job/connection.hpp"

#include "core/job/references.hpp"
#include "core/job/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace sluice::job {
namespace {

constexpr std::string_view kRamRole = "ramRole";
constexpr std::string_view kMetadataEndpoint = "metadataEndpoint";
constexpr std::size_t kRamRoleMax = 64;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// `host` may be an IPv6 address in brackets.
bool has_wrong_port(std::string_view host) {
  const std::string_view rest = host.substr(host.rfind(']') + 1);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view text = rest.substr(colon + 1);
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec != std::errc() || read.ptr != text.data() + text.size() || port == 0;
}

std::vector<std::string_view> required_keys(const ConnectionKind& kind) {
  return {kind.required.begin(), kind.required.end()};
}

// A credential written as "${name}" would be a parameter, and parameters are shown and stored.
bool looks_like_variable(std::string_view text) {
  return text.starts_with("${") && text.ends_with('}') && !is_reference(text);
}

std::vector<std::pair<std::string, std::string>> read_inline(YamlMap& parameter, const ConnectionKind& kind) {
  std::vector<std::pair<std::string, std::string>> values;
  const auto read = [&](std::string_view key) {
    auto text = parameter.text(key);
    const YamlNode* node = parameter.get(key);
    if (!text) {
      if (node != nullptr) values.emplace_back(key, "");  // reported already: not missing
      return;
    }
    if (is_credential_key(key) && looks_like_variable(*text)) {
      parameter.error(
          key, "a parameter cannot hold a credential; write ${env:NAME}, file:/path or credential:NAME");
    }
    std::string value = trim(*text);
    if (!value.empty()) values.emplace_back(key, std::move(value));
  };
  for (const std::string_view key : kind.required) read(key);
  for (const std::string_view key : kind.optional) read(key);
  return values;
}

bool has(const std::vector<std::pair<std::string, std::string>>& values, std::string_view key) {
  return std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.first == key; });
}

// What the connection cannot do without: a role of the machine stands for the keys.
std::vector<std::string_view> missing_keys(const ConnectionKind& kind, const Connection& connection) {
  const bool by_role = has(connection.values, kRamRole);
  std::vector<std::string_view> missing;
  for (const std::string_view name : kind.required) {
    if (has(connection.values, name) || (by_role && is_credential_key(name))) continue;
    missing.push_back(name);
  }
  return missing;
}

void report_unknown_source(YamlMap& parameter, std::string_view key, std::string_view name,
                           const ConnectionKind& kind, const DataSources& sources) {
  std::vector<std::string_view> known;
  for (const auto& [other, source] : sources) known.emplace_back(other);
  const std::string_view meant = closest(name, known);
  std::string hint = known.empty() ? "none is defined" : fmt::format("defined are {}", join_names(known));
  if (!meant.empty()) hint = fmt::format("did you mean {}?", meant);
  parameter.error(
      key, fmt::format("data source \"{}\" is not defined in sluice.yaml, {}; define it there with type "
                       "{}, or leave datasource empty and give {} here",
                       name, hint, kind.type, join_names(required_keys(kind))));
}

// The data source's keys, completed by inline ones it does not have.
void merge_source(YamlMap& parameter, std::string_view key, const ConnectionKind& kind,
                  const DataSource& source, Connection& connection) {
  auto inline_values = std::move(connection.values);
  connection.values.clear();
  for (const auto& [name, value] : source.keys) {
    if (!trim(value).empty()) connection.values.emplace_back(name, trim(value));
  }
  for (auto& [name, value] : inline_values) {
    if (has(connection.values, name)) {
      parameter.warning(name, fmt::format("has no effect beside {}, which has its own", connection.origin));
    } else {
      connection.values.emplace_back(name, std::move(value));
    }
  }
  for (const std::string_view name : missing_keys(kind, connection)) {
    parameter.error(
        key, fmt::format("{} has no {}; add it in sluice.yaml or give it here", connection.origin, name));
  }
}

void check_inline(YamlMap& parameter, std::string_view key, const ConnectionKind& kind,
                  const Connection& connection) {
  const std::string all = join_names(required_keys(kind));
  const auto missing = missing_keys(kind, connection);
  if (missing.size() == kind.required.size()) {
    parameter.error(
        key, fmt::format("empty or missing; name a data source of type {} from sluice.yaml, or give {} "
                         "here",
                         kind.type, all));
    return;
  }
  for (const std::string_view name : missing) {
    parameter.error(name,
                    fmt::format("empty or missing; {} without a datasource needs {}", kind.product, all));
  }
}

// What is wrong with the values that say whose keys are used, and of which of them; nothing if all is well. A
// reference is taken as right.
std::optional<std::pair<std::string_view, std::string>> check_role(const Connection& connection) {
  const std::string& role = connection.get(kRamRole);
  if (const std::string wrong = check_endpoint(connection.get(kMetadataEndpoint), ""); !wrong.empty()) {
    return std::pair(kMetadataEndpoint, wrong);
  }
  if (role.empty() || is_reference(role)) return std::nullopt;
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_").find(c) != std::string_view::npos;
  };
  if (role.size() > kRamRoleMax || !std::all_of(role.begin(), role.end(), legal)) {
    return std::pair(kRamRole, fmt::format("expected auto or the name of a RAM role, 1 to {} letters, "
                                           "digits, \".\", \"-\" and \"_\"",
                                           kRamRoleMax));
  }
  return std::nullopt;
}

void report_role(YamlMap& parameter, const Connection& connection) {
  if (const auto wrong = check_role(connection)) {
    report_value(parameter, connection, wrong->first, wrong->second);
  }
  if (!has(connection.values, kRamRole)) return;
  std::vector<std::string_view> keys;
  for (const auto& [name, value] : connection.values) {
    if (is_credential_key(name)) keys.emplace_back(name);
  }
  if (keys.empty()) return;
  report_value(parameter, connection, kRamRole,
               fmt::format("cannot be given together with {}; keep the role or the keys", join_names(keys)));
}

}  // namespace

const std::string& Connection::get(std::string_view key) const noexcept {
  static const std::string kNone;
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const auto& value) { return value.first == key; });
  return found == values.end() ? kNone : found->second;
}

Connection read_connection(YamlMap& parameter, const ConnectionKind& kind, const DataSources& sources) {
  Connection connection;
  connection.values = read_inline(parameter, kind);
  std::string_view key = "datasource";
  auto name = parameter.text(key);
  if (const auto other = parameter.text("dataSource");
      other && !name) {  // as the original's README spells it
    key = "dataSource";
    name = other;
  }
  const YamlNode* node = parameter.get(key);
  if (node != nullptr && !name) return connection;  // reported already
  if (!name || trim(*name).empty()) {
    connection.origin = parameter.path("");
    connection.origin.pop_back();
    check_inline(parameter, key, kind, connection);
    report_role(parameter, connection);
    return connection;
  }
  connection.origin = fmt::format("datasource {}", *name);
  const auto source =
      std::find_if(sources.begin(), sources.end(), [&](const auto& known) { return known.first == *name; });
  if (source == sources.end()) {
    report_unknown_source(parameter, key, *name, kind, sources);
  } else if (source->second.type != kind.type) {
    parameter.error(key, fmt::format("data source {} is of type {}; {} needs one of type {}", *name,
                                     source->second.type, kind.product, kind.type));
  } else {
    merge_source(parameter, key, kind, source->second, connection);
    report_role(parameter, connection);
  }
  return connection;
}

std::string check_endpoint(std::string_view endpoint, std::string_view bucket) {
  if (endpoint.empty() || is_reference(endpoint)) return {};
  std::string_view rest = endpoint;
  if (const std::size_t mark = rest.find("://"); mark != std::string_view::npos) {
    const std::string scheme = lower(rest.substr(0, mark));
    if (scheme != "http" && scheme != "https") {
      return fmt::format("the scheme {}:// is not supported; write https://HOST, http://HOST or HOST",
                         scheme);
    }
    rest.remove_prefix(mark + 3);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // What is refused here is not quoted: someone may have put a password before the "@".
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:[]").find(c) != std::string_view::npos;
  };
  if (rest.empty() || !std::all_of(rest.begin(), rest.end(), legal)) {
    return "expected a host with an optional port, such as https://oss-cn-hangzhou.aliyuncs.com, without "
           "path, user "
           "or blanks";
  }
  if (has_wrong_port(rest)) return "the port must be a number from 1 to 65535";
  if (!bucket.empty() && lower(rest).starts_with(lower(bucket) + ".")) {
    return fmt::format("contains the bucket name; write {} and leave {} to the key bucket",
                       rest.substr(bucket.size() + 1), bucket);
  }
  return {};
}

void report_value(YamlMap& parameter, const Connection& connection, std::string_view key,
                  std::string_view wrong) {
  if (parameter.get(key) != nullptr) {
    parameter.error(key, wrong);
  } else {
    parameter.error("datasource", fmt::format("{}: {}: {}", connection.origin, key, wrong));
  }
}

void report_endpoint(YamlMap& parameter, const Connection& connection, std::string_view bucket) {
  const std::string wrong = check_endpoint(connection.get("endpoint"), bucket);
  if (!wrong.empty()) report_value(parameter, connection, "endpoint", wrong);
}

Result<Connection> open_connection(Connection connection) {
  for (auto& [key, value] : connection.values) {
    auto opened = open_reference(value, fmt::format("{}: {}", connection.origin, key));
    if (!opened) return opened.error();
    value = std::move(*opened);
  }
  if (const auto wrong = check_role(connection)) {
    return Error(Errc::invalid_argument,
                 fmt::format("{}: {}: {}", connection.origin, wrong->first, wrong->second));
  }
  return connection;
}

}  // namespace sluice::job
