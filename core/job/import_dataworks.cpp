// What GetFile, GetNode and ListNodes of DataWorks' OpenAPI (2020-05-18) answer. Names and values are those
// of the published API and its SDKs.
#include "core/job/import_known_keys.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::job {
namespace {

void take_parameters_text(const FoundValue& value) {
  value.work.set_parameters(value.text(), value.key, value.place);
  value.note(Fate::kept, "as parameters");
}

void take_start_date(const FoundValue& value) { value.keep(std::string(kFromMillisPath), value.text()); }
void take_end_date(const FoundValue& value) { value.keep(std::string(kToMillisPath), value.text()); }

void take_rerun_word(const FoundValue& value) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWords{
      {{"ALL_ALLOWED", "always"},
       {"FAILURE_ALLOWED", "after_failure"},
       {"ALL_DENIED", "never"},
       {"1", "always"},
       {"0", "after_failure"},
       {"2", "never"}}};
  for (const auto& [word, property] : kWords) {
    if (word != value.text()) continue;
    value.keep("rerun.property", std::string(property));
    value.note(Fate::kept, fmt::format("as rerun.property: {}", property));
    return;
  }
  value.work.error(
      value.place,
      fmt::format("{}: not known; expected ALL_ALLOWED, FAILURE_ALLOWED or ALL_DENIED", value.key));
}

void tell_scheduler_type(const FoundValue& value) {
  if (value.text() == "NORMAL") {
    value.note(Fate::kept, "runs by its schedule");
  } else if (value.text() == "PAUSE") {
    value.note(Fate::unsupported, "the node is paused: `sluice pause JOB` when the job is loaded");
  } else if (value.text() == "SKIP") {
    value.note(Fate::unsupported,
               "the node is a dry run, which exports nothing: leave the job out, or let it run");
  } else {
    value.note(Fate::unsupported, "the node has no schedule of its own: run it with `sluice run`");
  }
}

void tell_stop(const FoundValue& value) {
  const bool stopped = value.text() == "true";
  value.note(
      stopped ? Fate::unsupported : Fate::kept,
      stopped ? "the node is paused: `sluice pause JOB` when the job is loaded" : "runs by its schedule");
}

void tell_dependent_type(const FoundValue& value) {
  const std::string& type = value.text();
  if (type.starts_with("SELF") || type == "USER_DEFINE_AND_SELF" || type == "CHILD_AND_SELF") {
    value.note(Fate::kept, "windows of a stream always follow each other");
  } else if (type == "NONE") {
    value.note(Fate::changed,
               "windows of a stream always follow each other; a job that reads a table may have "
               "dependsOn.self: false");
  }
  if (type.starts_with("USER_DEFINE") || type.starts_with("CHILD")) {
    value.note(Fate::unsupported,
               "waits for a previous cycle of other nodes: import them too, and write "
               "dependsOn.jobs: [{job: NAME, cycle: previous}]");
  }
}

void tell_inputs(const FoundValue& value) {
  for (const YamlNode& item : value.node.items) {
    const YamlNode* input = item.find("Input") != nullptr ? item.find("Input") : item.find("input");
    if (input != nullptr) tell_dependency(value, input->text);
  }
}

void tell_context(const FoundValue& value) {
  value.note(Fate::unsupported, "values handed from node to node are not supported: use a parameter");
}

constexpr std::array<KnownKey, 21> kConfigurationKeys{{
    {"cronExpress", take_cron},
    {"cycleType", nullptr, Fate::ignored, "follows from the cron expression"},
    {"paraValue", take_parameters_text},
    {"startEffectDate", take_start_date},
    {"endEffectDate", take_end_date},
    {"rerunMode", take_rerun_word},
    {"autoRerunTimes", take_rerun_times},
    {"autoRerunIntervalMillis", take_rerun_millis},
    {"schedulerType", tell_scheduler_type},
    {"stop", tell_stop},
    {"dependentType", tell_dependent_type},
    {"dependentNodeIdList", nullptr, Fate::unsupported,
     "import these nodes too, and name their jobs in dependsOn.jobs"},
    {"inputList", tell_inputs},
    {"outputList", nullptr, Fate::ignored, "others wait for the job by its name"},
    {"inputParameters", tell_context},
    {"outputParameters", tell_context},
    {"resourceGroupId", nullptr, Fate::ignored, kNoGroup},
    {"applyScheduleImmediately", nullptr, Fate::ignored,
     "a new job begins with the first slot after it is loaded; schedule.generation: next_day gives the other "
     "way"},
    {"startImmediately", nullptr, Fate::ignored,
     "a new job begins with the first slot after it is loaded; schedule.generation: next_day gives the other "
     "way"},
    {"ignoreParentSkipRunningProperty", nullptr, Fate::ignored,
     "a dry run is never inherited from the cycle before"},
    {"timeout", take_timeout},
}};

