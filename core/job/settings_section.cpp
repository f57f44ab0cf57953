#include "core/job/job_keys.hpp"
#include "core/job/sections.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sluice::job {
namespace {

constexpr std::int64_t kCountMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMegabytesMax = 1'000'000;
constexpr std::int64_t kShardsMax = 1'000;

// As newer versions of the hosted product say it: none, what record and percentage allow, any number.
enum class Strategy { zero, limited, ignore };
constexpr std::array<Word<Strategy>, 3> kStrategies{
    {{"ZeroTolerance", Strategy::zero}, {"Tolerance", Strategy::limited}, {"Ignore", Strategy::ignore}}};

// Absent, or a scalar without text, which scripts have for "not set".
bool is_blank(const YamlNode* node) {
  return node == nullptr || (node->kind == YamlNode::Kind::scalar && node->text.empty());
}

// Percent; the script has a fraction, as the original.
std::optional<double> read_percentage(YamlMap& limit) {
  if (is_blank(limit.get("percentage"))) return std::nullopt;
  const auto text = limit.text("percentage");
  if (!text) return std::nullopt;
  double fraction = -1;
  const char* const end = text->data() + text->size();
  const auto [stop, failure] = std::from_chars(text->data(), end, fraction, std::chars_format::fixed);
  if (failure != std::errc() || stop != end || !(fraction >= 0 && fraction <= 1)) {
    limit.error("percentage",
                fmt::format("expected a fraction from 0 to 1, such as 0.02 for 2 %, got \"{}\"", *text));
    return std::nullopt;
  }
  return fraction * 100;
}

// `any`: record says in so many words that there is no limit.
void check_strategy(YamlMap& limit, bool has_limit, bool any, Settings& settings) {
  Strategy strategy = Strategy::limited;
  const YamlNode* word = limit.get("strategy");
  if (is_blank(word)) return;
  read_word(limit, "strategy", kStrategies, strategy);
  const bool allows_some =
      any || settings.error_limit.value_or(0) > 0 || settings.error_percentage.value_or(0) > 0;
  if (strategy == Strategy::limited && !has_limit && word->text == "Tolerance") {
    limit.error("strategy", "Tolerance needs record or percentage; give one of them");
  } else if (strategy == Strategy::zero && allows_some) {
    limit.error("strategy", "ZeroTolerance contradicts record and percentage; remove it or them");
  } else if (strategy == Strategy::zero) {
    settings.error_limit = 0;  // a blank record left it open
  } else if (strategy == Strategy::ignore && has_limit) {
    limit.error("strategy", "Ignore contradicts record and percentage; remove it or them");
  } else if (strategy == Strategy::ignore) {
    settings.error_limit.reset();
  }
}

// Without any limit no row may be left out. -1 and a blank `record` mean no limit, as in the original, and so
// does a percentage alone.
void read_error_limit(YamlMap limit, Settings& settings) {
  const YamlNode* node = limit.get("record");
  const bool is_given = node != nullptr;
  const auto record = is_blank(node) ? std::nullopt : limit.integer("record", -1, kCountMax);
  settings.error_percentage = read_percentage(limit);
  if (record && *record >= 0) {
    settings.error_limit = static_cast<std::uint64_t>(*record);
  } else if (is_given || settings.error_percentage) {
    settings.error_limit.reset();
  }
  const bool has_limit = (record && *record >= 0) || settings.error_percentage;
  check_strategy(limit, has_limit, record == -1, settings);
  limit.finish(declared_names("setting.errorLimit"));
}

// The smaller of two limits; 0 is none.
std::uint64_t stricter(std::uint64_t a, std::uint64_t b) { return a == 0 || b == 0 ? a + b : std::min(a, b); }

std::uint64_t read_limit(YamlMap& speed, std::string_view key) {
  const auto given = speed.integer(key, -1, kCountMax);
  return given && *given > 0 ? static_cast<std::uint64_t>(*given) : 0;
}

// How many shards are read at once: `concurrent`, or DataX's word for it.
void read_concurrency(YamlMap& speed, Settings& settings) {
  const auto concurrent = speed.integer("concurrent", 1, kShardsMax);
  const auto channel = speed.integer("channel", 1, kShardsMax);
  if (concurrent && channel && *concurrent != *channel) {
    speed.error("channel", "differs from concurrent; give one of the two");
  }
  if (const auto given = concurrent ? concurrent : channel) {
    settings.shards_at_once = static_cast<std::size_t>(*given);
  }
}

// `mbps` counts only with throttle: true; `byte` and `record` are DataX's own limits, -1 and 0 switch them
// off.
void read_speed(YamlMap speed, Settings& settings) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
  const auto megabytes = speed.integer("mbps", 0, kMegabytesMax);
  const bool throttle = speed.boolean("throttle").value_or(false);
  if (throttle && megabytes.value_or(0) == 0) speed.error("throttle", "true needs mbps of 1 or more");
  const auto throttled =
      throttle && megabytes ? static_cast<std::uint64_t>(*megabytes) * kMebibyte : std::uint64_t{0};
  settings.bytes_per_second = stricter(throttled, read_limit(speed, "byte"));
  settings.rows_per_second = read_limit(speed, "record");
  read_concurrency(speed, settings);
  speed.finish(declared_names("setting.speed"));
}

}  // namespace

Settings read_settings(const YamlNode& node, ProblemList& problems) {
  YamlMap setting(node, "setting", problems);
  Settings settings;
  read_error_limit(setting.map("errorLimit"), settings);
  read_speed(setting.map("speed"), settings);
  for (const JobKey& key : declared_keys("setting")) {
    if (key.use == KeyUse::ignored) setting.ignore(key.name, key.help);
  }
  setting.finish(declared_names("setting"));
  return settings;
}

}  // namespace sluice::job
