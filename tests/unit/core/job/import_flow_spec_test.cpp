#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

struct Read : ReadSchedule {
  explicit Read(const std::string& spec) : ReadSchedule(spec, "spec.json") {}
};

Read node(const std::string& keys) { return Read("{\"spec\": {\"nodes\": [{" + keys + "}]}}"); }
Read trigger(const std::string& keys) { return node("\"trigger\": {" + keys + "}"); }

}  // namespace

TEST_CASE("import FlowSpec: when a node may run again") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"Allowed", "always"}, {"FailureAllowed", "after_failure"}, {"Denied", "never"}};
  for (const auto& [label, property] : cases)
    CHECK(node("\"rerunMode\": \"" + label + "\"").value("rerun.property") == property);
  CHECK(printed(node("\"rerunMode\": \"AllAllowed\"").result) ==
        only("spec.json:1:22: error: rerunMode: not known; expected Allowed, FailureAllowed or Denied"));
}

TEST_CASE("import FlowSpec: a node that does not run by its schedule is told of") {
  CHECK(notes_of(node("recurrence: Normal").result, "recurrence") == only("kept: runs by its schedule"));
  CHECK(notes_of(node("recurrence: Pause").result, "recurrence") ==
        only("unsupported: the node is paused: `sluice pause JOB` when the job is loaded"));
  CHECK(notes_of(trigger("recurrence: Skip").result, "recurrence") ==
        only("unsupported: the node is a dry run, which exports nothing: leave the job out, or let it run"));
  CHECK(fate_of(trigger("type: Scheduler").result, "type") == "kept");
  CHECK(notes_of(trigger("type: Manual").result, "type") ==
        only("unsupported: the node has no schedule of its own: run it with `sluice run`"));
  CHECK(notes_of(trigger("delaySeconds: 0").result, "delaySeconds").empty());
  CHECK(fate_of(trigger("delaySeconds: 60").result, "delaySeconds") == "unsupported");
}

TEST_CASE("import FlowSpec: times of validity count by whole days") {
  const auto read = [](const std::string& time) { return trigger("startTime: \"" + time + "\""); };
  for (const std::string midnight : {"2018-10-16", "2018-10-16 00:00:00", "2018-10-16T00:00:00"}) {
    CAPTURE(midnight);
    CHECK(read(midnight).value("schedule.effectiveFrom") == "2018-10-16");
    CHECK(fate_of(read(midnight).result, "startTime") == "kept");
  }
  CHECK(notes_of(read("2018-10-16 08:30:00").result, "startTime") ==
        only("changed: as schedule.effectiveFrom: 2018-10-16, the whole day"));
  CHECK(trigger("endTime: 9999-01-01 00:00:00").value("schedule.effectiveTo") == "9999-01-01");
  for (const std::string wrong : {"2018", "16.10.2018 00:00", "2018-10/16", "20181016000000"}) {
    CAPTURE(wrong);
    CHECK(read(wrong).value("schedule.effectiveFrom").empty());
    CHECK(printed(read(wrong).result) ==
          only("spec.json:1:34: error: startTime: expected a time such as 1970-01-01 00:00:00, got \"" +
               wrong + "\""));
  }
}

TEST_CASE("import FlowSpec: what stands elsewhere is not read, and told of") {
  CHECK(notes_of(node("trigger: \"{{trigger.t1}}\"").result, "trigger") ==
        only("unsupported: refers to a trigger elsewhere: write its map here"));
  CHECK(notes_of(node("script: \"{{script.s1}}\"").result, "script") ==
        only("unsupported: refers to a script elsewhere; its parameters were not read: give --params"));
}

TEST_CASE("import FlowSpec: only a node's own parameters with name and value are taken") {
  const Read read = node(
      R"("script": {"parameters": [{"name": "a", "value": "1"}, {"name": "b"}, {"value": "2"},
        {"name": "c", "scope": "Workspace", "value": "3"}, {"name": "d", "scope": "NodeParameter", "value": "4"}]})");
  CHECK(read.value("parameters.a") == "\"1\"");
  CHECK(read.value("parameters.d") == "\"4\"");
  for (const std::string name : {"parameters b", "parameters ", "parameters c"})
    CHECK(notes_of(read.result, name) ==
          only("unsupported: is no parameter of the node itself with name and value: give it with --params"));
  CHECK(read.work.keys().size() == 2);
}

