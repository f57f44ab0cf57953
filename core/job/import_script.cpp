// What a script has to become to be accepted, and what it needs beside it.
#include "core/job/definition_text.hpp"
#include "core/job/import_parts.hpp"
#include "core/job/references.hpp"
#include "core/job/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 9> kConnectionKeys{"endpoint",      "instanceName", "bucket",
                                                          "region",        "accessId",     "accessKey",
                                                          "securityToken", "cname",        "addressing"};

YamlNode* child(YamlNode* node, std::string_view key) {
  if (node == nullptr) return nullptr;
  // The tree is ours.  NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  return const_cast<YamlNode*>(node->find(key));
}

// The maps and plugin names of a script, whichever form it has; null where they are missing.
struct ScriptParts {
  YamlNode* reader = nullptr;
  YamlNode* writer = nullptr;
  YamlNode* setting = nullptr;
  bool datax = false;
  bool known = false;
};

ScriptParts find_parts(YamlNode& root) {
  ScriptParts parts;
  YamlNode* holder = child(&root, "configuration");
  parts.known = holder != nullptr || root.find("steps") != nullptr || root.find("job") != nullptr;
  parts.setting = child(holder == nullptr ? &root : holder, "setting");
  if (YamlNode* steps = holder == nullptr ? child(&root, "steps") : nullptr) {
    for (YamlNode& step : steps->items) {
      const YamlNode* category = step.find("category");
      if (category == nullptr) continue;
      if (category->text == "reader") parts.reader = child(&step, "parameter");
      if (category->text == "writer") parts.writer = child(&step, "parameter");
    }
    return parts;
  }
  if (YamlNode* job = holder == nullptr ? child(&root, "job") : nullptr) {
    parts.datax = true;
    parts.setting = child(job, "setting");
    YamlNode* content = child(job, "content");
    holder = content == nullptr || content->items.empty() ? nullptr : &content->items.front();
  }
  parts.reader = child(child(holder, "reader"), "parameter");
  parts.writer = child(child(holder, "writer"), "parameter");
  return parts;
}

YamlNode scalar_node(std::string_view text, Place place) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.quoted = true;
  node.text = text;
  node.place = place;
  return node;
}

class ScriptEditor {
 public:
  ScriptEditor(ImportWork& work, std::string job) : work_(work), job_(std::move(job)) {}

  // DataX reads the first pair of a list only.
  void drop_other_pairs(YamlNode& root) {
    YamlNode* content = child(child(&root, "job"), "content");
    if (content == nullptr || content->items.size() < 2) return;
    for (std::size_t at = 1; at < content->items.size(); ++at) {
      work_.note(Fate::unsupported, fmt::format("job.content[{}]", at),
                 "DataX runs the first pair only: left out; import it as a job of its own",
                 at_(content->items[at]));
    }
    content->items.resize(1);
    changed_ = true;
  }

  // "$name" of DataX, where the name is defined, as "${name}".
  void brace_variables(YamlNode& node, std::string_view key) {
    if (node.kind == YamlNode::Kind::scalar && !is_credential_key(key)) {
      const std::string braced = braced_text(node.text);
      if (braced != node.text) {
        work_.note(Fate::changed, key, "its $NAME is written ${NAME}", at_(node));
        node.text = braced;
        changed_ = true;
      }
    }
    for (std::size_t at = 0; at < node.items.size(); ++at)
      brace_variables(node.items[at], node.is_mapping() ? std::string_view(node.keys[at].text) : key);
  }

  // Sections without effect are copied, but not the credentials in them.
  void drop_idle_credentials(YamlNode& root) {
    for (std::size_t at = 0; at < root.keys.size(); ++at) {
      const std::string& key = root.keys[at].text;
      if (key == "configuration" || key == "job") continue;
      if (key != "steps") {
        drop_credentials(root.items[at], key);
        continue;
      }
      for (std::size_t n = 0; n < root.items[at].items.size(); ++n) {
        YamlNode& step = root.items[at].items[n];
        const YamlNode* category = step.find("category");
        const bool idle = category == nullptr || (category->text != "reader" && category->text != "writer");
        if (idle) drop_credentials(step, fmt::format("steps[{}]", n));
      }
    }
  }

