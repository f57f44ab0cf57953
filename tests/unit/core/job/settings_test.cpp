#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

const std::string kSetting = "        errorLimit: {record: \"0\"}\n";

std::string with(std::string_view setting) {
  return replaced(kGood, kSetting, "        " + std::string(setting) + "\n");
}

Settings settings_of(std::string_view setting) {
  const LoadedJobs loaded = load(with(setting));
  for (const Problem& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(loaded.jobs.size() == 1);
  const auto values = freeze(loaded.jobs.front(), parse_local("2018-10-16T00:15+08:00").value());
  return resolve(loaded.jobs.front(), values.value(), kSources).value().settings;
}

std::vector<std::string> setting_problems(std::string_view setting) {
  std::vector<std::string> texts = problems(with(setting));
  for (std::string& text : texts) text.erase(0, text.find("error: "));
  return texts;
}

}  // namespace

TEST_CASE("settings: without an error limit no row may be dirty") {
  CHECK(settings_of("errorLimit: {}").error_limit == 0U);
  CHECK(settings_of("speed: {}").error_limit == 0U);
  CHECK(settings_of("errorLimit: {strategy: ZeroTolerance}").error_limit == 0U);
  CHECK(settings_of("errorLimit: {record: '7'}").error_limit == 7U);
}

TEST_CASE("settings: a blank record, -1 and Ignore mean any number of dirty rows") {
  for (const char* limit : {"record: ''", "record: -1", "strategy: Ignore", "record: '', percentage: ''",
                            "strategy: Ignore, record: ''"}) {
    INFO(limit);
    const Settings settings = settings_of("errorLimit: {" + std::string(limit) + "}");
    CHECK(settings.error_limit == std::nullopt);
    CHECK(settings.error_percentage == std::nullopt);
  }
}

TEST_CASE("settings: the percentage of dirty rows is written as a fraction") {
  const Settings both = settings_of("errorLimit: {record: 10, percentage: 0.02}");
  CHECK(both.error_limit == 10U);
  CHECK(both.error_percentage == Approx(2.0));
  const Settings alone = settings_of("errorLimit: {percentage: '0.5', strategy: Tolerance}");
  CHECK(alone.error_limit == std::nullopt);
  CHECK(alone.error_percentage == Approx(50.0));
  CHECK(settings_of("errorLimit: {percentage: 0}").error_percentage == 0.0);
}

TEST_CASE("settings: error limits that make no sense are refused") {
  const auto limit = [](std::string_view inside) {
    return setting_problems("errorLimit: {" + std::string(inside) + "}");
  };
  const std::string percentage =
      "error: setting.errorLimit.percentage: expected a fraction from 0 to 1, such as 0.02 for 2 %, got ";
  CHECK(limit("percentage: 2") == only(percentage + "\"2\""));
  CHECK(limit("percentage: '-0.1'") == only(percentage + "\"-0.1\""));
  CHECK(limit("percentage: 2%") == only(percentage + "\"2%\""));
  CHECK(limit("percentage: nan") == only(percentage + "\"nan\""));
  CHECK(limit("record: -2") == only("error: setting.errorLimit.record: expected a whole number from -1 to "
                                    "9223372036854775807, got \"-2\""));
  CHECK(limit("strategy: None") ==
        only("error: setting.errorLimit.strategy: expected ZeroTolerance, Tolerance "
             "or Ignore, got \"None\""));
  CHECK(limit("strategy: Tolerance") ==
        only("error: setting.errorLimit.strategy: Tolerance needs record or percentage; give one of them"));
  CHECK(limit("strategy: ZeroTolerance, record: 1") ==
        only("error: setting.errorLimit.strategy: ZeroTolerance contradicts record and percentage; remove it "
             "or them"));
  CHECK(limit("strategy: Ignore, percentage: 0.1") ==
        only("error: setting.errorLimit.strategy: Ignore contradicts record and percentage; remove it or "
             "them"));
}

