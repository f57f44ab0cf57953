#pragma once
// sluice.yaml: the declared keys, and what they come to.

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"
#include "daemon/alerts/alert_config.hpp"
#include "daemon/http/access.hpp"
#include "daemon/http/server_tls.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// All paths absolute.
struct Config {
  std::string file;       // where it was read from
  std::string state_dir;  // holds sluice.db
  std::string jobs_dir;
  std::string log_dir;
  std::uint64_t log_bytes_max = 0;        // of one attempt's log
  std::uint64_t log_total_bytes_max = 0;  // of all attempts' logs together
  int log_retention_days = 0;
  Duration log_compress_after{0};  // since the last line of an attempt's log
  Duration history_positions{0};   // how long the positions of committed windows are kept
  Duration history_keep{0};        // how long instances are kept; not less
  std::string backup_dir;          // of the copies of the state file
  Duration backup_every{0};
  std::size_t backup_keep = 0;  // the newest so many stay; 0: none are made
  std::string socket;           // Unix socket; empty: none
  std::string tcp_address;      // empty: none
  std::uint16_t tcp_port = 0;
  std::vector<std::string> hosts;  // further names of the TCP door: "name" or "name:port"
  TlsFiles tls;                    // of the TCP door
  AccessConfig access;
  std::size_t attempts_max = 1;  // running at once, over all jobs
  Duration drain_limit{0};       // how long a stop waits for running attempts
  std::string ca_file;           // PEM; empty: the system's
  Secret proxy;                  // as written, references unopened; empty: the environment's; or "none"
  std::string log_level;         // of the daemon's own log: debug, info, warning, error
  std::string log_format;        // likewise: text, json
  job::DataSources sources;
  AlertConfig alerts;
};

// One key of the file, for the reader, the documents and the test that compares them with etc/sluice.yaml.
struct ConfigKey {
  std::string_view path;      // "logs.maxSize"
  std::string_view type;      // "path", "size", "duration", "number", "text", "map"
  std::string_view fallback;  // as it is written in the file
  std::string_view limits;    // "1 .. 1000", or the values allowed; empty: any
  std::string_view help;
};
std::span<const ConfigKey> config_keys();

struct LoadedConfig {
  std::optional<Config> config;        // unless there are errors
  std::vector<job::Problem> problems;  // all of them, in order of place
};

// Reads and checks the file. Relative paths are relative to the folder of the file. Never throws for bad
// content.
LoadedConfig load_config(const std::string& path);

// The same from text that is not in a file; `path` still gives the folder.
LoadedConfig parse_config(const std::string& path, std::string_view text);

// Where the state file is in a folder of states.
std::string state_file_in(const std::string& folder);

// "64KiB", "10MiB", "1GiB" or plain bytes. Nothing for other text.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace sluice::daemon
