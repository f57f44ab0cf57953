#pragma once
// The part `alerts` of sluice.yaml: channels, heartbeat, rules, how often somebody is told.

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/job/job_alerts.hpp"
#include "scheduler/alerts.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::daemon {

enum class ChannelType { webhook, command, sendmail };
enum class WebhookShape { generic, dingtalk, wecom, feishu, slack };
enum class Language { english, chinese };

// Values that may be references are kept as written and opened when a notice is sent.
struct ChannelConfig {
  std::string name;
  ChannelType type = ChannelType::webhook;
  Language language = Language::english;
  Duration timeout = std::chrono::seconds(10);  // of one try
  // webhook
  Secret url;  // robots carry their token in it
  WebhookShape shape = WebhookShape::generic;
  Secret secret;  // signs what DingTalk and Feishu get
  std::vector<std::pair<std::string, Secret>> headers{};
  std::string body;  // generic: a JSON text with ${variables}; empty: all of them
  // command and sendmail
  std::vector<std::string> command{};        // no shell
  Duration grace = std::chrono::seconds(5);  // between TERM and KILL
  std::string from;
  std::vector<std::string> to{};
};

struct HeartbeatConfig {
  Secret url;  // empty: none
  bool post = false;
  Duration interval = std::chrono::seconds(60);
};

struct AlertConfig {
  std::vector<ChannelConfig> channels{};
  std::vector<std::string> default_channels{};  // names; empty: all
  Language language = Language::english;
  std::string link;  // of the dashboard, for the texts; no "/" at the end
  scheduler::AlertPolicy policy{};
  HeartbeatConfig heartbeat{};
  job::AlertRules rules{};
  bool restart = true;
  bool store = true;
  bool definitions = true;
  bool channel = true;
};

// Reads the map; everything wrong goes to its list of problems.
AlertConfig read_alerts(job::YamlMap map);

// An error for each name that the job's file gives and sluice.yaml does not know. The job runs all the same:
// its notices go to the default channels.
std::vector<job::Problem> unknown_channels(const AlertConfig& config, const job::Job& job);

}  // namespace sluice::daemon
