#include "core/job/import_known_keys.hpp"

#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

using Read = ReadSchedule;

Read with_trigger(const std::string& key, const std::string& value) {
  return Read(R"({"spec": {"nodes": [{"trigger": {")" + key + "\": \"" + value + "\"}}]}}");
}

Read configuration(const std::string& keys) { return Read("{\"NodeConfiguration\": {" + keys + "}}"); }

}  // namespace

TEST_CASE("import schedule: time zones, also as offsets from Greenwich") {
  const std::vector<std::pair<std::string, std::string>> offsets{
      {"GMT+08:00", "Asia/Shanghai"}, {"GMT+00:00", "Etc/UTC"},   {"GMT-00:00", "Etc/UTC"},
      {"GMT+09:00", "Etc/GMT-9"},     {"GMT-08:00", "Etc/GMT+8"}, {"GMT-12:00", "Etc/GMT+12"},
      {"GMT+14:00", "Etc/GMT-14"}};
  for (const auto& [written, zone] : offsets) {
    CAPTURE(written);
    const Read read = with_trigger("timezone", written);
    CHECK(read.value("schedule.timezone") == zone);
    CHECK(notes_of(read.result, "timezone") ==
          only("changed: as schedule.timezone: " + zone + ", the same offset"));
  }
  for (const std::string name :
       {"Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+5", "EST5EDT", "America/New_York"}) {
    const Read read = with_trigger("timezone", name);
    CHECK(read.value("schedule.timezone") == name);
    CHECK(fate_of(read.result, "timezone") == "kept");
  }
}

TEST_CASE("import schedule: what is no time zone is an error at its place") {
  for (const std::string zone : {"GMT+05:30", "GMT+15:00", "GMT-13:00", "GMTx08:00", "GMT+ab:00", "GMT++8:00",
                                 "GMT+-8:00", "UTC+08:00", "a: b", "Asia Shanghai", "GMT+8:00"}) {
    CAPTURE(zone);
    const Read read = with_trigger("timezone", zone);
    CHECK(read.value("schedule.timezone").empty());
    CHECK(printed(read.result) ==
          only("node.json:1:34: error: timezone: expected a time zone such as Asia/Shanghai, got \"" + zone +
               "\""));
  }
}

TEST_CASE("import schedule: reruns are numbers in their limits, intervals are written in the largest unit") {
  const std::vector<std::pair<std::string, std::string>> lengths{
      {"0", "0s"}, {"120000", "2m"}, {"90000", "90s"}, {"1500", "1500ms"}, {"1800000", "30m"}};
  for (const auto& [millis, length] : lengths)
    CHECK(configuration("\"AutoRerunIntervalMillis\": " + millis).value("rerun.interval") == length);
  for (const std::string wrong : {"-1", "often", "1.5"}) {
    CAPTURE(wrong);
    CHECK(printed(configuration("\"AutoRerunIntervalMillis\": " + wrong).result) ==
          only("node.json:1:24: error: AutoRerunIntervalMillis: expected milliseconds from 0 to 1800000, got "
               "\"" +
               wrong + "\""));
    CHECK(printed(configuration("\"AutoRerunTimes\": " + wrong).result) ==
          only("node.json:1:24: error: AutoRerunTimes: expected a number of reruns from 0 to 10, got \"" +
               wrong + "\""));
  }
}

TEST_CASE("import schedule: a priority is 1 to 9, any other is the default") {
  for (const std::string number : {"1", "9"})
    CHECK(Read("{\"CronExpress\": \"x\", \"NodeId\": 1, \"Priority\": " + number + "}").value("priority") ==
          number);
  for (const std::string number : {"0", "10", "high"}) {
    const Read read("{\"CronExpress\": \"x\", \"NodeId\": 1, \"Priority\": " + number + "}");
    CHECK(read.value("priority").empty());
    CHECK(fate_of(read.result, "Priority") == "ignored");
    CHECK(read.result.problems.empty());
  }
}

TEST_CASE("import schedule: a timeout of 0 is the default, another has no unit that is known") {
  CHECK(fate_of(configuration("\"Timeout\": 0").result, "Timeout") == "ignored");
  CHECK(fate_of(configuration("\"Timeout\": 24").result, "Timeout") == "unsupported");
}

TEST_CASE("import schedule: a node's name becomes a job's") {
  const auto named = [](const std::string& name) {
    return Read("{\"CronExpress\": \"x\", \"NodeId\": 1, \"NodeName\": \"" + name + "\"}");
  };
  CHECK(named("orders-sync_1.v2").value(kNamePath) == "orders-sync_1.v2");
  CHECK(fate_of(named("orders").result, "NodeName") == "kept");
  CHECK(named("my sync/2").value(kNamePath) == "my_sync_2");
  CHECK(fate_of(named("my sync").result, "NodeName") == "changed");
  CHECK(named("\xe8\xae\xa2\xe5\x8d\x95 orders").value(kNamePath) == "_orders");
  CHECK(named(std::string(120, 'a')).value(kNamePath) == std::string(100, 'a'));
  const Read none = named("\xe8\xae\xa2\xe5\x8d\x95");
  CHECK(none.value(kNamePath).empty());
  CHECK(notes_of(none.result, "NodeName") ==
        only("changed: has no letter that a job's name may have; the name is another"));
}

TEST_CASE("import schedule: keys may begin with a capital or not, and those without a value say nothing") {
  const Read read = configuration(
      R"("cronExpress": "0 0 1 * * ?", "autoRerunTimes": null, "RerunMode": "", "inputList": [], "stop": {},
         "CRONEXPRESS": "x", "": 1, "fileType": 1)");
  CHECK(read.value(kCronPath) == "0 0 1 * * ?");
  CHECK(read.result.problems.empty());
  for (const std::string silent : {"autoRerunTimes", "RerunMode", "inputList", "stop"})
    CHECK(notes_of(read.result, silent).empty());
  for (const std::string unknown : {"CRONEXPRESS", "", "fileType"})
    CHECK(notes_of(read.result, unknown) ==
          only("unsupported: is not known to the import: nothing was taken from it"));
}

TEST_CASE("import schedule: a configuration that is no map is an error at its place") {
  CHECK(printed(Read("{\"NodeConfiguration\": [1]}").result) ==
        only("node.json:1:23: error: NodeConfiguration: expected a map, got a list"));
  CHECK(printed(Read("{\"spec\": {\"nodes\": [x]}}").result) ==
        only("node.json:1:21: error: nodes[0]: expected a map, got a string"));
}
