#include "core/job/job_alerts.hpp"

#include "core/job/job_keys.hpp"

#include <fmt/format.h>

namespace sluice::job {
namespace {

constexpr std::string_view kOff = "off";
constexpr std::string_view kAuto = "auto";
constexpr int kCyclesMax = 1440;

// "on" and "off", or what YAML 1.1 readers make of them.
void read_switch(YamlMap& map, std::string_view key, bool& value) {
  const auto text = map.text(key);
  if (!text) return;
  if (*text == "on" || *text == "true") {
    value = true;
  } else if (*text == kOff || *text == "false") {
    value = false;
  } else {
    map.error(key, fmt::format("expected on or off, got \"{}\"", *text));
  }
}

bool is_off(YamlMap& map, std::string_view key) {
  const YamlNode* node = map.get(key);
  return node != nullptr && node->kind == YamlNode::Kind::scalar &&
         (node->text == kOff || node->text == "false");
}

// A length, off, or (where zero stands for it) auto.
void read_limit(YamlMap& map, std::string_view key, bool may_be_auto, std::optional<Duration>& value) {
  const YamlNode* node = map.get(key);
  if (node == nullptr) return;
  if (is_off(map, key)) {
    value.reset();
  } else if (may_be_auto && node->text == kAuto) {
    value = Duration(0);
  } else if (const auto length = map.duration(key, std::chrono::minutes(1), std::chrono::hours(24 * 365))) {
    value = *length;
  }
}

void read_clock(YamlMap& map, std::string_view key, std::optional<std::chrono::minutes>& value) {
  if (is_off(map, key)) {
    value.reset();
    return;
  }
  const auto text = map.text(key);
  if (!text) return;
  value = parse_two_day_clock(*text);
  if (!value) {
    map.error(key,
              fmt::format("expected off or a time from \"00:00\" to \"47:59\" (24:00 and later are of the "
                          "next day), got \"{}\"",
                          *text));
  }
}

void read_cycles(YamlMap& map, std::map<int, std::chrono::minutes>& cycles) {
  constexpr std::string_view kKey = "unfinishedCycles";
  if (map.get(kKey) == nullptr) return;
  YamlMap given = map.map(kKey);
  cycles.clear();
  for (const YamlNode& key : given.node().keys) {
    const auto number = parse_integer(key.text);
    std::optional<std::chrono::minutes> clock;
    read_clock(given, key.text, clock);
    if (!number || *number < 1 || *number > kCyclesMax) {
      given.error(key.text, fmt::format("expected the number of a cycle of the day, 1 to {}", kCyclesMax));
    } else if (clock) {
      cycles[static_cast<int>(*number)] = *clock;
    }
  }
}

void read_count(YamlMap& map, std::string_view key, std::optional<std::uint64_t>& value) {
  if (is_off(map, key)) {
    value.reset();
  } else if (const auto number = map.integer(key, 1, 1'000'000)) {
    value = static_cast<std::uint64_t>(*number);
  }
}

}  // namespace

std::optional<std::chrono::minutes> parse_two_day_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {0U, 1U, 3U, 4U}) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 47 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(hours * 60 + minutes);
}

void read_alert_rules(YamlMap& map, AlertRules& rules) {
  read_switch(map, "failed", rules.failed);
  read_switch(map, "exhausted", rules.exhausted);
  read_switch(map, "timeout", rules.timeout);
  read_switch(map, "lost", rules.lost);
  read_switch(map, "missing", rules.missing);
  read_switch(map, "skipped", rules.skipped);
  read_switch(map, "backfill", rules.backfill);
  read_clock(map, "unfinished", rules.unfinished);
  read_cycles(map, rules.unfinished_cycles);
  read_limit(map, "running", false, rules.running);
  read_limit(map, "lag", true, rules.lag);
  read_limit(map, "retention", true, rules.retention);
  read_limit(map, "blocked", false, rules.blocked);
  read_count(map, "blockedCount", rules.blocked_count);
}

std::shared_ptr<const JobAlerts> read_job_alerts(YamlMap& job) {
  constexpr std::string_view kKey = "alerts";
  const YamlNode* node = job.get(kKey);
  if (node == nullptr) return nullptr;
  auto alerts = std::make_shared<JobAlerts>();
  if (node->kind == YamlNode::Kind::scalar) {
    alerts->off = is_off(job, kKey);
    if (!alerts->off) {
      job.error(kKey, fmt::format("expected off, or a map such as {{lag: 1h}}, got \"{}\"", node->text));
    }
    return alerts;
  }
  YamlMap map = job.map(kKey);
  if (auto channels = map.texts("channels")) {
    if (channels->empty()) map.error("channels", "name a channel of sluice.yaml, or write alerts: off");
    alerts->channels = std::move(*channels);
    alerts->channels_place = map.get("channels")->place;
  }
  AlertRules checked;
  read_alert_rules(map, checked);
  map.finish(declared_names(kKey));
  alerts->rules = *node;
  return alerts;
}

std::optional<AlertRules> rules_of(const Job& job, const AlertRules& defaults) {
  AlertRules rules = defaults;
  if (job.alerts == nullptr) return rules;
  if (job.alerts->off) return std::nullopt;
  ProblemList reported(job.file);
  YamlMap map(job.alerts->rules, "alerts", reported);
  read_alert_rules(map, rules);
  return rules;
}

}  // namespace sluice::job
