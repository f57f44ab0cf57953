#include "daemon/config/config.hpp"

#include "core/http/proxy.hpp"
#include "core/job/references.hpp"
#include "core/job/yaml_map.hpp"
#include "daemon/http/access_config.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>

namespace sluice::daemon {
namespace {

using job::ProblemList;
using job::YamlMap;
using job::YamlNode;

constexpr std::string_view kNone = "none";
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30U;

std::string_view fallback_of(std::string_view path) {
  for (const ConfigKey& key : config_keys()) {
    if (key.path == path) return key.fallback == "\"\"" ? std::string_view() : key.fallback;
  }
  throw std::logic_error("a key is read that is not declared");
}

std::string absolute(const std::string& folder, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

// Reads one map of the file; every default comes from the table of keys.
class Section {
 public:
  Section(YamlMap map, std::string prefix, std::string folder)
      : map_(std::move(map)), prefix_(std::move(prefix)), folder_(std::move(folder)) {}

  std::string text(std::string_view key) {
    return map_.text(key).value_or(std::string(fallback_of(declared(key))));
  }

  std::string path(std::string_view key) { return absolute(folder_, text(key)); }

  // Of a folder that is needed: "" would be the root of the file system.
  std::string folder(std::string_view key) {
    std::string found = path(key);
    if (found.empty()) map_.error(key, "expected the path of a folder");
    return found;
  }

  std::int64_t number(std::string_view key, std::int64_t min, std::int64_t max) {
    const auto given = map_.integer(key, min, max);
    return given ? *given : *job::parse_integer(fallback_of(declared(key)));
  }

  Duration duration(std::string_view key, Duration min, Duration max) {
    const auto given = map_.duration(key, min, max);
    return given ? *given : *job::parse_duration(fallback_of(declared(key)));
  }

  std::uint64_t size(std::string_view key, std::uint64_t min, std::uint64_t max) {
    const auto bytes = parse_size(text(key));
    if (!bytes || *bytes < min || *bytes > max) {
      map_.error(key, fmt::format("expected a size from {} to {} bytes, such as 1MiB", min, max));
    }
    return bytes.value_or(min);
  }

  std::string choice(std::string_view key, const std::vector<std::string_view>& allowed) {
    std::string value = text(key);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      map_.error(key, fmt::format("expected one of {}, got \"{}\"", job::join_names(allowed), value));
    }
    return value;
  }

  YamlMap& map() { return map_; }
  void finish() { map_.finish(); }

 private:
  std::string declared(std::string_view key) const {
    return prefix_.empty() ? std::string(key) : fmt::format("{}.{}", prefix_, key);
  }

  YamlMap map_;
  std::string prefix_;
  std::string folder_;
};

void read_tcp(Section& listen, Config& config) {
  const std::string text = listen.text("tcp");
  if (text == kNone) return;
  const auto colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  unsigned port = 0;
  const char* begin = colon == std::string::npos ? nullptr : text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto read = begin == nullptr ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                                     : std::from_chars(begin, end, port);
  const bool number = read.ec == std::errc() && read.ptr == end;
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code failure;
  boost::asio::ip::make_address(host, failure);
  if (!number || port > 65535 || failure) {
    listen.map().error(
        "tcp", fmt::format("expected address:port such as 127.0.0.1:7788, or none; got \"{}\"", text));
  } else {
    config.tcp_address = host;
    config.tcp_port = static_cast<std::uint16_t>(port);
  }
}

void read_hosts(Section& listen, Config& config) {
  for (std::string& name : listen.map().texts("hosts").value_or(std::vector<std::string>())) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view(".-:[]_").find(c) != std::string_view::npos;
    });
    if (!plain)
      listen.map().error("hosts", fmt::format("expected names such as sluice.example.com or "
                                              "sluice.example.com:8443; got \"{}\"",
                                              name));
    config.hosts.push_back(std::move(name));
  }
}

