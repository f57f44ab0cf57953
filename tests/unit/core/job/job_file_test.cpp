#include "core/job/job_file.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/yaml_document.hpp"
#include "tests/support/test_data.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

std::string in_job(std::string_view text) { return "jobs.d/orders.yaml:" + std::string(text); }

}  // namespace

TEST_CASE("job file: a good one becomes a job without a word") {
  const Job job = good_job();
  CHECK(job.name == "orders");
  CHECK(job.file == "jobs.d/orders.yaml");
  CHECK(job.schedule == Schedule());
  CHECK(job.rerun == Rerun());
  REQUIRE(job.parameters.size() == 3);
  CHECK(job.parameters[0].name == "start_time");
  CHECK(job.parameters[0].expression == "$[yyyymmddhh24miss-10/24/60]");
  CHECK(job.version.size() == 12);
}

TEST_CASE("job file: every key of the schedule and the rerun is read") {
  const Job job =
      load(
          replaced(
              replaced(kGood, R"({cycle: minute, start: "00:00", end: "23:59", interval: 5m})",
                       "{start: 08:30, end: '17:00', interval: 300s, timezone: Europe/Berlin, "
                       "effectiveFrom: 2018-10-16, effectiveTo: 2019-10-16, from: '2018-10-16T08:30+02:00'}"),
              "{times: 3, interval: 2m}", "{times: '0', interval: 90s}"))
          .jobs.at(0);
  CHECK(job.schedule.start == std::chrono::minutes(510));
  CHECK(job.schedule.end == std::chrono::hours(17));
  CHECK(job.schedule.interval == std::chrono::minutes(5));
  CHECK(job.schedule.zone == "Europe/Berlin");
  CHECK(job.schedule.effective_from == std::chrono::sys_days(std::chrono::year(2018) / 10 / 16));
  CHECK(job.schedule.effective_to == std::chrono::sys_days(std::chrono::year(2019) / 10 / 16));
  CHECK(job.schedule.first_slot == parse_local("2018-10-16T06:30Z").value());
  CHECK(job.rerun.times == 0);
  CHECK(job.rerun.interval == std::chrono::seconds(90));
}

TEST_CASE("job file: wrong values of the schedule are all reported at once") {
  CHECK(problems_after(R"({cycle: minute, start: "00:00", end: "23:59", interval: 5m})",
                       "{cycle: often, start: 24:00, end: 1, interval: soon, timezone: Mars, effectiveFrom: "
                       "2018-02-30, from: now}") ==
        std::vector<std::string>{
            in_job("2:19: error: schedule.cycle: expected minute, hour, day, week, month, year or cron, "
                   "got \"often\""),
            in_job("2:33: error: schedule.start: expected a time of day from 00:00 to 23:59, got \"24:00\""),
            in_job("2:45: error: schedule.end: expected a time of day from 00:00 to 23:59, got \"1\""),
            in_job("2:58: error: schedule.interval: expected a duration such as 90s, 5m or 1h, got \"soon\""),
            in_job("2:74: error: schedule.timezone: \"Mars\" is not known; use an IANA name such as "
                   "Asia/Shanghai"),
            in_job("2:95: error: schedule.effectiveFrom: expected a date such as 2018-10-16, got "
                   "\"2018-02-30\""),
            in_job(
                "2:113: error: schedule.from: expected a time such as 2018-10-16T00:15+08:00, got \"now\"")});
}

TEST_CASE("job file: an interval that does not divide the hour needs a word of consent") {
  CHECK(
      problems_after("interval: 5m", "interval: 7m") ==
      only(in_job(
          "2:67: error: schedule.interval: 7 minutes do not divide an hour, so the slots shift from hour to "
          "hour; take 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60, or set allowUnevenInterval: true")));
  CHECK(problems_after("interval: 5m", "interval: 40m, allowUnevenInterval: true").empty());
  CHECK(problems_after("interval: 5m", "interval: 90s") ==
        only(in_job("2:67: error: schedule.interval: expected whole minutes, such as 5m or 300s")));
  CHECK(problems_after("interval: 5m", "interval: 0m") ==
        only(in_job("2:67: error: schedule.interval: expected 1m to 1d, got 0m")));
  CHECK(problems_after("{times: 3", "{times: 11") ==
        only(in_job("3:16: error: rerun.times: expected a whole number from 0 to 10, got \"11\"")));
}