TEST_CASE("import FlowSpec: what a node waits for is told of, in each form") {
  const Read inputs = node(
      R"("inputs": {"nodeOutputs": [{"data": "ws.rates"}, {"data": "ws_root"}, {"artifactType": "NodeOutput"}],
                    "variables": [{"name": "x"}]})");
  CHECK(notes_of(inputs.result, "inputs") ==
        std::vector<std::string>{
            "unsupported: waits for ws.rates: import that node too, and name its job in dependsOn.jobs",
            "ignored: ws_root is the workspace's root, which runs nothing",
            "unsupported: values handed from node to node are not supported: use a parameter"});
  CHECK(notes_of(node("\"inputs\": {\"tables\": [1]}").result, "inputs").empty());
  for (const std::string name : {"flow", "dependencies"}) {
    const Read flow("{\"spec\": {\"nodes\": [{}], \"" + name + R"(": [{"nodeId": "1"}, {"depends": [
        {"type": "CrossCycleDependsOnSelf"}, {"type": "CrossCycleDependsOnChildren"}, {"output": "ws.a"},
        {"type": "Normal", "output": "ws.b"}, {"type": "Normal"}]}]}})");
    CAPTURE(name);
    const auto notes = notes_of(flow.result, "depends");
    REQUIRE(notes.size() == 4);
    CHECK(notes[0] == "kept: windows of a stream always follow each other");
    CHECK(notes[1].starts_with("unsupported: waits for a previous cycle of other nodes"));
    CHECK(notes[2].starts_with("unsupported: waits for ws.a"));
    CHECK(notes[3].starts_with("unsupported: waits for ws.b"));
  }
}

TEST_CASE("import FlowSpec: the only node of the only workflow is the one") {
  const std::string one =
      R"({"nodes": [{"name": "orders"}], "dependencies": [{"depends": [{"output": "ws.a"}]}]})";
  for (const std::string& spec :
       {"{\"workflows\": [" + one + "]}", "{\"nodes\": [], \"workflows\": [" + one + "]}"}) {
    const Read read("{\"spec\": " + spec + "}");
    CHECK(read.value(kNamePath) == "orders");
    CHECK(fate_of(read.result, "depends") == "unsupported");
  }
  const std::string expected =
      "error: spec: expected one node; leave the one of this script in nodes, or ask GetNode for it";
  for (const std::string& spec :
       std::vector<std::string>{"{}", "{\"workflows\": []}", "{\"workflows\": [" + one + ", " + one + "]}",
                                "{\"nodes\": [{}, {}]}", "{\"workflows\": [{}]}"})
    CHECK(printed(Read("{\"spec\": " + spec + "}").result) == only("spec.json:1:10: " + expected));
}

TEST_CASE("import FlowSpec: one inside of another answer is read too, and its errors are its own") {
  const auto inner = [](const std::string& spec) {
    return Read("{\"Node\": {\"Spec\": " + quoted_text(spec) + "}}");
  };
  CHECK(inner("{\"spec\": {\"nodes\": [{\"name\": \"a\"}]}}").value(kNamePath) == "a");
  for (const std::string wrong : {"{\"nodes\": []}", "{\"spec\": []}", "x"})
    CHECK(printed(inner(wrong).result) ==
          only("spec.json (Node.Spec):1:1: error: expected a FlowSpec with \"spec\""));
  for (const std::string unknown : {"{\"Node\": 1}", "{\"Node\": {\"Spec\": {}}}", "{\"spec\": []}",
                                    "{\"kind\": \"x\", \"Nodes\": [{}]}"}) {
    CAPTURE(unknown);
    const auto told = printed(Read(unknown).result);
    REQUIRE(told.size() == 1);
    CHECK(has_line(told.front(), "no known form of a schedule"));
  }
}