void read_server_tls(Section& listen, const std::string& folder, Config& config) {
  Section tls(listen.map().map("tls"), "listen.tls", folder);
  config.tls.certificate = tls.path("certFile");
  config.tls.key = tls.path("keyFile");
  config.tls.client_ca = tls.path("clientCaFile");
  if (config.tls.certificate.empty() != config.tls.key.empty())
    tls.map().error(config.tls.certificate.empty() ? "keyFile" : "certFile",
                    "certFile and keyFile belong together: give both, or neither");
  if (!config.tls.client_ca.empty() && config.tls.certificate.empty())
    tls.map().error("clientCaFile", "client certificates need TLS: give certFile and keyFile too");
  tls.finish();
}

// Other machines must neither listen in nor be anybody.
void check_reach(Section& listen, const Config& config) {
  boost::system::error_code none;
  if (config.tcp_address.empty() || boost::asio::ip::make_address(config.tcp_address, none).is_loopback())
    return;
  std::vector<std::string_view> missing;
  if (!config.tls.enabled()) missing.emplace_back("listen.tls.certFile and listen.tls.keyFile");
  if (config.access.tokens.empty() && config.tls.client_ca.empty())
    missing.emplace_back(
        "a token under access.tokens (sluice token NAME --role viewer), or "
        "listen.tls.clientCaFile");
  if (missing.empty()) return;
  listen.map().error("tcp", fmt::format("other machines reach {}, which takes TLS and tokens: add {}; or use "
                                        "127.0.0.1 or [::1]",
                                        config.tcp_address, fmt::join(missing, "; and add ")));
}

struct SourceType {
  std::string_view name;
  std::vector<std::string_view> keys;
};

const std::vector<SourceType>& source_types() {
  static const std::vector<SourceType> kTypes{
      {"ots",
       {"endpoint", "instanceName", "accessId", "accessKey", "securityToken", "ramRole", "metadataEndpoint",
        "region"}},
      {"oss",
       {"endpoint", "bucket", "accessId", "accessKey", "securityToken", "ramRole", "metadataEndpoint",
        "region", "cname", "addressing"}},
      {"s3", {"endpoint", "bucket", "accessId", "accessKey", "securityToken", "region", "addressing"}},
      {"localfile", {"directory"}},
  };
  return kTypes;
}

job::DataSource read_source(YamlMap source) {
  std::vector<std::string_view> names;
  for (const SourceType& type : source_types()) names.push_back(type.name);
  job::DataSource out;
  if (source.require("type", fmt::format("say {}", job::join_names(names, " or "))) == nullptr) return out;
  const auto place = source.choice("type", names);
  if (!place) return out;
  const SourceType& type = source_types()[*place];
  out.type = type.name;
  for (const std::string_view key : type.keys) {
    if (auto value = source.text(key)) out.keys.emplace_back(key, std::move(*value));
  }
  source.finish();
  return out;
}

void read_proxy(Section& root, Config& config) {
  const std::string text = root.text("proxy");
  config.proxy = Secret(text);
  if (text.empty() || text == kNone || job::is_reference(text)) return;
  const auto address = http::parse_proxy_address(text);
  if (!address) root.map().error("proxy", address.error().message() + ", or none");
}

void read_sources(YamlMap& root, Config& config) {
  YamlMap sources = root.map("dataSources");
  for (const YamlNode& name : sources.node().keys) {
    const bool repeated = std::any_of(config.sources.begin(), config.sources.end(),
                                      [&](const auto& source) { return source.first == name.text; });
    if (!repeated) config.sources.emplace_back(name.text, read_source(sources.map(name.text)));
  }
}