TEST_CASE("job file: unknown and duplicate keys are errors with the key that was meant") {
  CHECK(problems_after("rerun:", "reruns:") ==
        only(in_job("3:1: error: reruns: unknown key, did you mean rerun?")));
  CHECK(problems_after("dataTable: orders", "dateTable: orders") ==
        std::vector<std::string>{
            in_job("18:11: error: reader.parameter.dataTable: empty or missing; name the table to read"),
            in_job("19:11: error: reader.parameter.dateTable: unknown key, did you mean dataTable?")});
  CHECK(problems_after("rerun: {times: 3, interval: 2m}", "rerun: {times: 3, zebra: 1}") ==
        only(in_job("3:19: error: rerun.zebra: unknown key")));
  CHECK(problems_after("  date: ${bdp", "  end_time: $bizdate\n  date: ${bdp") ==
        only(in_job("7:3: error: parameters.end_time: duplicate key, first given in line 6")));
  CHECK(problems_after("fileFormat: csv", "fileFormat: csv\n          fileFormat: csv") ==
        only(in_job("30:11: error: writer.parameter.fileFormat: duplicate key, first given in line 29")));
}

TEST_CASE("job file: parameters may be one string as in the hosted product") {
  const std::string map =
      kGood.substr(kGood.find("parameters:"), kGood.find("script:") - kGood.find("parameters:"));
  const Job job = load(replaced(kGood, map,
                                "parameters: start_time=$[yyyymmddhh24miss-10/24/60] "
                                "end_time=$[yyyymmddhh24miss-5/24/60] date=${bdp.system.bizdate}\n"))
                      .jobs.at(0);
  REQUIRE(job.parameters.size() == 3);
  CHECK(job.parameters[1].expression == "$[yyyymmddhh24miss-5/24/60]");
  CHECK(job.version == good_job().version);
  CHECK(
      problems(replaced(kGood, map, "parameters: \"start_time=$[yyyy-1] end_time = date=x date=y\"\n")) ==
      std::vector<std::string>{
          in_job("4:25: error: parameters.start_time: E_AMBIGUOUS_OFFSET at character 7: a whole number "
                 "moves days, "
                 "but the format shows none; for months write $[add_months(yyyymm,-1)], for years "
                 "$[add_months(yyyy,-12)]"),
          in_job("4:35: error: parameters: expected name=expression, got \"end_time\"; values cannot hold "
                 "blanks"),
          in_job("4:44: error: parameters: \"\" is no name; use letters, digits and _"),
          in_job("4:51: warning: parameters.date: a parameter named date is always the business date "
                 "($bizdate), x "
                 "has no effect; choose another name"),
          in_job("4:53: error: parameters.date: given twice"),
          in_job(
              "18:31: error: reader.parameter.endTimestampMillis: undefined variable ${end_time}; known are "
              "start_time and date; define it under parameters")});
}

TEST_CASE("job file: a wrong expression is reported at its place, and not again where it is used") {
  CHECK(problems_after("$[yyyymmddhh24miss-5/24/60]", "$[YYYYMMDD]") ==
        only(in_job(
            "6:13: error: parameters.end_time: E_TOKEN at character 3: \"YYYYMMDD\" is no part of a time; "
            "$[...] takes yyyy, yy, mm, dd, hh24, hh12, mi, ss in lower case")));
  CHECK(problems_after("${bdp.system.bizdate}", "") ==
        std::vector<std::string>{
            in_job("7:3: error: parameters.date: E_EMPTY at character 1: the value is empty")});
}

TEST_CASE("job file: a parameter named date is the business date, whatever it is assigned") {
  CHECK(problems_after("${bdp.system.bizdate}", "$bizdate").empty());
  CHECK(problems_after("${bdp.system.bizdate}", "${yyyymmdd}").empty());
  CHECK(problems_after("${bdp.system.bizdate}", "$[yyyymmdd]") ==
        only(in_job(
            "7:9: warning: parameters.date: a parameter named date is always the business date ($bizdate), "
            "$[yyyymmdd] has no effect; choose another name")));
}

TEST_CASE("job file: a parameter nobody uses is a warning") {
  CHECK(problems_after("  date: ${bdp", "  day: $bizdate\n  date: ${bdp") ==
        only(in_job("7:8: warning: parameters.day: not used in the script")));
}

