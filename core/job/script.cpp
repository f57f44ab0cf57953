#include "core/job/script.hpp"

#include "core/job/time_range.hpp"
#include "core/job/variables.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <tuple>

namespace sluice::job {
namespace {

// A plugin and the names it goes by in the hosted product and in DataX.
using PluginNames = std::array<std::string_view, 2>;
constexpr std::array<PluginNames, 2> kReaders{{{"otsstream", "otsstreamreader"}, {"ots", "otsreader"}}};
constexpr std::size_t kTableReader = 1;
constexpr std::array<PluginNames, 4> kWriters{
    {{"oss", "osswriter"}, {"s3", "s3writer"}, {"localfile", "txtfilewriter"}, {"stream", "streamwriter"}}};
constexpr std::array<TargetKind, 4> kTargets{TargetKind::oss, TargetKind::s3, TargetKind::localfile,
                                             TargetKind::stream};  // of kWriters

// One side of an export.
struct Side {
  std::string_view name;
  std::span<const PluginNames> plugins;
};
constexpr Side kReader{"reader", kReaders};
constexpr Side kWriter{"writer", kWriters};

// The maps a form consists of; null when missing.
struct Parts {
  std::size_t reader_plugin = 0;  // its place among kReaders
  std::size_t writer_plugin = 0;  // its place among kWriters
  const YamlNode* reader = nullptr;
  const YamlNode* writer = nullptr;
  const YamlNode* setting = nullptr;
};

std::vector<std::string_view> plugin_names(const Side& side) {
  std::vector<std::string_view> names;
  for (const PluginNames& plugin : side.plugins) names.insert(names.end(), plugin.begin(), plugin.end());
  return names;
}

// Checks the plugin's name, tells its place and returns the map under `parameter`.
const YamlNode* read_side(YamlMap& side, const Side& known, std::string_view plugin_key,
                          std::size_t& plugin) {
  side.require(plugin_key, fmt::format("the {}'s plugin: {}", known.name, known.plugins[0][0]));
  if (const auto name = side.text(plugin_key)) {
    const auto names = plugin_names(known);
    const auto found = std::find(names.begin(), names.end(), *name);
    if (found == names.end()) {
      side.error(plugin_key, fmt::format("\"{}\" is not supported as {}; supported are {}", *name, known.name,
                                         join_names(names)));
    } else {
      plugin = static_cast<std::size_t>(found - names.begin()) / std::tuple_size_v<PluginNames>;
    }
  }
  const YamlNode* parameter = side.require("parameter", fmt::format("it holds the {}'s keys", known.name));
  side.finish();
  return parameter;
}

const YamlNode* read_side_of(YamlMap& parent, const Side& known, std::string_view plugin_key,
                             std::size_t& plugin) {
  const YamlNode* node = parent.require(known.name, fmt::format("a script needs a {}", known.name));
  if (node == nullptr) return nullptr;
  YamlMap side(*node, std::string(known.name), parent.problems());
  side.ignore(plugin_key == "name" ? "plugin" : "name");
  return read_side(side, known, plugin_key, plugin);
}

// Both sides of a form that names them "reader" and "writer".
void read_sides(YamlMap& parent, std::string_view plugin_key, Parts& parts) {
  parts.reader = read_side_of(parent, kReader, plugin_key, parts.reader_plugin);
  parts.writer = read_side_of(parent, kWriter, plugin_key, parts.writer_plugin);
}

void check_type(YamlMap& root) {
  const auto type = root.text("type");
  if (type && *type != "job") root.error("type", fmt::format("expected \"job\", got \"{}\"", *type));
  root.text("version");
  root.ignore("extend", "has no effect");
}

Parts read_version_1(YamlMap& root) {
  check_type(root);
  YamlMap configuration = root.map("configuration");
  Parts parts;
  parts.setting = configuration.get("setting");
  read_sides(configuration, "plugin", parts);
  configuration.finish();
  return parts;
}

// A processor that does nothing is what the script editor puts in by itself.
void check_processor(YamlMap& step) {
  step.ignore("stepType");
  YamlMap parameter = step.map("parameter");
  for (const std::string_view key : {"nodes", "edges", "groups"}) {
    const YamlNode* list = parameter.get(key);
    if (list != nullptr && !list->items.empty()) {
      parameter.error(
          key, "transformations between reader and writer are not supported; remove the processor step");
      return;
    }
  }
}

void read_step(YamlMap& step, Parts& parts) {
  step.ignore("name");
  step.ignore("copies");
  const auto category = step.text("category");
  if (category == "reader" || category == "writer") {
    const Side& known = category == "reader" ? kReader : kWriter;
    const YamlNode*& part = category == "reader" ? parts.reader : parts.writer;
    if (part != nullptr) step.error("category", fmt::format("a second {} is not supported", *category));
    std::size_t plugin = 0;
    part = read_side(step, known, "stepType", plugin);
    (category == "reader" ? parts.reader_plugin : parts.writer_plugin) = plugin;
  } else if (category == "processor") {
    check_processor(step);
  } else if (step.require("category", "reader or writer") != nullptr && category) {
    step.error("category", fmt::format("expected reader or writer, got \"{}\"", *category));
  }
}

Parts read_version_2(YamlMap& root) {
  check_type(root);
  root.ignore("order");
  root.ignore("transform");
  Parts parts;
  parts.setting = root.get("setting");
  const YamlNode* steps = root.get("steps");
  if (steps->kind != YamlNode::Kind::sequence) {
    root.error("steps", fmt::format("expected a list with a reader and a writer, got {}", kind_name(*steps)));
    return parts;
  }
  for (std::size_t at = 0; at < steps->items.size(); ++at) {
    YamlMap step(steps->items[at], fmt::format("steps[{}]", at), root.problems());
    read_step(step, parts);
  }
  if (parts.reader == nullptr)
    root.error("steps", "a step of category reader with a parameter map is missing");
  if (parts.writer == nullptr)
    root.error("steps", "a step of category writer with a parameter map is missing");
  return parts;
}

Parts read_datax(YamlMap& root) {
  root.ignore("core", "has no effect");
  YamlMap job = root.map("job");
  Parts parts;
  parts.setting = job.get("setting");
  const YamlNode* content = job.require("content", "a list with one reader and writer");
  job.finish();
  if (content == nullptr) return parts;
  if (content->kind != YamlNode::Kind::sequence || content->items.size() != 1) {
    job.error("content",
              "expected a list with exactly one reader and writer; write one job file for each pair");
    return parts;
  }
  YamlMap pair(content->items.front(), "job.content[0]", root.problems());
  read_sides(pair, "name", parts);
  const YamlNode* transformer = pair.get("transformer");
  if (transformer != nullptr && !transformer->items.empty()) {
    pair.error("transformer", "transformations between reader and writer are not supported; remove them");
  }
  pair.finish();
  return parts;
}

// The map at `node`; an empty one in its place when it is missing or wrong.
YamlNode take_map(const YamlNode* node, std::string_view path, Place fallback, ProblemList& problems) {
  YamlNode map;
  map.kind = YamlNode::Kind::mapping;
  map.place = fallback;
  if (node == nullptr) return map;
  if (node->is_mapping()) return *node;
  problems.error(node->place,
                 fmt::format("{}: expected a map of keys and values, got {}", path, kind_name(*node)));
  return map;
}

// The keys of the original's writer of text files, under the names that they have here.
void rename_file_keys(YamlNode& writer) {
  const bool has_directory = writer.find("directory") != nullptr;
  const bool has_object = writer.find("object") != nullptr;
  for (YamlNode& key : writer.keys) {
    if (key.text == "path" && !has_directory) key.text = "directory";
    if (key.text == "fileName" && !has_object) key.text = "object";
  }
}

}  // namespace

std::optional<Script> read_script(const YamlNode& root, ProblemList& problems) {
  if (!root.is_mapping()) {
    problems.error(root.place, fmt::format("the script: expected a map, got {}", kind_name(root)));
    return std::nullopt;
  }
  YamlMap map(root, "", problems);
  Parts parts;
  if (map.get("configuration") != nullptr) {
    parts = read_version_1(map);
  } else if (map.get("steps") != nullptr) {
    parts = read_version_2(map);
  } else if (map.get("job") != nullptr) {
    parts = read_datax(map);
  } else {
    problems.error(
        root.place,
        "the script: no known form; expected \"configuration\" with reader and writer (script mode 1.0), "
        "\"steps\" (script mode 2.0) or \"job\" with \"content\" (DataX)");
    return std::nullopt;
  }
  map.finish();
  Script script;
  script.file = problems.file();
  script.reader = take_map(parts.reader, "reader.parameter", root.place, problems);
  script.writer = take_map(parts.writer, "writer.parameter", root.place, problems);
  script.setting = take_map(parts.setting, "setting", root.place, problems);
  script.source = parts.reader_plugin == kTableReader ? SourceKind::table : SourceKind::stream;
  script.target = kTargets[parts.writer_plugin];
  if (script.target == TargetKind::localfile) rename_file_keys(script.writer);
  script.times = time_keys_of(script.reader);
  std::set<std::string> names;
  for (const YamlNode* part : {&script.reader, &script.writer, &script.setting})
    collect_variables(*part, names);
  script.variables.assign(names.begin(), names.end());
  if (parts.reader == nullptr || parts.writer == nullptr) return std::nullopt;
  return script;
}

YamlNode time_keys_of(const YamlNode& reader) {
  YamlNode times;
  times.kind = YamlNode::Kind::mapping;
  times.place = reader.place;
  for (std::size_t at = 0; at < reader.keys.size(); ++at) {
    if (!is_time_key(reader.keys[at].text) || times.find(reader.keys[at].text) != nullptr) continue;
    times.keys.push_back(reader.keys[at]);
    times.items.push_back(reader.items[at]);
  }
  return times;
}

}  // namespace sluice::job
