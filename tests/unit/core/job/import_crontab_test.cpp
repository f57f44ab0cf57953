#include "core/job/yaml_document.hpp"
#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

constexpr std::string_view kTimes = "*/5 * * * * ";

struct Read {
  explicit Read(const std::string& line) {
    request.crontab = line;
    read_crontab_line(work);
  }
  std::string value(std::string_view name) const { return value_of(work, "parameters." + std::string(name)); }

  ImportRequest request;
  Import result;
  ImportWork work{request, result};
};

// What "-Dt=VALUE" becomes; "unsupported" when only a shell knows it.
std::string value_of_definition(const std::string& value) {
  const Read read(std::string(kTimes) + "python datax.py j.json -p \"-Dt=" + value + "\"");
  CHECK(read.result.problems.empty());
  const std::string fate = fate_of(read.result, "--crontab -Dt");
  return fate == "unsupported" ? fate : read.value("t");
}

}  // namespace

TEST_CASE("import crontab: the offset of date becomes that of an expression") {
  const std::vector<std::pair<std::string, std::string>> cases{{"", ""},
                                                               {"-d now", ""},
                                                               {"-d today", ""},
                                                               {"-d yesterday", "-1"},
                                                               {"-d -10min", "-10/24/60"},
                                                               {"-d '-10 min'", "-10/24/60"},
                                                               {"-d '10 minutes ago'", "-10/24/60"},
                                                               {"-d '1 minute ago'", "-1/24/60"},
                                                               {"-d '-1 minutes ago'", "+1/24/60"},
                                                               {"--date='2 hours ago'", "-2/24"},
                                                               {"--date -1hour", "-1/24"},
                                                               {"-d-1day", "-1"},
                                                               {"-d '3 days'", "+3"},
                                                               {"-d '1 week ago'", "-1*7"},
                                                               {"-d '-30 sec'", "-30/24/60/60"},
                                                               {"-d '\t-30\tseconds '", "-30/24/60/60"},
                                                               {"--date=\"-90 second\"", "-90/24/60/60"}};
  for (const auto& [option, offset] : cases) {
    CAPTURE(option);
    CHECK(value_of_definition("$(date " + option + " +\\%Y\\%m\\%d)") == "\"$[yyyymmdd" + offset + "]\"");
  }
}

TEST_CASE("import crontab: an offset that is no number of units is left to the user") {
  for (const std::string option : {"-d tomorrow",
                                   "-d '1 month ago'",
                                   "-d '5 fortnights'",
                                   "-d 2018-10-16",
                                   "-d '10:30'",
                                   "-d -10",
                                   "-d 'now 5'",
                                   "-d 'yesterday noon'",
                                   "-d '5 days later'",
                                   "-d '5 days ago 3'",
                                   "-d s",
                                   "-d 5s",
                                   "-d 100001days",
                                   "-d '100001 days ago'",
                                   "-d '-9223372036854775808 days ago'",
                                   "-d ''",
                                   "--date=",
                                   "-d",
                                   "--date",
                                   "-u",
                                   "-r file"}) {
    CAPTURE(option);
    CHECK(value_of_definition("$(date " + option + " +\\%Y)") == "unsupported");
  }
}

TEST_CASE("import crontab: the format of date becomes that of an expression") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\\%Y\\%m\\%d\\%H\\%M\\%S", "$[yyyymmddhh24miss-1]"},
      {"\\%F", "$[yyyy-mm-dd-1]"},
      {"\\%T", "$[hh24:mi:ss-1]"},
      {"\\%y/\\%m", "$[yy/mm-1]"},
      {"\\%Y\\%m\\%d000000", "$[yyyymmdd-1]000000"},
      {"day_\\%d", "day_$[dd-1]"},
      {"\\%HH", "$[hh24-1]H"},
      {"plain", "plain"},
      {"\\%s000", "$[yyyymmddhh24miss-1]"},
      {"\\%j", "unsupported"},
      {"\\%s", "unsupported"},
      {"\\%-d", "unsupported"},
      {"\\%Y\\%\\%", "unsupported"},
      {"", "unsupported"}};
  for (const auto& [format, expected] : cases) {
    CAPTURE(format);
    const std::string value = value_of_definition("`date -d yesterday +" + format + "`");
    CHECK(value == (expected == "unsupported" ? expected : "\"" + expected + "\""));
  }
}