TEST_CASE("job file: bad YAML is one error with its place") {
  CHECK(problems("name: [orders\n") ==
        only(in_job("2:1: error: not valid YAML: end of sequence flow not found")));
  CHECK(problems("") ==
        only(in_job("1:1: error: the document: expected a map of keys and values, got nothing")));
  CHECK(problems("- a\n") ==
        only(in_job("1:1: error: the document: expected a map of keys and values, got a list")));
}

TEST_CASE("job file: a file without name and script says what to write") {
  CHECK(problems("rerun: {times: 1}\n") ==
        std::vector<std::string>{
            in_job("1:1: error: name: missing; name the job; letters, digits, \"_\", \".\" and \"-\""),
            in_job("1:1: error: script: missing; give file: NAME, or inline: and the script itself")});
  CHECK(
      problems_after("name: orders", "name: orders/eu") ==
      only(in_job(
          "1:7: error: name: expected 1 to 100 letters, digits, \"_\", \".\" or \"-\", got \"orders/eu\"")));
  CHECK(problems("name: a\nscript: {}\n") ==
        only(in_job("2:9: error: script: empty; give file: NAME, or inline: and the script itself")));
  CHECK(problems("name: a\nscript: {job: {}}\n") ==
        std::vector<std::string>{
            in_job("2:9: error: script: neither file nor inline is in it; give file: NAME, or "
                   "inline: and the script itself"),
            in_job("2:10: error: script.job: unknown key")});
  CHECK(problems("name: a\nscript: {file: a.json, inline: {job: {}}}\n") ==
        only(in_job("2:32: error: script.inline: cannot be given together with file; keep one")));
}

TEST_CASE("job file: a script in the place of a job file is recognised") {
  CHECK(problems("{\"job\": {}}") ==
        only(in_job(
            "1:1: error: this is a script, not a job file; write a job file with script: {file: NAME}")));
}

TEST_CASE("job file: a script file is looked up beside it and reported under its own name") {
  const std::string job = "name: a\nscript: {file: a.json}\n";
  CHECK(problems(job) ==
        only(in_job("2:16: error: script.file: read jobs.d/a.json: No such file or directory")));
  CHECK(problems(job, {{"jobs.d/a.json", "{\n \"job\": [}"}}) ==
        only("jobs.d/a.json:2:10: error: not valid YAML: illegal flow end"));
  const auto script = kGood.substr(kGood.find("type: job"));
  const std::string file = "    " + replaced(script, "object: ", "objekt: ");
  const std::string head = kGood.substr(0, kGood.find("  inline:"));
  CHECK(problems(head + "  file: a.yaml\n", {{"jobs.d/a.yaml", file}}) ==
        std::vector<std::string>{
            in_job("7:9: warning: parameters.date: not used in the script"),
            "jobs.d/a.yaml:18:11: error: writer.parameter.object: empty or missing; give the prefix of the "
            "object "
            "names, such as instance/table/${date}",
            "jobs.d/a.yaml:19:11: error: writer.parameter.objekt: unknown key, did you mean object?"});
}

TEST_CASE("job file: one that cannot be read is one problem") {
  const std::string file = sluice::test::test_data("job/nothing.yaml");
  const LoadedJobs loaded = load_job_file(file, {});
  REQUIRE(loaded.problems.size() == 1);
  CHECK(to_string(loaded.problems.front()) ==
        file + ":1:1: error: read " + file + ": No such file or directory");
}

TEST_CASE("job file: the version follows what the job does and not how its file looks") {
  const std::string version = good_job().version;
  CHECK(load("# a comment\n" + kGood).jobs.at(0).version == version);
  CHECK(
      load(replaced(kGood, "{times: 3, interval: 2m}", "{interval: 120s, times: '3'}")).jobs.at(0).version ==
      version);
  CHECK(load(replaced(kGood, "{times: 3", "{times: 2")).jobs.at(0).version != version);
  CHECK(load(replaced(kGood, "{name: uid}, {name: name}", "{name: name}, {name: uid}")).jobs.at(0).version !=
        version);
}

TEST_CASE("job file: the shipped one is good") {
  const LoadedJobs loaded = load_job_file(sluice::test::test_data("../../etc/jobs.d/orders.yaml"), kSources);
  REQUIRE(loaded.problems.size() == 1);  // the template's date, as the users' file has it
  CHECK(loaded.problems.front().message ==
        "reader.parameter.date: \"yyyyMMdd\" is the unfilled value of the template and is ignored; remove "
        "this line");
  CHECK(loaded.problems.front().severity == Severity::warning);
  CHECK(loaded.problems.front().line == 22);
  REQUIRE(loaded.jobs.size() == 1);
  CHECK(loaded.jobs.front().schedule == Schedule());
}

