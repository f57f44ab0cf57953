#include "core/job/civil_time.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

const Instant kScheduled = parse_local("2018-10-16T00:15+08:00").value();

}  // namespace

TEST_CASE("window: times of wrong digits are errors with the key and what is expected") {
  const Job job = good_job();
  const auto told = [&](const std::string& start, const std::string& end) {
    const auto window = window_of(job, {{"start_time", start}, {"end_time", end}});
    return window ? format_local(window->start, "UTC") : window.error().message();
  };
  const std::string at_start =
      "resolve job orders: jobs.d/orders.yaml:20:33: reader.parameter.startTimestampMillis: ";
  for (const std::string wrong : {"20180229000000", "20181016240000", "20181016006000", "20181016000060"}) {
    CHECK(told(wrong, "20181016001000") ==
          at_start + "\"" + wrong + "\" is no time of the calendar; expected yyyyMMddHHmmss");
  }
  for (const std::string wrong : {"2018101600050x", "201810160005000", "2018-10-16 00:05"}) {
    CHECK(told(wrong, "20181016001000").starts_with(at_start + "expected 14 digits of local time"));
  }
  CHECK(told("", "20181016001000")
            .ends_with("startTimestampMillis: missing beside endTimestampMillis; a time "
                       "range needs both"));
  CHECK(told("1539619500", "20181016001000").ends_with("; 10 digits look like seconds, append 000"));
  CHECK(told("1539619500000", "1539619800000") == "2018-10-15T16:05+00:00");
  CHECK(told("1539619500000", "20181016001000") == "2018-10-15T16:05+00:00");
  CHECK(
      told("20181016001000", "20181016001000") ==
      "resolve job orders: jobs.d/orders.yaml:21:31: reader.parameter.endTimestampMillis: must be later than "
      "startTimestampMillis: the window [2018-10-16T00:10+08:00, 2018-10-16T00:10+08:00) is empty");
}

TEST_CASE("window: the template's date beside a range is passed over, a real one is not") {
  const auto job = [](const std::string& date) {
    return load(replaced(kGood, "          mode: single",
                         "          date: " + date + "\n          mode: single"))
        .jobs;
  };
  const auto values = freeze(good_job(), kScheduled).value();
  CHECK(window_of(job("yyyyMMdd").at(0), values).value().start ==
        window_of(good_job(), values).value().start);
  CHECK(job("20181016").empty());
  CHECK(job("[yyyyMMdd]").empty());
  const Job blank =
      load(replaced(replaced(kGood, "startTimestampMillis: ${start_time}", "startTimestampMillis: ' '"),
                    "endTimestampMillis: ${end_time}", "date: ${date}"))
          .jobs.at(0);
  CHECK(format_local(window_of(blank, {{"date", "20181015"}}).value().end, "Asia/Shanghai") ==
        "2018-10-16T00:00+08:00");
  for (const std::string wrong : {"20180229", "2018101", "201810150", "2018101x"}) {
    CHECK(window_of(blank, {{"date", wrong}})
              .error()
              .message()
              .ends_with("reader.parameter.date: expected a day as 8 digits (yyyyMMdd), got \"" + wrong +
                         "\""));
  }
}