TEST_CASE("settings: mbps counts only when throttled, and the stricter of two limits holds") {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
  const auto bytes = [](std::string_view inside) {
    return settings_of("speed: {" + std::string(inside) + "}").bytes_per_second;
  };
  CHECK(bytes("mbps: '1'") == 0);
  CHECK(bytes("mbps: '12', throttle: true") == 12 * kMebibyte);
  CHECK(bytes("byte: 1000") == 1000);
  CHECK(bytes("byte: -1, mbps: 1, throttle: true") == kMebibyte);
  CHECK(bytes("byte: 1000, mbps: 1, throttle: true") == 1000);
  CHECK(bytes("byte: 2000000, mbps: 1, throttle: true") == kMebibyte);
  CHECK(setting_problems("speed: {throttle: true}") ==
        only("error: setting.speed.throttle: true needs mbps of 1 or more"));
  CHECK(setting_problems("speed: {byte: -2}") ==
        only("error: setting.speed.byte: expected a whole number from "
             "-1 to 9223372036854775807, got \"-2\""));
}

TEST_CASE("settings: rows a second and shards at once are limited when asked for") {
  CHECK(settings_of("speed: {}").rows_per_second == 0);
  CHECK(settings_of("speed: {record: '5000'}").rows_per_second == 5000);
  CHECK(settings_of("speed: {record: -1}").rows_per_second == 0);
  CHECK(settings_of("speed: {}").shards_at_once == 0);
  CHECK(settings_of("speed: {concurrent: '1'}").shards_at_once == 1);
  CHECK(settings_of("speed: {channel: 3}").shards_at_once == 3);
  CHECK(settings_of("speed: {channel: 3, concurrent: 3}").shards_at_once == 3);
  CHECK(setting_problems("speed: {concurrent: 0}") ==
        only("error: setting.speed.concurrent: expected a whole number from 1 to 1000, got \"0\""));
  CHECK(setting_problems("speed: {channel: 3, concurrent: 2}") ==
        only("error: setting.speed.channel: differs from concurrent; give one of the two"));
  CHECK(setting_problems("speed: {record: many}") ==
        only("error: setting.speed.record: expected a whole number from -1 to 9223372036854775807, got "
             "\"many\""));
}

TEST_CASE("settings: a strategy and limits that say the same go together") {
  CHECK(settings_of("errorLimit: {strategy: ZeroTolerance, record: 0}").error_limit == 0U);
  CHECK(settings_of("errorLimit: {strategy: ZeroTolerance, record: 0, percentage: 0}").error_limit == 0U);
  CHECK(settings_of("errorLimit: {strategy: Tolerance, record: 5}").error_limit == 5U);
  CHECK(settings_of("errorLimit: {strategy: '', record: 5}").error_limit == 5U);
  CHECK(settings_of("errorLimit: {percentage: 1}").error_percentage == Approx(100.0));
  CHECK(setting_problems("errorLimit: {strategy: ZeroTolerance, percentage: 0.1}").size() == 1);
  CHECK(setting_problems("errorLimit: {percentage: [1]}") ==
        only("error: setting.errorLimit.percentage: expected a string, got a list"));
  CHECK(setting_problems("errorLimit: {percentage: 1e-2}").size() == 1);
}

TEST_CASE("settings: ZeroTolerance allows no dirty row, whatever record leaves open") {
  for (const char* limit :
       {"record: ''", "record: '', percentage: ''", "percentage: 0", "record: ~", "record: 0"}) {
    INFO(limit);
    CHECK(settings_of("errorLimit: {strategy: ZeroTolerance, " + std::string(limit) + "}").error_limit == 0U);
  }
  for (const char* limit : {"record: -1", "record: '', percentage: 0.5", "record: 0, percentage: 0.5"}) {
    INFO(limit);
    CHECK(
        setting_problems("errorLimit: {strategy: ZeroTolerance, " + std::string(limit) + "}") ==
        only("error: setting.errorLimit.strategy: ZeroTolerance contradicts record and percentage; remove it "
             "or them"));
  }
}
