#include "core/job/sections.hpp"
#include "core/job/yaml_map.hpp"

#include <limits>

namespace sluice::job {
namespace {

constexpr std::int64_t kCountMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMegabytesMax = 1'000'000;

// A blank `record` means no limit, as in the original.
void read_error_limit(YamlMap limit, Settings& settings) {
  const YamlNode* node = limit.get("record");
  const bool blank = node != nullptr && node->kind == YamlNode::Kind::scalar && node->text.empty();
  const auto record = blank ? std::nullopt : limit.integer("record", 0, kCountMax);
  if (blank) settings.error_limit.reset();
  if (record) settings.error_limit = static_cast<std::uint64_t>(*record);
  limit.ignore("percentage", "has no effect; use errorLimit.record");
  limit.ignore("strategy", "has no effect; use errorLimit.record");
  limit.finish();
}

// `mbps` counts only with throttle: true; `byte` is DataX's own limit, -1 and 0 switch it off.
void read_speed(YamlMap speed, Settings& settings) {
  const auto megabytes = speed.integer("mbps", 0, kMegabytesMax);
  const bool throttle = speed.boolean("throttle").value_or(false);
  const auto bytes = speed.integer("byte", -1, kCountMax);
  if (throttle && megabytes) settings.bytes_per_second = static_cast<std::uint64_t>(*megabytes) * 1024 * 1024;
  if (throttle && megabytes.value_or(0) == 0) speed.error("throttle", "true needs mbps of 1 or more");
  if (bytes && *bytes > 0) settings.bytes_per_second = static_cast<std::uint64_t>(*bytes);
  // All shards are read at once, so there is nothing for a number of channels to set.
  speed.integer("concurrent", 1, 1'000);
  speed.integer("channel", 1, 1'000);
  speed.ignore("record", "has no effect; use speed.byte or mbps with throttle: true");
  speed.finish();
}

}  // namespace

Settings read_settings(const YamlNode& node, ProblemList& problems) {
  YamlMap setting(node, "setting", problems);
  Settings settings;
  read_error_limit(setting.map("errorLimit"), settings);
  read_speed(setting.map("speed"), settings);
  for (const std::string_view key :
       {"executeMode", "failoverEnable", "jvmOption", "jvmMemory", "locale", "common", "keyVersion"}) {
    setting.ignore(key, "has no effect");
  }
  setting.finish();
  return settings;
}

}  // namespace sluice::job
