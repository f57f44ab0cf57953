#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

using Read = ReadSchedule;

Read configuration(const std::string& key, const std::string& value) {
  return Read("{\"NodeConfiguration\": {\"" + key + "\": " + value + "}}");
}

const std::string kChain = "windows of a stream always follow each other";
const std::string kOthers =
    "unsupported: waits for a previous cycle of other nodes: import them too, and write dependsOn.jobs: "
    "[{job: NAME, cycle: previous}]";

}  // namespace

TEST_CASE("import DataWorks: when a node may run again, in the words of either API") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"ALL_ALLOWED", "always"}, {"FAILURE_ALLOWED", "after_failure"},
      {"ALL_DENIED", "never"},   {"1", "always"},
      {"0", "after_failure"},    {"2", "never"}};
  for (const auto& [word, property] : cases) {
    CAPTURE(word);
    const Read read = configuration("RerunMode", "\"" + word + "\"");
    CHECK(read.value("rerun.property") == property);
    CHECK(notes_of(read.result, "RerunMode") == only("kept: as rerun.property: " + property));
  }
  const Read wrong = configuration("RerunMode", "SOMETIMES");
  CHECK(wrong.value("rerun.property").empty());
  CHECK(printed(wrong.result) == only("node.json:1:24: error: RerunMode: not known; expected ALL_ALLOWED, "
                                      "FAILURE_ALLOWED or ALL_DENIED"));
}

TEST_CASE("import DataWorks: a node that does not run by its schedule is told of") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"NORMAL", "kept: runs by its schedule"},
      {"PAUSE", "unsupported: the node is paused: `sluice pause JOB` when the job is loaded"},
      {"SKIP", "unsupported: the node is a dry run, which exports nothing: leave the job out, or let it run"},
      {"MANUAL", "unsupported: the node has no schedule of its own: run it with `sluice run`"}};
  for (const auto& [word, note] : cases)
    CHECK(notes_of(configuration("SchedulerType", word).result, "SchedulerType") == only(note));
  CHECK(notes_of(configuration("Stop", "false").result, "Stop") == only("kept: runs by its schedule"));
  CHECK(fate_of(configuration("Stop", "true").result, "Stop") == "unsupported");
}

TEST_CASE("import DataWorks: what a node waits for from the cycle before") {
  const auto notes = [](const std::string& type) {
    return notes_of(configuration("DependentType", type).result, "DependentType");
  };
  CHECK(notes("SELF") == only("kept: " + kChain));
  CHECK(notes("NONE") ==
        only("changed: " + kChain + "; a job that reads a table may have dependsOn.self: false"));
  CHECK(notes("USER_DEFINE") == only(kOthers));
  CHECK(notes("CHILD") == only(kOthers));
  for (const std::string both : {"USER_DEFINE_AND_SELF", "CHILD_AND_SELF"})
    CHECK(notes(both) == std::vector<std::string>{"kept: " + kChain, kOthers});
}

TEST_CASE("import DataWorks: each input is told of, but for the root of the workspace") {
  const Read read = configuration(
      "inputList", R"([{"Input": "ws_root"}, {"input": "dw_scheduler_pre_root"}, {"Input": "ws.rates"},
                       {"ParseType": "auto"}])");
  const std::string root = ", which runs nothing";
  CHECK(notes_of(read.result, "inputList") ==
        std::vector<std::string>{
            "ignored: ws_root is the workspace's root" + root,
            "ignored: dw_scheduler_pre_root is the workspace's root" + root,
            "unsupported: waits for ws.rates: import that node too, and name its job in dependsOn.jobs"});
  for (const std::string key : {"InputParameters", "OutputParameters"})
    CHECK(notes_of(configuration(key, "[{\"ParameterName\": \"x\"}]").result, key) ==
          only("unsupported: values handed from node to node are not supported: use a parameter"));
}

TEST_CASE("import DataWorks: an answer may be wrapped in body and Data, in either spelling") {
  const std::string node = R"({"cronExpress": "0 0 1 * * ?", "paraValue": "a=1"})";
  for (const std::string& answer : {node, "{\"data\": " + node + "}", "{\"body\": {\"Data\": " + node + "}}",
                                    "{\"Body\": {\"data\": {\"nodeConfiguration\": " + node + "}}}",
                                    "{\"Data\": [], \"NodeConfiguration\": " + node + "}"}) {
    CAPTURE(answer);
    const Read read(answer);
    CHECK(read.result.problems.empty());
    CHECK(read.value(kCronPath) == "0 0 1 * * ?");
    CHECK(read.value("parameters.a") == "\"1\"");
  }
}

TEST_CASE("import DataWorks: a node of GetNode is known by its keys, one of GetFile has its name in File") {
  for (const std::string key : {"\"nodeId\": 1", "\"ParamValues\": \"a=1\""}) {
    const Read read("{\"cronExpress\": \"x\", \"resGroupName\": \"g\", " + key + "}");
    CHECK(fate_of(read.result, "resGroupName") == "ignored");
  }
  const std::string empty = R"({"NodeConfiguration": {"cronExpress": "x"})";
  CHECK(Read(empty + "}").value(kNamePath).empty());
  const Read unnamed(empty + ", \"File\": {\"Owner\": 1}}");
  CHECK(unnamed.value(kNamePath).empty());
  CHECK(fate_of(unnamed.result, "File") == "ignored");
  CHECK(Read(empty + ", \"file\": {\"fileName\": \"a b\"}}").value(kNamePath) == "a_b");
}

TEST_CASE("import DataWorks: of several nodes none is taken, and they are named") {
  const auto told = [](const std::string& nodes) {
    return printed(Read("{\"Nodes\": [" + nodes + "]}").result);
  };
  const std::string what = "; leave the one of this script in Nodes, or ask GetNode for it";
  CHECK(told("") == only("node.json:1:11: error: holds 0 nodes ()" + what));
  CHECK(told(R"({"nodeName": "a"}, {"NodeId": 2}, {"NodeName": "c"})") ==
        only("node.json:1:11: error: holds 3 nodes (a, c)" + what));
  std::string many = "{\"NodeName\": \"" + std::string(39, 'n') + "\"}";
  for (int doubled = 0; doubled < 4; ++doubled) many += "," + many;
  const std::string all = told(many).front();
  CHECK(has_line(all, "holds 16 nodes (nnn"));
  CHECK(all.size() < 500);  // not all names of a large workspace
}
