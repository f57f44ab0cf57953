#include "daemon/config/config.hpp"

#include <array>

namespace sluice::daemon {
namespace {

constexpr std::array kKeys = {
    ConfigKey{"stateDir", "path", "/var/lib/sluice", "",
              "Folder of the state file sluice.db: positions, instances, history. Back it up with `sluice "
              "backup`."},
    ConfigKey{"jobsDir", "path", "jobs.d", "", "Folder of the job files; every `*.yaml` and `*.yml` in it."},
    ConfigKey{"logs.dir", "path", "/var/log/sluice", "", "Folder of the attempts' logs, one file each."},
    ConfigKey{"logs.maxSize", "size", "1MiB", "4KiB .. 1GiB",
              "Size of one attempt's log; beyond it the beginning and the end are kept."},
    ConfigKey{"logs.totalSize", "size", "1GiB", "1MiB .. 1024GiB",
              "What all logs may take of the disk together; beyond it the oldest are removed."},
    ConfigKey{"logs.compressAfter", "duration", "2d", "1h .. 3650d",
              "Age at which the log of an attempt is compressed (`.log.gz`); it is read as before."},
    ConfigKey{"logs.retentionDays", "number", "30", "1 .. 3650", "Age at which logs are removed."},
    ConfigKey{"history.positions", "duration", "35d", "8d .. 3650d",
              "Age at which the positions of a committed window are forgotten; it cannot be run again then."},
    ConfigKey{
        "history.keep", "duration", "400d", "8d .. 3650d",
        "Age at which done instances, and versions of jobs that nobody needs, are removed; not less than "
        "history.positions. The ledger of what is covered stays."},
    ConfigKey{"backup.dir", "path", "\"\"", "",
              "Folder of the copies of the state file that the daemon makes and checks by itself; empty: "
              "backups below stateDir. The daemon must be allowed to write there."},
    ConfigKey{"backup.every", "duration", "1h", "10m .. 7d",
              "Between two copies; all windows since the last one are exported again after a restore."},
    ConfigKey{"backup.keep", "number", "4", "0 .. 1000",
              "How many copies stay; 0 makes none, and removes none that are there."},
    ConfigKey{"listen.socket", "path", "/run/sluice/sluice.sock", "a path of at most 107 bytes, or none",
              "Unix socket for control, mode 0660."},
    ConfigKey{
        "listen.tcp", "text", "127.0.0.1:7788", "address:port or none",
        "HTTP: dashboard, API, metrics; reading without a token, control with one. Beyond loopback only "
        "with listen.tls and access.tokens. Port 0 takes a free one."},
    ConfigKey{"listen.hosts", "list", "[]", "names, with or without :port",
              "Further names under which browsers reach it, such as those of a proxy in front."},
    ConfigKey{"listen.tls.certFile", "path", "\"\"", "",
              "PEM file of the certificate and the intermediate ones behind it; empty: no TLS. Read again by "
              "`sluice reload`."},
    ConfigKey{"listen.tls.keyFile", "path", "\"\"", "",
              "PEM file of its private key, not encrypted, closed to others."},
    ConfigKey{"listen.tls.clientCaFile", "path", "\"\"", "",
              "PEM file of the authorities whose client certificates are required; empty: none is."},
    ConfigKey{"access.tokens", "map", "{}", "",
              "Named tokens for TCP with role, sha256 and expires, as `sluice token` prints them."},
    ConfigKey{"access.anonymous", "text", "viewer", "viewer or none",
              "What may be done over loopback TCP without a token; beyond loopback it is nothing."},
    ConfigKey{"maxConcurrent", "number", "8", "1 .. 1000",
              "Attempts that may run at the same time, over all jobs."},
    ConfigKey{"drainLimit", "duration", "60s", "0s .. 1h",
              "How long a stop waits for running attempts before it takes them back."},
    ConfigKey{"alerts.language", "text", "en", "en or zh",
              "Of the notices: English or Chinese; a channel may have its own."},
    ConfigKey{"alerts.link", "text", "\"\"", "an address",
              "Of the dashboard as receivers reach it; each notice names its incident's page there."},
    ConfigKey{"alerts.interval", "duration", "30m", "1m .. 7d", "Between two notices of one trouble."},
    ConfigKey{"alerts.maxPerDay", "number", "3", "1 .. 100",
              "Notices of one trouble in 24 hours; after so many an incident is quiet until it ends."},
    ConfigKey{"alerts.silence", "text", "\"\"", "times of the day such as \"23:00-07:00\"",
              "Hours in which nothing is sent; what still holds at their end is sent then."},
    ConfigKey{"alerts.timezone", "text", "Asia/Shanghai", "IANA name",
              "Of the silence, and of times in notices that belong to no job."},
    ConfigKey{"alerts.recovery", "text", "on", "on or off", "Whether the end of a trouble is told of too."},
    ConfigKey{
        "alerts.channels", "map", "{}", "",
        "Named ways to tell people: webhooks, commands, sendmail. Without any, incidents are only listed."},
    ConfigKey{"alerts.default", "list", "[]", "",
              "Channels that get what no job file sends elsewhere; empty: all of them."},
    ConfigKey{"alerts.heartbeat.url", "text", "\"\"", "an address or a reference",
              "Asked for as long as the scheduler is healthy; who watches there notices the silence."},
    ConfigKey{"alerts.heartbeat.method", "text", "GET", "GET or POST", "How it is asked."},
    ConfigKey{"alerts.heartbeat.interval", "duration", "60s", "1s .. 1d", "Between two signs of life."},
    ConfigKey{"alerts.rules.failed", "text", "off", "on or off", "An attempt failed, and a rerun follows."},
    ConfigKey{"alerts.rules.exhausted", "text", "on", "on or off",
              "An instance failed, and no rerun is left."},
    ConfigKey{"alerts.rules.timeout", "text", "on", "on or off",
              "An attempt took longer than the job's timeout."},
    ConfigKey{"alerts.rules.lost", "text", "on", "on or off",
              "An attempt was lost, and the job may not be run again by itself."},
    ConfigKey{"alerts.rules.unfinished", "text", "off", "off or \"00:00\" .. \"47:59\"",
              "Windows of the day are not done at this local time; 24:00 and later are of the next day."},
    ConfigKey{"alerts.rules.unfinishedCycles", "map", "{}", "1 .. 1440: \"00:00\" .. \"47:59\"",
              "The same for single cycles of the day, by number."},
    ConfigKey{"alerts.rules.running", "duration", "off", "off or 1m .. 365d",
              "An attempt has been running for longer than this."},
    ConfigKey{"alerts.rules.lag", "duration", "auto", "off, auto or 1m .. 365d",
              "A window has been due for longer than this; auto: six cycles, at least 30m, at most 6h."},
    ConfigKey{"alerts.rules.retention", "duration", "auto", "off, auto or 1m .. 365d",
              "Less is left until the stream drops what is not exported; auto: the job's retentionWarning."},
    ConfigKey{"alerts.rules.blocked", "duration", "30m", "off or 1m .. 365d",
              "Windows wait this long behind one that only a person can let go on."},
    ConfigKey{"alerts.rules.blockedCount", "number", "off", "off or 1 .. 1000000",
              "Or so many windows wait behind it."},
    ConfigKey{"alerts.rules.missing", "text", "on", "on or off", "Slots that are past have no instance."},
    ConfigKey{"alerts.rules.skipped", "text", "on", "on or off", "Catch-up left windows out; one summary."},
    ConfigKey{"alerts.rules.backfill", "text", "off", "on or off",
              "Failures of backfills are told of as well."},
    ConfigKey{"alerts.rules.restart", "text", "on", "on or off",
              "The daemon was started again without an ordered stop."},
    ConfigKey{"alerts.rules.store", "text", "on", "on or off", "The state store does not work."},
    ConfigKey{"alerts.rules.definitions", "text", "on", "on or off",
              "Job files had errors when they were read last."},
    ConfigKey{"alerts.rules.channel", "text", "on", "on or off",
              "A channel has failed for 10 minutes; told of through the others."},
    ConfigKey{"dataSources", "map", "{}", "",
              "Named connections that job files refer to with `datasource: NAME`."},
    ConfigKey{"tls.caFile", "path", "\"\"", "", "PEM file of trusted certificates; empty: the system's."},
    ConfigKey{
        "proxy", "text", "\"\"", "http://[USER:PASSWORD@]HOST:PORT or none",
        "HTTP proxy for all requests to the services; empty: what https_proxy, http_proxy and no_proxy say."},
    ConfigKey{"logLevel", "text", "info", "debug, info, warning, error",
              "Of the daemon's own log on stderr."},
    ConfigKey{
        "logFormat", "text", "text", "text, json",
        "Of the same log: lines for people, or [one JSON object a line](operations.md#the-daemons-own-log)."},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace sluice::daemon
