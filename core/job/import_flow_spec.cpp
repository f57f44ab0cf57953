// FlowSpec, as github.com/aliyun/dataworks-spec defines it: kinds CycleWorkflow and Node.
#include "core/job/import_known_keys.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::job {
namespace {

void take_rerun_label(const FoundValue& value) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kLabels{
      {{"Allowed", "always"}, {"FailureAllowed", "after_failure"}, {"Denied", "never"}}};
  for (const auto& [label, property] : kLabels) {
    if (label != value.text()) continue;
    value.keep("rerun.property", std::string(property));
    value.note(Fate::kept, fmt::format("as rerun.property: {}", property));
    return;
  }
  value.work.error(value.place,
                   fmt::format("{}: not known; expected Allowed, FailureAllowed or Denied", value.key));
}

void tell_recurrence(const FoundValue& value) {
  const bool normal = value.text() == "Normal";
  value.note(normal ? Fate::kept : Fate::unsupported,
             normal                    ? "runs by its schedule"
             : value.text() == "Pause" ? "the node is paused: `sluice pause JOB` when the job is loaded"
                                       : "the node is a dry run, which exports nothing: leave the job out, "
                                         "or let it run");
}

// "1970-01-01 00:00:00", also with a "T" between.
void take_effective(const FoundValue& value, std::string_view path) {
  const std::string& text = value.text();
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') {
    value.work.error(value.place, fmt::format("{}: expected a time such as 1970-01-01 00:00:00, got \"{}\"",
                                              value.key, printable(text)));
    return;
  }
  const bool midnight = text.size() == 10 || text.substr(11) == "00:00:00";
  const std::string date = printable(text.substr(0, 10));
  value.keep(std::string(path), date);
  value.note(midnight ? Fate::kept : Fate::changed, fmt::format("as {}: {}, the whole day", path, date));
}
void take_effective_from(const FoundValue& value) { take_effective(value, "schedule.effectiveFrom"); }
void take_effective_to(const FoundValue& value) { take_effective(value, "schedule.effectiveTo"); }

void tell_trigger_type(const FoundValue& value) {
  const bool scheduled = value.text() == "Scheduler";
  value.note(
      scheduled ? Fate::kept : Fate::unsupported,
      scheduled ? "runs by its schedule" : "the node has no schedule of its own: run it with `sluice run`");
}

void tell_delay(const FoundValue& value) {
  if (value.text() != "0")
    value.note(Fate::unsupported, "a slot has no delay: move the times of the cron expression");
}

constexpr std::array<KnownKey, 11> kTriggerKeys{{
    {"type", tell_trigger_type},
    {"cron", take_cron},
    {"startTime", take_effective_from},
    {"endTime", take_effective_to},
    {"timezone", take_timezone},
    {"delaySeconds", tell_delay},
    {"cycleType", nullptr, Fate::ignored, "follows from the cron expression"},
    {"recurrence", tell_recurrence},
    {"calendarId", nullptr, Fate::unsupported,
     "there are no calendars of one's own: write cycle: year with the days"},
    {"id", nullptr, Fate::ignored, "tells it in DataWorks"},
    {"identifier", nullptr, Fate::ignored, "tells it in DataWorks"},
}};

void take_trigger(const FoundValue& value) {
  if (value.node.is_mapping())
    return take_keys(value.work, value.node, "trigger", value.place.file, kTriggerKeys);
  value.note(Fate::unsupported, "refers to a trigger elsewhere: write its map here");
}

void take_variables(const FoundValue& value) {
  for (const YamlNode& item : value.node.items) {
    const ImportPlace place{value.place.file, item.place};
    const YamlNode* name = item.find("name");
    const YamlNode* expression = item.find("value");
    const YamlNode* scope = item.find("scope");
    const bool own = scope == nullptr || scope->text == "NodeParameter";
    if (name == nullptr || expression == nullptr || !own) {
      value.work.note(Fate::unsupported, fmt::format("{} {}", value.key, name == nullptr ? "" : name->text),
                      "is no parameter of the node itself with name and value: give it with --params", place);
      continue;
    }
    value.work.set_parameter(name->text, expression->text, value.key, place);
    value.work.note(Fate::kept, fmt::format("{} {}", value.key, name->text), "as a parameter", place);
  }
}

constexpr std::string_view kScriptGiven = "the script is the one given to the import";

constexpr std::array<KnownKey, 8> kScriptKeys{{
    {"parameters", take_variables},
    {"path", nullptr, Fate::ignored, kScriptGiven},
    {"language", nullptr, Fate::ignored, kScriptGiven},
    {"content", nullptr, Fate::ignored, kScriptGiven},
    {"code", nullptr, Fate::ignored, kScriptGiven},
    {"runtime", nullptr, Fate::ignored, kScriptGiven},
    {"name", nullptr, Fate::ignored, kScriptGiven},
    {"id", nullptr, Fate::ignored, kScriptGiven},
}};

void take_script(const FoundValue& value) {
  if (value.node.is_mapping())
    return take_keys(value.work, value.node, "script", value.place.file, kScriptKeys);
  value.note(Fate::unsupported, "refers to a script elsewhere; its parameters were not read: give --params");
}