constexpr std::string_view kIdentity = "tells the node in DataWorks";

constexpr std::array<KnownKey, 26> kNodeKeys{{
    {"nodeName", take_node_name},
    {"cronExpress", take_cron},
    {"paramValues", take_parameters_text},
    {"repeatMode", take_rerun_word},
    {"repeatability", nullptr, Fate::ignored, "RepeatMode says the same, and more"},
    {"repeatInterval", nullptr, Fate::unsupported,
     "its unit is not documented: give --rerun-interval 2m or the like"},
    {"priority", take_priority},
    {"schedulerType", tell_scheduler_type},
    {"resGroupName", nullptr, Fate::ignored, kNoGroup},
    {"resGroupIdentifier", nullptr, Fate::ignored, kNoGroup},
    {"baselineId", nullptr, Fate::unsupported, "there are no baselines: alerts.rules.lag tells of late data"},
    {"nodeId", nullptr, Fate::ignored, kIdentity},
    {"projectId", nullptr, Fate::ignored, kIdentity},
    {"businessId", nullptr, Fate::ignored, kIdentity},
    {"relatedFlowId", nullptr, Fate::ignored, kIdentity},
    {"fileId", nullptr, Fate::ignored, kIdentity},
    {"fileType", nullptr, Fate::ignored, kIdentity},
    {"fileVersion", nullptr, Fate::ignored, kIdentity},
    {"programType", nullptr, Fate::ignored, kIdentity},
    {"ownerId", nullptr, Fate::ignored, kOnlyShown},
    {"description", nullptr, Fate::ignored, kOnlyShown},
    {"createTime", nullptr, Fate::ignored, kOnlyShown},
    {"modifyTime", nullptr, Fate::ignored, kOnlyShown},
    {"deployDate", nullptr, Fate::ignored, kOnlyShown},
    {"connection", nullptr, Fate::ignored, "the script names its data sources"},
    {"dqcType", nullptr, Fate::ignored, "data quality rules run outside of the export"},
}};

// Either spelling of a key.
const YamlNode* member(const YamlNode& node, std::string_view capital) {
  if (const YamlNode* found = node.find(capital)) return found;
  std::string small(capital);
  small.front() = static_cast<char>(small.front() - 'A' + 'a');
  return node.find(small);
}

void read_only_node(ImportWork& work, const YamlNode& nodes, const std::string& file) {
  if (nodes.items.size() != 1) {
    std::string names;
    for (const YamlNode& node : nodes.items) {
      const YamlNode* name = member(node, "NodeName");
      if (name != nullptr && names.size() < 200)
        names += (names.empty() ? "" : ", ") + printable(name->text, 40);
    }
    work.error(
        ImportPlace{file, nodes.place},
        fmt::format("holds {} nodes ({}); leave the one of this script in Nodes, or ask GetNode for it",
                    nodes.items.size(), names));
    return;
  }
  take_keys(work, nodes.items.front(), "Nodes[0]", file, kNodeKeys);
}

}  // namespace

void read_dataworks_schedule(ImportWork& work, const YamlNode& root, const std::string& file) {
  const YamlNode* top = &root;
  for (const std::string_view wrapper : {"body", "Data"}) {
    const YamlNode* inner = member(*top, wrapper == "body" ? "Body" : wrapper);
    if (inner != nullptr && inner->is_mapping()) top = inner;
  }
  if (const YamlNode* configuration = member(*top, "NodeConfiguration")) {
    take_keys(work, *configuration, "NodeConfiguration", file, kConfigurationKeys);
    const YamlNode* about = member(*top, "File");
    const YamlNode* name = about == nullptr ? nullptr : member(*about, "FileName");
    if (name != nullptr) take_node_name(FoundValue{work, *name, "FileName", ImportPlace{file, name->place}});
    if (about != nullptr)
      work.note(Fate::ignored, "File", "tells the node in DataWorks; the script is the one given",
                {file, about->place});
    return;
  }
  if (const YamlNode* nodes = member(*top, "Nodes"); nodes != nullptr && top->find("kind") == nullptr)
    return read_only_node(work, *nodes, file);
  if (member(*top, "CronExpress") != nullptr) {
    const bool is_node = member(*top, "NodeId") != nullptr || member(*top, "ParamValues") != nullptr;
    if (is_node) return take_keys(work, *top, "Data", file, kNodeKeys);
    return take_keys(work, *top, "NodeConfiguration", file, kConfigurationKeys);
  }
  read_flow_spec(work, *top, file);
}

}  // namespace sluice::job