  // Connection keys with credentials become a data source; a named one that is missing is made up.
  void move_connection(YamlNode* parameter, std::string_view side, std::string_view type) {
    if (parameter == nullptr || !parameter->is_mapping()) return;
    for (const std::string_view key : {"datasource", "dataSource"}) {
      const YamlNode* named = parameter->find(key);
      if (named == nullptr || named->text.empty()) continue;
      add_named(*named, fmt::format("{}.parameter.{}", side, key), type);
    }
    if (!has_literal_credential(*parameter)) return;
    const YamlNode* named = parameter->find("datasource");
    if (named != nullptr && !named->text.empty()) {
      drop_keys(*parameter, side, "left out: the data source has its own");
      return;
    }
    const std::string name = free_name(fmt::format("{}_{}", job_, type));
    DataSource source{std::string(type), {}};
    for (std::size_t at = 0; at < parameter->keys.size(); ++at) {
      const std::string& key = parameter->keys[at].text;
      if (!is_connection_key(key) || parameter->items[at].text.empty()) continue;
      source.keys.emplace_back(key, source_value(name, key, parameter->items[at].text));
    }
    const Place place = parameter->place;
    drop_keys(*parameter, side, fmt::format("in data source {}", name));
    if (YamlNode* blank = child(parameter, "datasource")) {
      *blank = scalar_node(name, blank->place);
    } else {
      parameter->keys.insert(parameter->keys.begin(), scalar_node("datasource", place));
      parameter->items.insert(parameter->items.begin(), scalar_node(name, place));
    }
    work_.note(Fate::changed, fmt::format("{}.parameter.datasource", side),
               fmt::format("{} takes the place of the connection's keys", name),
               {work_.request().script_file, place});
    sources_.emplace_back(name, std::move(source));
    changed_ = true;
  }

  void set_key(YamlNode* parameter, std::string_view key, std::string_view value) {
    if (parameter == nullptr || !parameter->is_mapping()) return;
    changed_ = true;
    if (YamlNode* found = child(parameter, key)) {
      *found = scalar_node(value, found->place);
      return;
    }
    parameter->keys.push_back(scalar_node(key, parameter->place));
    parameter->items.push_back(scalar_node(value, parameter->place));
  }

  bool changed() const noexcept { return changed_; }
  DataSources take_sources() { return std::move(sources_); }

 private:
  ImportPlace at_(const YamlNode& node) const { return {work_.request().script_file, node.place}; }

  static bool is_connection_key(std::string_view key) {
    return std::find(kConnectionKeys.begin(), kConnectionKeys.end(), key) != kConnectionKeys.end();
  }

  static bool has_literal_credential(const YamlNode& parameter) {
    for (std::size_t at = 0; at < parameter.keys.size(); ++at) {
      if (!is_credential_key(parameter.keys[at].text)) continue;
      const YamlNode& value = parameter.items[at];
      if (value.kind != YamlNode::Kind::null && !value.text.empty() && !is_reference(value.text)) return true;
    }
    return false;
  }

  // "ORDERS_OTS_ACCESS_KEY"
  static std::string variable_of(std::string_view source, std::string_view key) {
    std::string name;
    char last = '_';
    for (const char c : fmt::format("{}_{}", source, key)) {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isupper(byte) != 0 && std::islower(static_cast<unsigned char>(last)) != 0) name.push_back('_');
      name.push_back(std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_');
      last = c;
    }
    return name;
  }

