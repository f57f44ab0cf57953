#include "daemon/config.hpp"

#include <array>

namespace sluice::daemon {
namespace {

constexpr std::array kKeys = {
    ConfigKey{"stateDir", "path", "/var/lib/sluice", "",
              "Folder of the state file sluice.db: positions, instances, history. Back it up with `sluice "
              "backup`."},
    ConfigKey{"jobsDir", "path", "jobs.d", "", "Folder of the job files; every *.yaml in it is a job file."},
    ConfigKey{"logs.dir", "path", "/var/log/sluice", "", "Folder of the attempts' logs, one file each."},
    ConfigKey{"logs.maxSize", "size", "1MiB", "4KiB .. 1GiB",
              "Size of one attempt's log; beyond it the beginning and the end are kept."},
    ConfigKey{"logs.totalSize", "size", "1GiB", "1MiB .. 1024GiB",
              "Size of all logs together; beyond it the oldest are removed."},
    ConfigKey{"logs.retentionDays", "number", "30", "1 .. 3650", "Age at which logs are removed."},
    ConfigKey{"history.positions", "duration", "35d", "8d .. 3650d",
              "Age at which the positions of a committed window are forgotten; it cannot be run again then."},
    ConfigKey{"history.keep", "duration", "400d", "8d .. 3650d",
              "Age at which done instances are removed; the ledger of what is covered stays."},
    ConfigKey{"listen.socket", "path", "/run/sluice/sluice.sock", "a path or none",
              "Unix socket for control, mode 0660."},
    ConfigKey{"listen.tcp", "text", "127.0.0.1:7788", "loopback address:port or none",
              "Read-only HTTP: dashboard, API, metrics. Loopback only; port 0 takes a free one."},
    ConfigKey{"maxConcurrent", "number", "8", "1 .. 1000",
              "Attempts that may run at the same time, over all jobs."},
    ConfigKey{"drainLimit", "duration", "60s", "0s .. 1h",
              "How long a stop waits for running attempts before it takes them back."},
    ConfigKey{"dataSources", "map", "{}", "",
              "Named connections that job files refer to with `datasource: NAME`."},
    ConfigKey{"tls.caFile", "path", "\"\"", "", "PEM file of trusted certificates; empty: the system's."},
    ConfigKey{
        "proxy", "text", "\"\"", "http://[USER:PASSWORD@]HOST:PORT or none",
        "HTTP proxy for all requests to the services; empty: what https_proxy, http_proxy and no_proxy say."},
    ConfigKey{"logLevel", "text", "info", "debug, info, warning, error",
              "Of the daemon's own log on stderr."},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace sluice::daemon
