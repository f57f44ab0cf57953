#include "daemon/alerts/alert_config.hpp"

#include "core/http/endpoint.hpp"
#include "core/http/headers.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/references.hpp"
#include "daemon/alerts/alert_template.hpp"
#include "daemon/alerts/channel_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::daemon {
namespace {

using job::Word;
using job::YamlMap;
using job::YamlNode;

constexpr std::array<Word<ChannelType>, 3> kTypes = {{{"webhook", ChannelType::webhook},
                                                      {"command", ChannelType::command},
                                                      {"sendmail", ChannelType::sendmail}}};
constexpr std::array<Word<WebhookShape>, 5> kShapes = {{{"generic", WebhookShape::generic},
                                                        {"dingtalk", WebhookShape::dingtalk},
                                                        {"wecom", WebhookShape::wecom},
                                                        {"feishu", WebhookShape::feishu},
                                                        {"slack", WebhookShape::slack}}};
constexpr std::array<Word<Language>, 2> kLanguages = {{{"en", Language::english}, {"zh", Language::chinese}}};
constexpr std::array<Word<bool>, 4> kSwitch = {
    {{"on", true}, {"off", false}, {"true", true}, {"false", false}}};
constexpr std::array<Word<bool>, 2> kMethods = {{{"GET", false}, {"POST", true}}};

// A second one of these, or another value, breaks the request.
constexpr std::array<std::string_view, 4> kFraming = {"Host", "Content-Length", "Transfer-Encoding",
                                                      "Connection"};

Secret secret_text(YamlMap& map, std::string_view key) { return Secret(map.text(key).value_or("")); }

// What is a reference is checked when it is opened.
void check_address(YamlMap& map, std::string_view key, const Secret& url) {
  if (url.empty() || job::is_reference(url.reveal())) return;
  const auto address = parse_web_address(url.reveal());
  if (!address) map.error(key, address.error().message());
}

void read_webhook(YamlMap& map, ChannelConfig& channel) {
  map.require("url", "give the address to post to, or a reference such as ${env:ROBOT_URL}");
  channel.url = secret_text(map, "url");
  check_address(map, "url", channel.url);
  job::read_word(map, "shape", kShapes, channel.shape);
  channel.secret = secret_text(map, "secret");
  const bool signs = channel.shape == WebhookShape::dingtalk || channel.shape == WebhookShape::feishu;
  if (!channel.secret.empty() && !signs)
    map.error("secret", "only the shapes dingtalk and feishu sign; use headers for other keys");
  YamlMap headers = map.map("headers");
  for (const YamlNode& key : headers.node().keys) {
    const bool plain = std::all_of(key.text.begin(), key.text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (key.text.empty() || !plain)
      headers.error(key.text, "expected a name of letters, digits, \"-\" and \"_\"");
    if (std::ranges::any_of(kFraming, [&](auto name) { return http::equals_ignoring_case(name, key.text); }))
      headers.error(key.text, "sluice sets this header itself; leave it out");
    channel.headers.emplace_back(key.text, secret_text(headers, key.text));
  }
  if (auto body = map.text("body")) {
    channel.body = std::move(*body);
    if (channel.shape != WebhookShape::generic)
      map.error("body", "only the shape generic has a body of its own");
    const auto checked = check_template(channel.body);
    if (!checked) map.error("body", checked.error().message());
  }
}

void read_program(YamlMap& map, std::string_view key, ChannelConfig& channel) {
  if (auto command = map.texts(key)) channel.command = std::move(*command);
  if (channel.command.empty() || channel.command.front().empty() || channel.command.front().front() != '/') {
    map.error(key,
              "expected a list that begins with the absolute path of a program, such as [/usr/bin/page, -u]");
  }
  if (const auto grace = map.duration("grace", Duration(0), std::chrono::minutes(5))) channel.grace = *grace;
}

bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.rfind('@') == at &&
         text.size() <= 254 && std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != ',' && c != ';' && c != '"' &&
                  c != '(';
         });
}

void read_mail(YamlMap& map, ChannelConfig& channel) {
  if (map.get("command") == nullptr) {
    channel.command = {"/usr/sbin/sendmail", "-t", "-i"};
    if (const auto grace = map.duration("grace", Duration(0), std::chrono::minutes(5)))
      channel.grace = *grace;
  } else {
    read_program(map, "command", channel);
  }
  map.require("from", "give the sender's address, such as sluice@example.com");
  map.require("to", "give a list of addresses");
  channel.from = map.text("from").value_or("");
  if (auto to = map.texts("to")) channel.to = std::move(*to);
  if (map.get("from") != nullptr && !is_mail_address(channel.from))
    map.error("from", "expected one mail address without a name, such as sluice@example.com");
  const bool good = std::all_of(channel.to.begin(), channel.to.end(), is_mail_address);
  if (map.get("to") != nullptr && (channel.to.empty() || !good))
    map.error("to", "expected a list of mail addresses without names, such as [ops@example.com]");
}

