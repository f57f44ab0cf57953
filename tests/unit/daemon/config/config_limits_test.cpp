#include "core/job/yaml_map.hpp"
#include "daemon/config/config.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace sluice::daemon;

namespace {

// "logs.maxSize" and "1" as {logs: {maxSize: 1}}.
std::string file_with(std::string_view path, const std::string& value) {
  std::string text;
  std::string ends;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    text += fmt::format("{{{}: ", path.substr(0, dot));
    ends += '}';
    path.remove_prefix(dot + 1);
  }
  return fmt::format("{}{{{}: {}}}{}\n", text, path, value, ends);
}

bool is_refused(std::string_view path, const std::string& value) {
  const LoadedConfig loaded = parse_config("/etc/sluice/sluice.yaml", file_with(path, value));
  return std::any_of(loaded.problems.begin(), loaded.problems.end(), [&](const job::Problem& problem) {
    return problem.message.starts_with(fmt::format("{}: ", path)) &&
           problem.message.find("expected") != std::string::npos;
  });
}

// The value just below (-1) or above (1) a limit; nothing where there is none.
std::string beyond(std::string_view type, std::string_view limit, int step) {
  if (type == "number") return std::to_string(job::parse_integer(limit).value() + step);
  if (type == "size") return std::to_string(static_cast<std::int64_t>(parse_size(limit).value()) + step);
  const Duration length = job::parse_duration(limit).value() + step * std::chrono::milliseconds(1);
  if (length < Duration(0)) return "";
  return fmt::format("{}ms", std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

}  // namespace

TEST_CASE("config: the declared limits of sluice.yaml are those of the reader") {
  std::size_t tried = 0;
  for (const ConfigKey& key : config_keys()) {
    const std::size_t dots = key.limits.find(" .. ");
    const bool measured = key.type == "number" || key.type == "size" || key.type == "duration";
    if (!measured || dots == std::string_view::npos) continue;
    const std::size_t word = key.limits.rfind(' ', dots - 1);
    const std::size_t begin = word == std::string_view::npos ? 0 : word + 1;
    const std::string least(key.limits.substr(begin, dots - begin));
    const std::string most(key.limits.substr(dots + 4));
    INFO(key.path << ": " << least << " to " << most);
    CHECK_FALSE(is_refused(key.path, least));
    CHECK_FALSE(is_refused(key.path, most));
    if (const std::string below = beyond(key.type, least, -1); !below.empty())
      CHECK(is_refused(key.path, below));
    CHECK(is_refused(key.path, beyond(key.type, most, 1)));
    ++tried;
  }
  CHECK(tried >= 15);
}