void tell_node_inputs(const FoundValue& value) {
  const YamlNode* outputs = value.node.find("nodeOutputs");
  for (const YamlNode& output : outputs == nullptr ? std::vector<YamlNode>() : outputs->items) {
    const YamlNode* data = output.find("data");
    if (data != nullptr) tell_dependency(value, data->text);
  }
  if (value.node.find("variables") != nullptr)
    value.note(Fate::unsupported, "values handed from node to node are not supported: use a parameter");
}

constexpr std::string_view kGeneration =
    "a new job begins with the first slot after it is loaded; schedule.generation: next_day gives T+1";

constexpr std::array<KnownKey, 21> kSpecNodeKeys{{
    {"name", take_node_name},
    {"recurrence", tell_recurrence},
    {"rerunMode", take_rerun_label},
    {"rerunTimes", take_rerun_times},
    {"rerunInterval", take_rerun_millis},
    {"priority", take_priority},
    {"timeout", take_timeout},
    {"trigger", take_trigger},
    {"script", take_script},
    {"inputs", tell_node_inputs},
    {"outputs", nullptr, Fate::ignored, "others wait for the job by its name"},
    {"instanceMode", nullptr, Fate::ignored, kGeneration},
    {"runtimeResource", nullptr, Fate::ignored, kNoGroup},
    {"datasource", nullptr, Fate::ignored, "the script names its data sources"},
    {"autoParse", nullptr, Fate::ignored, "dependencies are those of dependsOn.jobs"},
    {"ignoreBranchConditionSkip", nullptr, Fate::ignored, "there are no branches"},
    {"strategy", nullptr, Fate::ignored, "repeats what the node says"},
    {"owner", nullptr, Fate::ignored, kOnlyShown},
    {"description", nullptr, Fate::ignored, kOnlyShown},
    {"metadata", nullptr, Fate::ignored, kOnlyShown},
    {"id", nullptr, Fate::ignored, "tells it in DataWorks"},
}};

void tell_flow(ImportWork& work, const YamlNode& spec, const std::string& file) {
  for (const std::string_view name : {"flow", "dependencies"}) {
    const YamlNode* flow = spec.find(name);
    for (const YamlNode& of_node : flow == nullptr ? std::vector<YamlNode>() : flow->items) {
      const YamlNode* depends = of_node.find("depends");
      for (const YamlNode& one : depends == nullptr ? std::vector<YamlNode>() : depends->items) {
        const YamlNode* type = one.find("type");
        const YamlNode* output = one.find("output");
        const FoundValue value{work, one, "depends", ImportPlace{file, one.place}};
        if (type != nullptr && type->text == "CrossCycleDependsOnSelf") {
          value.note(Fate::kept, "windows of a stream always follow each other");
        } else if (type != nullptr && type->text != "Normal") {
          value.note(Fate::unsupported,
                     "waits for a previous cycle of other nodes: import them too, and write "
                     "dependsOn.jobs: [{job: NAME, cycle: previous}]");
        } else if (output != nullptr) {
          tell_dependency(value, output->text);
        }
      }
    }
  }
}

void read_spec(ImportWork& work, const YamlNode& spec, const std::string& file) {
  const YamlNode* holder = &spec;
  const YamlNode* nodes = holder->find("nodes");
  const YamlNode* workflows = spec.find("workflows");
  if ((nodes == nullptr || nodes->items.empty()) && workflows != nullptr && workflows->items.size() == 1) {
    holder = &workflows->items.front();
    nodes = holder->find("nodes");
  }
  if (nodes == nullptr || nodes->items.size() != 1) {
    work.error(ImportPlace{file, spec.place},
               "spec: expected one node; leave the one of this script in nodes, or ask GetNode for it");
    return;
  }
  take_keys(work, nodes->items.front(), "nodes[0]", file, kSpecNodeKeys);
  tell_flow(work, *holder, file);
}

}  // namespace

void read_flow_spec(ImportWork& work, const YamlNode& root, const std::string& file) {
  if (const YamlNode* spec = root.find("spec"); spec != nullptr && spec->is_mapping())
    return read_spec(work, *spec, file);
  // GetNode of 2024-05-18 answers with the FlowSpec as a text.
  const YamlNode* node = root.find("Node");
  const YamlNode* text = node == nullptr ? nullptr : node->find("Spec");
  if (text != nullptr && text->kind == YamlNode::Kind::scalar) {
    const std::string inner = file + " (Node.Spec)";
    const auto parsed = parse_yaml(text->text);
    if (!parsed) {
      work.error(ImportPlace{inner, parsed.error().place}, parsed.error().message);
    } else if (const YamlNode* spec = parsed->find("spec"); spec != nullptr && spec->is_mapping()) {
      read_spec(work, *spec, inner);
    } else {
      work.error(ImportPlace{inner, parsed->place}, "expected a FlowSpec with \"spec\"");
    }
    return;
  }
  work.error(ImportPlace{file, root.place},
             "no known form of a schedule; expected what GetFile, GetNode or ListNodes of DataWorks' OpenAPI "
             "answer, or a FlowSpec with \"spec\"");
}

}  // namespace sluice::job