bool is_channel_name(std::string_view name) {
  return !name.empty() && name.size() <= 50 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

ChannelConfig read_channel(YamlMap map, const std::string& name, Language language) {
  ChannelConfig channel;
  channel.name = name;
  channel.language = language;
  if (map.require("type", "say webhook, command or sendmail") == nullptr) return channel;
  job::read_word(map, "type", kTypes, channel.type);
  job::read_word(map, "language", kLanguages, channel.language);
  if (const auto timeout = map.duration("timeout", std::chrono::seconds(1), std::chrono::minutes(10)))
    channel.timeout = *timeout;
  switch (channel.type) {
    case ChannelType::webhook:
      read_webhook(map, channel);
      break;
    case ChannelType::command:
      map.require("command", "give the program and its arguments as a list");
      read_program(map, "command", channel);
      break;
    case ChannelType::sendmail:
      read_mail(map, channel);
      break;
  }
  map.finish();
  return channel;
}

void read_channels(YamlMap& map, AlertConfig& config) {
  YamlMap channels = map.map("channels");
  for (const YamlNode& name : channels.node().keys) {
    if (!is_channel_name(name.text)) {
      channels.error(name.text, "expected a name of up to 50 letters, digits, \"-\" and \"_\"");
    } else {
      config.channels.push_back(read_channel(channels.map(name.text), name.text, config.language));
    }
  }
  if (auto names = map.texts("default")) config.default_channels = std::move(*names);
  for (const std::string& name : config.default_channels) {
    const bool known = std::any_of(config.channels.begin(), config.channels.end(),
                                   [&](const ChannelConfig& channel) { return channel.name == name; });
    if (!known) map.error("default", fmt::format("there is no channel \"{}\" under alerts.channels", name));
  }
  // Each would get every notice as often as it is named.
  const std::set<std::string> different(config.default_channels.begin(), config.default_channels.end());
  if (different.size() < config.default_channels.size())
    map.error("default", "it names a channel twice; once is enough");
}

void read_silence(YamlMap& map, scheduler::Silence& silence) {
  if (auto zone = map.text("timezone")) {
    silence.zone = std::move(*zone);
    if (!job::zone_exists(silence.zone))
      map.error("timezone",
                fmt::format("\"{}\" is not known; use an IANA name such as Asia/Shanghai", silence.zone));
  }
  const auto text = map.text("silence");
  if (!text || text->empty()) return;
  const auto dash = text->find('-');
  const auto begin = job::parse_two_day_clock(text->substr(0, dash));
  const auto end =
      dash == std::string::npos ? std::nullopt : job::parse_two_day_clock(text->substr(dash + 1));
  constexpr std::chrono::hours kDay{24};
  if (!begin || !end || *begin >= kDay || *end >= kDay || *begin == *end) {
    map.error("silence",
              fmt::format("expected two times of the day such as \"23:00-07:00\", got \"{}\"", *text));
    return;
  }
  silence.begin = *begin;
  silence.end = *end;
}

void read_heartbeat(YamlMap map, HeartbeatConfig& heartbeat) {
  if (!map.node().keys.empty()) map.require("url", "give the address to ask, or leave out heartbeat");
  heartbeat.url = secret_text(map, "url");
  check_address(map, "url", heartbeat.url);
  job::read_word(map, "method", kMethods, heartbeat.post);
  if (const auto interval = map.duration("interval", std::chrono::seconds(1), std::chrono::hours(24)))
    heartbeat.interval = *interval;
  map.finish();
}

void read_rules(YamlMap map, AlertConfig& config) {
  job::read_alert_rules(map, config.rules);
  job::read_word(map, "restart", kSwitch, config.restart);
  job::read_word(map, "store", kSwitch, config.store);
  job::read_word(map, "definitions", kSwitch, config.definitions);
  job::read_word(map, "channel", kSwitch, config.channel);
  map.finish();
}

}  // namespace

AlertConfig read_alerts(YamlMap map) {
  AlertConfig config;
  job::read_word(map, "language", kLanguages, config.language);
  config.link = map.text("link").value_or("");
  // The page of an incident is put behind it.
  if (!config.link.empty() && (config.link.find('?') != std::string::npos || !parse_web_address(config.link)))
    map.error("link",
              "expected the address of the dashboard, such as https://sluice.example.com, without a query");
  while (config.link.ends_with('/')) config.link.pop_back();
  if (const auto interval = map.duration("interval", std::chrono::minutes(1), std::chrono::hours(24 * 7)))
    config.policy.interval = *interval;
  if (const auto most = map.integer("maxPerDay", 1, 100))
    config.policy.per_day = static_cast<std::size_t>(*most);
  read_silence(map, config.policy.silence);
  job::read_word(map, "recovery", kSwitch, config.policy.recovery);
  read_channels(map, config);
  read_heartbeat(map.map("heartbeat"), config.heartbeat);
  read_rules(map.map("rules"), config);
  map.finish();
  return config;
}

std::vector<job::Problem> unknown_channels(const AlertConfig& config, const job::Job& job) {
  std::vector<job::Problem> unknown;
  if (job.alerts == nullptr) return unknown;
  for (const std::string& name : job.alerts->channels) {
    const bool known = std::any_of(config.channels.begin(), config.channels.end(),
                                   [&](const ChannelConfig& channel) { return channel.name == name; });
    if (known) continue;
    const job::Place& place = job.alerts->channels_place;
    unknown.push_back(job::Problem{
        job::Severity::error, job.file, place.line, place.column,
        fmt::format("alerts.channels: sluice.yaml has no channel \"{}\"; notices go to the default ones",
                    name)});
  }
  return unknown;
}

}  // namespace sluice::daemon