TEST_CASE("import crontab: text stands around a date, and what needs a shell is left to the user") {
  CHECK(value_of_definition("a/$(date +\\%Y)/b-`date +\\%m`") == "\"a/$[yyyy]/b-$[mm]\"");
  CHECK(value_of_definition("$(date)") == "unsupported");
  for (const std::string value : {"$HOME", "${HOME}", "a\\ b", "$(hostname)", "$()", "``", "$(echo $(date))",
                                  "$(date +\\%Y", "`date +\\%Y", "$(date -d \"$(cat since)\" +\\%Y)"}) {
    CAPTURE(value);
    CHECK(value_of_definition(value) == "unsupported");
  }
  const Read read(std::string(kTimes) + "datax.py -Dodd=$HOME");
  CHECK(notes_of(read.result, "--crontab -Dodd") ==
        only("unsupported: only a shell knows its value: give --params 'odd=$[...]'"));
}

TEST_CASE("import crontab: a plain % ends the command, as in cron") {
  const Read read(std::string(kTimes) + "datax.py -Da=1\\%2 -Db=$(date +%Y) -Dc=3");
  CHECK(read.value("a") == "\"1%2\"");
  CHECK(fate_of(read.result, "--crontab -Db") == "unsupported");
  CHECK(fate_of(read.result, "--crontab -Dc").empty());
}

TEST_CASE("import crontab: the words of cron for often used times") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
      {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
      {"@annually", "0 0 1 1 *"}, {"@reboot", "@reboot"}};
  for (const auto& [word, fields] : cases) {
    CAPTURE(word);
    const Read read(word + " datax.py -Da=1");
    CHECK(value_of(read.work, kCronPath) == fields);
    CHECK(read.value("a") == "\"1\"");
  }
  CHECK(value_of(Read(" 0\t1  * * 1-5\tdatax.py").work, kCronPath) == "0 1 * * 1-5");
}

TEST_CASE("import crontab: what only looks like a definition is passed over") {
  const Read read(std::string(kTimes) +
                  "cd /data/my-Dir && java -Dflag -D=1 -Dx.y=2 -jar a -p '-Da=1 -Db=' -D");
  CHECK(read.value("a") == "\"1\"");
  CHECK(read.value("b") == "\"\"");
  CHECK(read.result.notes.size() == 2);
  CHECK(read.result.problems.empty());
}

TEST_CASE("import crontab: a value may stand in quotes of its own") {
  const Read read(
      std::string(kTimes) +
      "datax.py -Da=\"x y\" -Db='z' -Dc=\"$(date -d '1 day ago' +\\%d)\" -Dd=\"\" -De=1 -Df='a'b");
  CHECK(read.value("a") == "\"x y\"");
  CHECK(read.value("b") == "\"z\"");
  CHECK(read.value("c") == "\"$[dd-1]\"");
  CHECK(read.value("d") == "\"\"");
  CHECK(read.value("e") == "\"1\"");
  CHECK(read.value("f") == "\"ab\"");
  CHECK(value_of_definition("'x'") == "\"x\"");
  CHECK(value_of_definition("\\\"x\\\"") == "unsupported");
}

TEST_CASE("import crontab: a line of more than the bytes of a document is refused") {
  const Read read(std::string(kYamlBytesMax + 1, ' '));
  CHECK(printed(read.result) == only("--crontab:1:1: error: larger than 1048576 bytes"));
}
