#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

struct Planned {
  explicit Planned(const std::string& cron, const std::string& from = "", const std::string& zone = "") {
    const ImportPlace place{"node.json", Place{2, 3}};
    if (!cron.empty()) work.set(std::string(kCronPath), cron, "CronExpress", place);
    if (!from.empty()) work.set(std::string(kFromMillisPath), from, "StartEffectDate", place);
    if (!zone.empty()) work.set("schedule.timezone", zone, "--timezone", option_place("--timezone"));
    plan_cycle(work);
  }
  std::string value(const std::string& key) const { return value_of(work, "schedule." + key); }

  ImportRequest request;
  Import result;
  ImportWork work{request, result};
};

}  // namespace

TEST_CASE(
    "import cycle: times in equal steps that divide the hour or the day are a cycle of minutes or hours") {
  struct Case {
    std::string cron;
    std::string note;
  };
  const std::vector<Case> cases{
      {"*/5 * * * *", "as cycle: minute, \"00:00\" to \"23:59\" every 5m"},
      {"7/15 * * * *", "as cycle: minute, \"00:07\" to \"23:59\" every 15m"},
      {"0,30 9-17 * * *", "as cycle: minute, \"09:00\" to \"17:30\" every 30m"},
      {"20 * * * *", "as cycle: hour, \"00:20\" to \"23:59\" every 1h"},
      {"15 6,12 * * *", "as cycle: hour, \"06:15\" to \"12:15\" every 6h"},
      {"0 8 * * *", "as cycle: day, at: \"08:00\""},
      {"0 8 * * * *", "as cycle: hour, \"00:08\" to \"23:59\" every 1h"},  // six fields: seconds first
      {"30 0 8 * * ?", "as cycle: cron"},                                  // with seconds
      {"0/7 * * * *", "as cycle: cron"},                                   // 7 does not divide the hour
      {"0 0,1,3 * * *", "as cycle: cron"},                                 // steps differ
      {"0 0/5 8-9 ? * 2-6", "as cycle: cron"},                             // not on every day
      {"0 0 1 1 *", "as cycle: cron"}};
  for (const Case& one : cases) {
    CAPTURE(one.cron);
    const Planned planned(one.cron);
    CHECK(planned.result.problems.empty());
    CHECK(notes_of(planned.result, "CronExpress") == only("kept: " + one.note));
  }
}

TEST_CASE(
    "import cycle: without any schedule it is the 5 minutes of the original's guide, and that is said") {
  const Planned planned("");
  CHECK(planned.value("cycle") == "minute");
  CHECK(planned.value("interval") == "5m");
  CHECK(fate_of(planned.result, "schedule") == "changed");
}

TEST_CASE("import cycle: a cron expression that cannot be read is an error at its place") {
  for (const std::string cron : {"0 0 25 * * ?", "0/30 0 8 * * ?", "* * * *"}) {
    CAPTURE(cron);
    const Planned planned(cron);
    CHECK(planned.value("cycle").empty());
    REQUIRE(printed(planned.result).size() == 1);
    CHECK(printed(planned.result).front().starts_with("node.json:2:3: error: CronExpress: "));
  }
}

TEST_CASE("import cycle: milliseconds of validity are a date in the zone of the job") {
  CHECK(Planned("", "1539619200000").value("effectiveFrom") == "2018-10-16");  // midnight in Shanghai
  CHECK(Planned("", "1539619200000", "UTC").value("effectiveFrom") == "2018-10-15");
  CHECK(Planned("", "1539619200000", "America/New_York").value("effectiveFrom") == "2018-10-15");
  CHECK(Planned("", "0").value("effectiveFrom") == "1970-01-01");
  CHECK(Planned("", "-28800000").value("effectiveFrom") == "1970-01-01");  // the default of the original
  CHECK(Planned("", "-50400000", "UTC").value("effectiveFrom") == "1969-12-31");
  CHECK(Planned("", "253370736000000").value("effectiveFrom") == "9999-01-01");
  CHECK(Planned("", "9223372036854775807").value("effectiveFrom") == "9999-01-01");
  for (const std::string wrong : {"-50400001", "2018-10-16", "9223372036854775808"}) {
    const Planned planned("", wrong);
    CHECK(planned.value("effectiveFrom").empty());
    CHECK(printed(planned.result) ==
          only("node.json:2:3: error: StartEffectDate: expected milliseconds since 1970, got \"" + wrong +
               "\""));
  }
  const Planned nowhere("", "1539619200000", "Mars/Base");  // the check of the job tells of the zone
  CHECK(nowhere.value("effectiveFrom").empty());
  CHECK(nowhere.result.problems.empty());
}
