#pragma once
// Which of a job's troubles somebody is told of: the keys of `alerts` in a job file, and of `alerts.rules` in
// sluice.yaml. docs/alerts.md says what each rule looks at.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::job {

// A limit that is off has no value. The defaults are those of a daemon whose file says nothing.
struct AlertRules {
  bool failed = false;                               // an attempt failed and a rerun follows
  bool exhausted = true;                             // failed, and no rerun is left
  bool timeout = true;                               // failed because it took longer than the job's timeout
  bool lost = true;                                  // its attempt was lost and the job may not be run again
  bool missing = true;                               // slots without an instance
  bool skipped = true;                               // windows that catch-up left out
  bool backfill = false;                             // failures of backfills count as well
  std::optional<std::chrono::minutes> unfinished{};  // local time, up to 47:59 (the next day)
  std::map<int, std::chrono::minutes> unfinished_cycles{};  // the same for single cycles of the day, from 1
  std::optional<Duration> running{};                        // an attempt takes longer than this
  std::optional<Duration> lag = Duration(0);  // a window is due for longer; 0: six cycles, 30 min .. 6 h
  std::optional<Duration> retention = Duration(0);  // less is left; 0: the job's retentionWarning, or half
  std::optional<Duration> blocked =
      std::chrono::minutes(30);                  // windows wait for a person for longer than this
  std::optional<std::uint64_t> blocked_count{};  // or so many of them
  friend bool operator==(const AlertRules&, const AlertRules&) = default;
};

// What a job file says under `alerts`: "off", or what differs from the daemon's rules.
struct JobAlerts {
  bool off = false;
  std::vector<std::string> channels{};  // empty: the daemon's
  Place channels_place{};               // of the list
  YamlNode rules{};                     // checked; read again over the daemon's rules
};

// The keys of the rules; what is not given stays as it is.
void read_alert_rules(YamlMap& map, AlertRules& rules);

// The key `alerts` of a job file; null without it.
std::shared_ptr<const JobAlerts> read_job_alerts(YamlMap& job);

// Nothing for a job that is not watched.
std::optional<AlertRules> rules_of(const Job& job, const AlertRules& defaults);

// "00:00" .. "47:59". Nothing for other text.
std::optional<std::chrono::minutes> parse_two_day_clock(std::string_view text);

}  // namespace sluice::job