TEST_CASE("window: times left blank with the template's date are told of with what to write") {
  const std::string pair = "startTimestampMillis: ${start_time}\n          endTimestampMillis: ${end_time}";
  const std::string told =
      R"(startTimestampMillis: blank, and so is endTimestampMillis; write "${start_time}" and "${end_time}")";
  const auto left = [&](const std::string& keys) {
    std::string errors;
    for (const std::string& problem : problems(replaced(kGood, pair, keys))) {
      if (problem.find(": error: ") != std::string::npos) errors += problem;
    }
    return errors;
  };
  CHECK(left(R"(startTimestampMillis: ""
          endTimestampMillis: ""
          date: yyyyMMdd)") == "jobs.d/orders.yaml:20:33: error: reader.parameter." + told +
                                   R"(, and remove date: "yyyyMMdd" is the unfilled value of the template)");
  CHECK(left(R"(startTimestampMillis: ""
          endTimestampMillis: " ")") == "jobs.d/orders.yaml:20:33: error: reader.parameter." + told);
  CHECK(
      left("date: yyyyMMdd") ==
      R"(jobs.d/orders.yaml:20:17: error: reader.parameter.date: "yyyyMMdd" is the unfilled value of the )"
      R"(template; write startTimestampMillis: "${start_time}" and endTimestampMillis: "${end_time}", or a )"
      R"(day such as "${bdp.system.bizdate}")");
}

TEST_CASE("window: one that is the same for every slot is warned of") {
  const std::string pair = "startTimestampMillis: ${start_time}\n          endTimestampMillis: ${end_time}";
  const auto warnings = [&](const std::string& keys, const std::string& schedule = "interval: 5m") {
    std::string text = replaced(replaced(kGood, pair, keys), "interval: 5m", schedule);
    text = replaced(text, "{date}", "{date}/${start_time}${end_time}");
    return problems(text);
  };
  const std::string same =
      " is the same for every slot: the first one exports it, and the others find nothing that is new; write "
      "a "
      "variable that moves with the slot, such as \"${end_time}\" with end_time=$[yyyymmddhh24miss-5/24/60]";
  CHECK(warnings("date: \"20181016\"") ==
        only("jobs.d/orders.yaml:20:17: warning: reader.parameter.date: the window [2018-10-16T00:00+08:00, "
             "2018-10-17T00:00+08:00)" +
             same));
  CHECK(warnings("startTimestampMillis: 1539619500000\n          endTimestampMillis: \"20181016001000\"") ==
        only("jobs.d/orders.yaml:20:33: warning: reader.parameter.startTimestampMillis: the window "
             "[2018-10-16T00:05+08:00, 2018-10-16T00:10+08:00)" +
             same));
  CHECK(warnings("date: ${bdp.system.bizdate}").empty());
  CHECK(warnings("startTimestampMillis: 1500000000000\n          endTimestampMillis: ${end_time}").empty());
  CHECK(warnings("date: \"20181016\"", "interval: 5m, effectiveFrom: 2018-10-17, effectiveTo: 2018-10-17")
            .empty());
}

TEST_CASE("window: a whole day of its zone is the one of date, also where the clocks change") {
  const Job job =
      load(replaced(replaced(replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin"),
                             "          startTimestampMillis: ${start_time}\n", ""),
                    "endTimestampMillis: ${end_time}", "date: ${date}"))
          .jobs.at(0);
  const auto length = [&](const std::string& date) {
    const auto window = window_of(job, {{"date", date}}).value();
    return window.end - window.start;
  };
  CHECK(length("20250329") == std::chrono::hours(24));
  CHECK(length("20250330") == std::chrono::hours(23));
  CHECK(length("20251026") == std::chrono::hours(25));
}

TEST_CASE("window: the slot itself is the pass that it is, under each of its names") {
  const Instant second_pass = parse_local("2025-10-26T02:10+01:00").value();
  for (const std::string name : {"${bdp.system.cyctime}", "${end_time}"}) {
    CAPTURE(name);
    std::string text = replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin");
    text = replaced(text, "$[yyyymmddhh24miss-5/24/60]", "$[yyyymmddhh24miss]");
    text = replaced(text, "endTimestampMillis: ${end_time}", "endTimestampMillis: " + name);
    const Job job = load(text).jobs.at(0);
    const auto window = window_of(job, freeze(job, second_pass).value(), second_pass).value();
    CHECK(window.end == second_pass);
    CHECK(window.start == second_pass - std::chrono::minutes(10));
  }
}

TEST_CASE("window: two pairs of times, or half of one, are refused whichever half it is") {
  const std::string pair = "startTimestampMillis: ${start_time}\n          endTimestampMillis: ${end_time}";
  const auto told = [&](const std::string& keys) { return problems(replaced(kGood, pair, keys)).back(); };
  CHECK(
      told("startTimestampMillis: ${start_time}\n          endTimeString: ${end_time}")
          .ends_with("reader.parameter.endTimeString: cannot be given together with startTimestampMillis or "
                     "endTimestampMillis; keep one pair"));
  CHECK(told("startTimeString: ${start_time}")
            .ends_with(
                "reader.parameter.endTimeString: missing beside startTimeString; a time range needs both"));
  CHECK(told("endTimeString: ${end_time}")
            .ends_with(
                "reader.parameter.startTimeString: missing beside endTimeString; a time range needs both"));
  CHECK(
      told("startTimeString: ${start_time}\n          endTimeString: ${end_time}\n          date: ${date}")
          .ends_with("reader.parameter.date: cannot be given together with a time range; remove date, or the "
                     "start and end times"));
  CHECK(told("startTimeString: [a]\n          endTimeString: ${end_time}")
            .ends_with("reader.parameter.startTimeString: expected a string, got a list"));
  CHECK(told("date: [a]").ends_with("reader.parameter.date: expected a string, got a list"));
}