TEST_CASE("job file: parameters that are no expressions are told of, also those that fail on every day") {
  const std::string map =
      kGood.substr(kGood.find("parameters:"), kGood.find("script:") - kGood.find("parameters:"));
  const auto told = [&](const std::string& parameters) { return problems(replaced(kGood, map, parameters)); };
  CHECK(told("parameters: [a]\n").front() ==
        in_job("4:13: error: parameters: expected a map of names and expressions, or a string \"a=$[...] "
               "b=...\", got a list"));
  CHECK(problems_after("${bdp.system.bizdate}", "[a, b]").front() ==
        in_job("7:9: error: parameters.date: expected an expression, got a list"));
  CHECK(problems_after("${bdp.system.bizdate}", "{a: b}").front() ==
        in_job("7:9: error: parameters.date: expected an expression, got a map"));
  CHECK(
      problems_after("$[yyyymmddhh24miss-5/24/60]", "$[yyyymmddhh24miss-3000000]") ==
      only(in_job("5:3: error: parameters: parameters.end_time: E_RANGE: the result lies outside the years 1 "
                  "to 9999")));
}

TEST_CASE(
    "job file: a script in its place in any form is recognised, one inside a job file is not mistaken") {
  const std::string expected =
      in_job("1:1: error: this is a script, not a job file; write a job file with script: {file: NAME}");
  CHECK(problems("{\"configuration\": {}}") == only(expected));
  CHECK(problems("{\"steps\": []}") == only(expected));
  CHECK(problems("{\"script\": {\"inline\": {}}, \"name\": \"a\"}").size() == 1);
  CHECK(problems("name: a\nscript: {file: [x]}\n") ==
        only(in_job("2:16: error: script.file: expected a string, got a list")));
  CHECK(problems("name: a\nscript: x\n") ==
        only(in_job("2:9: error: script: expected a map of keys and values, got a string")));
  CHECK(problems("name: a\nscript: {inline: 5}\n") ==
        only(in_job("2:18: error: the script: expected a map, got a string")));
}

TEST_CASE("job file: how long before the end of retention to warn is read from the script alone") {
  const auto warning = [](const std::string& line) {
    return retention_warning(
        load(replaced(kGood, "          mode: single", line + "          mode: single")).jobs.at(0));
  };
  CHECK(warning("") == Duration(0));
  CHECK(warning("          retentionWarning: 12h\n") == Duration(std::chrono::hours(12)));
  CHECK(warning("          retentionWarning: ~\n") == Duration(0));
  CHECK(retention_warning(Job()) == Duration(0));
}

TEST_CASE("job file: a parameter nobody uses is placed at the text that holds it") {
  const std::string map =
      kGood.substr(kGood.find("parameters:"), kGood.find("script:") - kGood.find("parameters:"));
  CHECK(problems(replaced(kGood, map,
                          "parameters: start_time=$[yyyymmddhh24miss-10/24/60] "
                          "end_time=$[yyyymmddhh24miss-5/24/60] date=$bizdate day=$bizdate\n")) ==
        only(in_job("4:13: warning: parameters.day: not used in the script")));
}

TEST_CASE("job file: a name has 1 to 100 letters, digits, \"_\", \".\" and \"-\"") {
  for (const std::string& good : {std::string("a"), std::string("Z9_.-z0"), std::string(100, 'n')})
    CHECK(problems_after("name: orders", "name: '" + good + "'").empty());
  for (const std::string& wrong :
       {std::string(), std::string("a b"), std::string("a/b"), std::string("a:b"), std::string("a@"),
        std::string("[a"), std::string("a{"), std::string("\u00e9"), std::string(101, 'n')}) {
    CAPTURE(wrong);
    CHECK(problems_after("name: orders", "name: '" + wrong + "'") ==
          only(in_job("1:7: error: name: expected 1 to 100 letters, digits, \"_\", \".\" or \"-\", got \"" +
                      wrong + "\"")));
  }
}

TEST_CASE("job file: a name begins with a letter, a digit or \"_\": others are paths or options elsewhere") {
  for (const std::string wrong : {".", "..", "-x", ".orders"}) {
    CAPTURE(wrong);
    CHECK(problems_after("name: orders", "name: '" + wrong + "'") ==
          only(in_job("1:7: error: name: expected a letter, a digit or \"_\" first, got \"" + wrong + "\"")));
  }
}