  // Addresses are copied; credentials and what has a variable in it are not.
  static std::string source_value(std::string_view source, std::string_view key, const std::string& value) {
    if (is_reference(value)) return value;
    if (!is_credential_key(key) && value.find('$') == std::string::npos) return value;
    return fmt::format("${{env:{}}}", variable_of(source, key));
  }

  void add_named(const YamlNode& named, const std::string& path, std::string_view type) {
    const auto is_it = [&](const auto& source) { return source.first == named.text; };
    const DataSources& known = work_.request().sources;
    if (std::any_of(known.begin(), known.end(), is_it) ||
        std::any_of(sources_.begin(), sources_.end(), is_it))
      return;
    DataSource source{std::string(type), {}};
    const std::array<std::string_view, 4> keys{"endpoint", type == "ots" ? "instanceName" : "bucket",
                                               "accessId", "accessKey"};
    for (const std::string_view key : keys)
      source.keys.emplace_back(key, fmt::format("${{env:{}}}", variable_of(named.text, key)));
    sources_.emplace_back(named.text, std::move(source));
    work_.note(Fate::changed, path, "has to be defined in sluice.yaml: see the data sources below",
               at_(named));
  }

  std::string free_name(std::string name) const {
    const auto taken = [&](const DataSources& all) {
      return std::any_of(all.begin(), all.end(), [&](const auto& source) { return source.first == name; });
    };
    while (taken(work_.request().sources) || taken(sources_)) name += "_new";
    return name;
  }

  void drop_keys(YamlNode& parameter, std::string_view side, const std::string& text) {
    for (std::size_t at = parameter.keys.size(); at-- > 0;) {
      const std::string& key = parameter.keys[at].text;
      if (!is_connection_key(key)) continue;
      const bool secret = is_credential_key(key);
      work_.note(Fate::changed, fmt::format("{}.parameter.{}", side, key),
                 secret ? "not copied: " + text + ", which refers to a variable of the environment" : text,
                 at_(parameter.keys[at]));
      parameter.keys.erase(parameter.keys.begin() + static_cast<std::ptrdiff_t>(at));
      parameter.items.erase(parameter.items.begin() + static_cast<std::ptrdiff_t>(at));
    }
    changed_ = true;
  }

  void drop_credentials(YamlNode& node, const std::string& path) {
    for (std::size_t at = node.items.size(); at-- > 0;) {
      const std::string key = node.is_mapping() ? fmt::format("{}.{}", path, node.keys[at].text)
                                                : fmt::format("{}[{}]", path, at);
      const YamlNode& value = node.items[at];
      const bool empty =
          value.kind == YamlNode::Kind::null || (value.kind == YamlNode::Kind::scalar && value.text.empty());
      if (!node.is_mapping() || !is_credential_key(node.keys[at].text)) {
        drop_credentials(node.items[at], key);
      } else if (!empty && !is_reference(value.text)) {
        work_.note(Fate::changed, key, "not copied: a credential that has no effect there",
                   at_(node.keys[at]));
        node.keys.erase(node.keys.begin() + static_cast<std::ptrdiff_t>(at));
        node.items.erase(node.items.begin() + static_cast<std::ptrdiff_t>(at));
        changed_ = true;
      }
    }
  }

  std::string braced_text(std::string_view text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      out.push_back(text[at]);
      if (text[at] != '$') continue;
      std::size_t end = at + 1;
      while (end < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
        ++end;
      const std::string_view name = text.substr(at + 1, end - at - 1);
      if (name.empty() || work_.find(fmt::format("parameters.{}", name)) == nullptr) continue;
      out += fmt::format("{{{}}}", name);
      at = end - 1;
    }
    return out;
  }

  ImportWork& work_;
  std::string job_;
  DataSources sources_;
  bool changed_ = false;
};