Config read(const YamlNode& document, const std::string& path, ProblemList& problems) {
  Config config;
  config.file = std::filesystem::absolute(path).lexically_normal().string();
  const std::string folder = std::filesystem::path(config.file).parent_path().string();
  Section root(YamlMap(document, "", problems), "", folder);
  config.state_dir = root.folder("stateDir");
  config.jobs_dir = root.folder("jobsDir");
  config.attempts_max = static_cast<std::size_t>(root.number("maxConcurrent", 1, 1000));
  config.drain_limit = root.duration("drainLimit", Duration(0), std::chrono::hours(1));
  config.log_level = root.choice("logLevel", {"debug", "info", "warning", "error"});
  config.log_format = root.choice("logFormat", {"text", "json"});

  Section logs(root.map().map("logs"), "logs", folder);
  config.log_dir = logs.folder("dir");
  config.log_bytes_max = logs.size("maxSize", 4 * 1024, kGibibyte);
  config.log_total_bytes_max = logs.size("totalSize", kMebibyte, 1024 * kGibibyte);
  config.log_retention_days = static_cast<int>(logs.number("retentionDays", 1, 3650));
  config.log_compress_after = logs.duration("compressAfter", std::chrono::hours(1), std::chrono::days(3650));
  logs.finish();

  Section history(root.map().map("history"), "history", folder);
  // No stream keeps its records longer than 7 days; within that time a window can be read again.
  constexpr std::chrono::days kShortest{8};
  constexpr std::chrono::days kLongest{3650};
  config.history_positions = history.duration("positions", kShortest, kLongest);
  config.history_keep = history.duration("keep", kShortest, kLongest);
  if (config.history_keep < config.history_positions)
    history.map().error("keep", "shorter than positions: an instance is kept at least as long as they are");
  history.finish();

  Section backup(root.map().map("backup"), "backup", folder);
  config.backup_dir = backup.path("dir");
  if (config.backup_dir.empty()) config.backup_dir = config.state_dir + "/backups";
  config.backup_every = backup.duration("every", std::chrono::minutes(10), std::chrono::days(7));
  config.backup_keep = static_cast<std::size_t>(backup.number("keep", 0, 1000));
  backup.finish();

  Section listen(root.map().map("listen"), "listen", folder);
  if (listen.text("socket") != kNone) config.socket = listen.path("socket");
  if (config.socket.size() > 107) listen.map().error("socket", "the path is longer than 107 bytes");
  read_tcp(listen, config);
  read_hosts(listen, config);
  read_server_tls(listen, folder, config);
  config.access = read_access(root.map().map("access"));
  check_reach(listen, config);
  listen.finish();

  Section tls(root.map().map("tls"), "tls", folder);
  config.ca_file = tls.path("caFile");
  tls.finish();

  read_proxy(root, config);
  read_sources(root.map(), config);
  config.alerts = read_alerts(root.map().map("alerts"));
  root.finish();
  return config;
}

LoadedConfig failed(const std::string& path, job::Place place, std::string message) {
  LoadedConfig loaded;
  job::Problem problem;
  problem.file = path;
  problem.line = place.line;
  problem.column = place.column;
  problem.message = std::move(message);
  loaded.problems.push_back(std::move(problem));
  return loaded;
}

}  // namespace

LoadedConfig parse_config(const std::string& path, std::string_view text) {
  auto document = job::parse_yaml(text);
  if (!document) return failed(path, document.error().place, document.error().message);
  // A file in which everything is commented out means all defaults.
  if (document->kind == YamlNode::Kind::null) document->kind = YamlNode::Kind::mapping;
  ProblemList problems(path);
  LoadedConfig loaded;
  Config config = read(*document, path, problems);
  if (problems.first_error() == nullptr) loaded.config = std::move(config);
  loaded.problems = problems.take();
  return loaded;
}

LoadedConfig load_config(const std::string& path) {
  const auto text = job::read_text_file(path);
  if (!text) return failed(path, job::Place(), text.error().message());
  return parse_config(path, *text);
}

std::string state_file_in(const std::string& folder) { return folder + "/sluice.db"; }

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc()) return std::nullopt;
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  std::uint64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "KiB") factor = std::uint64_t{1} << 10U;
  if (unit == "MiB") factor = std::uint64_t{1} << 20U;
  if (unit == "GiB") factor = std::uint64_t{1} << 30U;
  if (factor == 0 || value > (std::uint64_t{1} << 62U) / factor) return std::nullopt;
  return value * factor;
}

}  // namespace sluice::daemon
