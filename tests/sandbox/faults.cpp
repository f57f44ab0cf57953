#include "tests/sandbox/faults.hpp"

#include "tests/sandbox/clock.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace sluice::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, FaultAction>, 15> kActions{{
    {"delay_ms", FaultAction::delay},
    {"reset_before", FaultAction::reset_before},
    {"reset_after", FaultAction::reset_after},
    {"status", FaultAction::status},
    {"status_after", FaultAction::status_after},
    {"spoil_request", FaultAction::spoil_request},
    {"truncate_body", FaultAction::truncate_body},
    {"bad_md5", FaultAction::bad_md5},
    {"bad_crc", FaultAction::bad_crc},
    {"wrong_signature_answer", FaultAction::wrong_signature_answer},
    {"stall", FaultAction::stall},
    {"empty_page", FaultAction::empty_page},
    {"short_page", FaultAction::short_page},
    {"expire_iterator", FaultAction::expire_iterator},
    {"no_iterator", FaultAction::no_iterator},
}};

FaultAction action_of(const std::string& name) {
  for (const auto& [text, action] : kActions)
    if (text == name) return action;
  throw std::invalid_argument("fault rule: unknown action \"" + name + "\"");
}

}  // namespace

FaultScript::Rule FaultScript::parse(const json::object& text) {
  Rule rule;
  std::uint64_t seed = 1;
  const std::int64_t start_us = now_us();
  std::int64_t after_us = 0;
  std::int64_t for_us = 0;
  for (const auto& [name, value] : text) {
    if (name == "service")
      rule.service = value.as_string();
    else if (name == "operation")
      rule.operation = value.as_string();
    else if (name == "table")
      rule.table = value.as_string();
    else if (name == "shard")
      rule.shard = value.as_string();
    else if (name == "after_ms")
      after_us = value.to_number<std::int64_t>() * 1000;
    else if (name == "for_ms")
      for_us = value.to_number<std::int64_t>() * 1000;
    else if (name == "nth")
      rule.nth = value.to_number<std::uint64_t>();
    else if (name == "every")
      rule.every = value.to_number<std::uint64_t>();
    else if (name == "probability")
      rule.probability = value.to_number<double>();
    else if (name == "seed")
      seed = value.to_number<std::uint64_t>();
    else if (name == "times")
      rule.times = value.to_number<std::uint64_t>();
    else if (name == "action")
      rule.action_name = value.as_string();
    else if (name == "value")
      rule.fault.value = value.to_number<std::uint32_t>();
    else if (name == "code")
      rule.fault.code = value.as_string();
    else if (name == "message")
      rule.fault.message = value.as_string();
    else if (name == "retry_after")
      rule.fault.retry_after = value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    else
      throw std::invalid_argument(fmt::format("fault rule: unknown key \"{}\"", std::string_view(name)));
  }
  rule.fault.action = action_of(rule.action_name);
  const bool with_status =
      rule.fault.action == FaultAction::status || rule.fault.action == FaultAction::status_after;
  if (with_status && rule.fault.value == 0) rule.fault.value = 503;
  if (rule.fault.action == FaultAction::short_page && rule.fault.value == 0) rule.fault.value = 1;
  rule.random.seed(seed);
  if (rule.nth == 0 && rule.every == 0 && rule.probability == 0) rule.every = 1;
  rule.from_us = start_us + after_us;
  if (for_us > 0) rule.until_us = rule.from_us + for_us;
  check(rule);
  return rule;
}

// An action of one operation's answer is for that operation only.
void FaultScript::check(Rule& rule) {
  const FaultAction action = rule.fault.action;
  if (action == FaultAction::status_after || action == FaultAction::spoil_request) {
    if (rule.service.empty()) rule.service = "oss";
    if (rule.service != "oss")
      throw std::invalid_argument(
          fmt::format("fault rule: {} is not an action of {}", rule.action_name, rule.service));
  }
  std::string_view only;
  if (rule.fault.action == FaultAction::no_iterator) only = "GetShardIterator";
  if (rule.fault.action >= FaultAction::empty_page && rule.fault.action <= FaultAction::expire_iterator)
    only = "GetStreamRecord";
  if (only.empty()) return;
  if (rule.operation.empty()) rule.operation = only;
  const bool also = rule.fault.action == FaultAction::expire_iterator && rule.operation == "GetShardIterator";
  if (rule.operation != only && !also)
    throw std::invalid_argument(
        fmt::format("fault rule: {} is not an action of {}", rule.action_name, rule.operation));
}

void FaultScript::install(const json::value& rules) {
  std::vector<Rule> parsed;
  try {
    if (rules.is_object())
      parsed.push_back(parse(rules.as_object()));
    else
      for (const json::value& rule : rules.as_array()) parsed.push_back(parse(rule.as_object()));
  } catch (const boost::system::system_error& wrong_type) {
    throw std::invalid_argument(fmt::format("fault rule: {}", wrong_type.what()));
  }
  rules_ = std::move(parsed);
}

json::value FaultScript::list() const {
  json::array out;
  for (const Rule& rule : rules_)
    out.push_back({{"service", rule.service},
                   {"operation", rule.operation},
                   {"table", rule.table},
                   {"shard", rule.shard},
                   {"nth", rule.nth},
                   {"every", rule.every},
                   {"probability", rule.probability},
                   {"times", rule.times},
                   {"action", rule.action_name},
                   {"value", rule.fault.value},
                   {"code", rule.fault.code},
                   {"message", rule.fault.message},
                   {"retry_after", rule.fault.retry_after},
                   {"seen", rule.seen},
                   {"fired", rule.fired}});
  return out;
}

bool FaultScript::due(Rule& rule) {
  if (rule.times != 0 && rule.fired >= rule.times) return false;
  if (rule.nth != 0) return rule.seen == rule.nth;
  if (rule.every != 0) return rule.seen % rule.every == 0;
  return std::uniform_real_distribution<double>(0, 1)(rule.random) < rule.probability;
}

bool FaultScript::matches(const Rule& rule, const FaultSubject& subject) {
  return (rule.table.empty() || rule.table == subject.table) &&
         (rule.shard.empty() || rule.shard == subject.shard);
}

std::optional<Fault> FaultScript::next(std::string_view service, std::string_view operation,
                                       const std::function<FaultSubject()>& subject) {
  std::optional<Fault> chosen;
  std::optional<FaultSubject> known;
  const std::int64_t time_us = now_us();
  for (Rule& rule : rules_) {
    if (!rule.service.empty() && rule.service != service) continue;
    if (!rule.operation.empty() && rule.operation != operation) continue;
    if (time_us < rule.from_us || time_us >= rule.until_us) continue;
    if (!rule.table.empty() || !rule.shard.empty()) {
      if (!known) known = subject();
      if (!matches(rule, *known)) continue;
    }
    ++rule.seen;
    if (chosen || !due(rule)) continue;
    ++rule.fired;
    chosen = rule.fault;
  }
  return chosen;
}

}  // namespace sluice::sandbox