// The type of the writer's data source, of its plugin's name; "" when it has none.
std::string_view target_type(const YamlNode& root) {
  const auto name_in = [](const YamlNode& map) -> std::string_view {
    for (const std::string_view key : {"stepType", "plugin", "name"}) {
      const YamlNode* name = map.find(key);
      if (name != nullptr && !name->text.empty()) return name->text;
    }
    return {};
  };
  std::string_view plugin;
  const YamlNode* holder = root.find("configuration");
  if (const YamlNode* steps = root.find("steps"); holder == nullptr && steps != nullptr) {
    for (const YamlNode& step : steps->items) {
      const YamlNode* category = step.find("category");
      if (category != nullptr && category->text == "writer") plugin = name_in(step);
    }
  } else {
    const YamlNode* job = root.find("job");
    const YamlNode* content = job == nullptr ? nullptr : job->find("content");
    if (content != nullptr && !content->items.empty()) holder = &content->items.front();
    const YamlNode* writer = holder == nullptr ? nullptr : holder->find("writer");
    if (writer != nullptr) plugin = name_in(*writer);
  }
  if (plugin == "oss" || plugin == "osswriter") return "oss";
  return plugin == "s3" || plugin == "s3writer" ? "s3" : "";
}

void map_places(const YamlNode& written, const YamlNode& original,
                std::vector<std::pair<Place, Place>>& places) {
  places.emplace_back(written.place, original.place);
  for (std::size_t at = 0; at < written.items.size() && at < original.items.size(); ++at) {
    if (written.is_mapping()) places.emplace_back(written.keys[at].place, original.keys[at].place);
    map_places(written.items[at], original.items[at], places);
  }
}

// A comment may hold a credential of old.
bool has_commented_credential(const std::string& file, const std::string& text) {
  DefinitionText written;
  written.file = file;
  written.text = text;
  return without_credentials(written).text != text;
}

YamlNode part_or_empty(const YamlNode* part, Place place) {
  if (part != nullptr && part->is_mapping()) return *part;
  YamlNode none;
  none.kind = YamlNode::Kind::mapping;
  none.place = place;
  return none;
}

}  // namespace

std::optional<ImportedScript> read_imported_script(ImportWork& work, const std::string& job) {
  const ImportRequest& request = work.request();
  auto parsed = parse_yaml(request.script);
  if (!parsed) {
    work.error(ImportPlace{request.script_file, parsed.error().place}, parsed.error().message);
    return std::nullopt;
  }
  ImportedScript script;
  script.root = std::move(*parsed);
  ScriptParts parts = find_parts(script.root);
  if (!parts.known) {
    work.error(ImportPlace{request.script_file, script.root.place},
               "no known form of a script; expected \"configuration\" (script mode 1.0), \"steps\" (script "
               "mode 2.0) "
               "or \"job\" with \"content\" (DataX)");
    return std::nullopt;
  }
  script.datax = parts.datax;
  ScriptEditor editor(work, job);
  if (parts.datax) editor.drop_other_pairs(script.root);
  editor.drop_idle_credentials(script.root);
  parts = find_parts(script.root);
  if (parts.datax) editor.brace_variables(script.root, "");
  editor.move_connection(parts.reader, "reader", "ots");
  if (const std::string_view type = target_type(script.root); !type.empty())
    editor.move_connection(parts.writer, "writer", type);
  if (!request.take_over.empty()) {
    editor.set_key(parts.reader, "takeOver", "required");
    work.note(Fate::changed, "reader.parameter.takeOver",
              "required: the first window begins at the checkpoints of the status table",
              option_place("--take-over"));
  }
  script.sources = editor.take_sources();
  script.verbatim = !editor.changed() && !has_commented_credential(request.script_file, request.script);
  script.text = script.verbatim ? request.script : json_text(script.root);
  if (!script.verbatim) {
    if (const auto again = parse_yaml(script.text)) map_places(*again, script.root, script.places);
  }
  script.reader = part_or_empty(parts.reader, script.root.place);
  script.writer = part_or_empty(parts.writer, script.root.place);
  script.setting = part_or_empty(parts.setting, script.root.place);
  return script;
}

}  // namespace sluice::job
