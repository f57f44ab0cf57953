#include "core/job/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::job {
namespace {

// "{date}" as the original product's guide writes it, made a variable.
std::string with_date_variable(std::string_view text) {
  constexpr std::string_view kGuideForm = "{date}";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool plain = at == 0 || text[at - 1] != '$';
    if (plain && text.substr(at).starts_with(kGuideForm)) out.push_back('$');
    out.push_back(text[at]);
  }
  return out;
}

// Keys that hold prefixes of names.
bool takes_guide_form(std::string_view key) { return key == "object" || key == "manifest"; }

bool is_environment_reference(std::string_view text) {
  return text.starts_with("${env:") && text.find('}') + 1 == text.size();
}

// Walks over a text: literal(view) for plain parts, name(view) for each "${name}". Returns what is wrong, or
// "".
template <class OnLiteral, class OnName>
std::string scan(std::string_view text, OnLiteral&& literal, OnName&& name) {
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    literal(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      literal("${");
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) return "\"${\" without \"}\"; write $${ for a plain ${";
      if (text.starts_with("${env:")) return "${env:...} must be the whole value, of a connection key";
      name(text.substr(2, end - 2));
      text.remove_prefix(end + 1);
    } else if (text.starts_with("$[")) {
      return "$[...] is not evaluated inside a script: define a parameter, such as start_time=$[...], and "
             "write "
             "${start_time} here";
    } else if (!text.empty()) {
      literal(text.substr(0, 1));
      text.remove_prefix(1);
    }
  }
  return {};
}

// Where a node stands, for messages; lives on the stack of the walk.
struct Location {
  const Location* parent;
  std::string_view name;  // of the root: the path
  std::size_t index;      // used when the name is empty

  std::string print() const {
    if (parent == nullptr) return std::string(name);
    if (name.empty()) return fmt::format("{}[{}]", parent->print(), index);
    return fmt::format("{}.{}", parent->print(), name);
  }
};

class Filler {
 public:
  Filler(const Variables& variables, ProblemList& problems) : variables_(variables), problems_(problems) {}

  YamlNode fill(const YamlNode& node, const Location& location) {
    YamlNode copy;
    copy.kind = node.kind;
    copy.quoted = node.quoted;
    copy.place = node.place;
    copy.keys = node.keys;
    if (node.kind == YamlNode::Kind::scalar) fill_text(node, location, copy);
    copy.items.reserve(node.items.size());
    for (std::size_t at = 0; at < node.items.size(); ++at) {
      const std::string_view key =
          node.is_mapping() ? std::string_view(node.keys[at].text) : std::string_view();
      copy.items.push_back(fill(node.items[at], Location{&location, key, at}));
    }
    return copy;
  }

 private:
  void fill_text(const YamlNode& node, const Location& location, YamlNode& copy) {
    copy.text.clear();
    if (is_credential_key(location.name) || is_environment_reference(node.text)) {
      copy.text = node.text;
      return;
    }
    const std::string text = takes_guide_form(location.name) ? with_date_variable(node.text) : node.text;
    const std::string wrong = scan(
        text, [&](std::string_view literal) { copy.text += literal; },
        [&](std::string_view name) {
          if (const std::string* value = find(name)) {
            copy.text += *value;
            return;
          }
          copy.kind = YamlNode::Kind::unusable;
          if (!is_broken(name)) report_undefined(name, node.place, location);
        });
    if (wrong.empty()) return;
    copy.kind = YamlNode::Kind::unusable;
    problems_.error(node.place, fmt::format("{}: {}", location.print(), wrong));
  }

  const std::string* find(std::string_view name) const {
    for (const auto& [known, value] : variables_.values) {
      if (known == name) return &value;
    }
    return nullptr;
  }

  bool is_broken(std::string_view name) const {
    return std::find(variables_.broken.begin(), variables_.broken.end(), name) != variables_.broken.end();
  }

  void report_undefined(std::string_view name, Place place, const Location& location) {
    std::vector<std::string_view> known(variables_.broken.begin(), variables_.broken.end());
    for (const auto& [parameter, value] : variables_.values) known.emplace_back(parameter);
    const std::string names =
        known.empty() ? "none is defined" : fmt::format("known are {}", join_names(known));
    problems_.error(place, fmt::format("{}: undefined variable ${{{}}}; {}; define it under parameters",
                                       location.print(), name, names));
  }

  const Variables& variables_;
  ProblemList& problems_;
};

void collect(const YamlNode& node, std::string_view key, std::set<std::string>& names) {
  if (node.kind == YamlNode::Kind::scalar && !is_credential_key(key)) {
    const std::string text = takes_guide_form(key) ? with_date_variable(node.text) : node.text;
    scan(
        text, [](std::string_view) {}, [&](std::string_view name) { names.emplace(name); });
  }
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    collect(node.items[at], node.is_mapping() ? std::string_view(node.keys[at].text) : std::string_view(),
            names);
  }
}

}  // namespace

bool is_credential_key(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 3> kKeys{"accessId", "accessKey", "securityToken"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

YamlNode fill_variables(const YamlNode& node, std::string_view path, const Variables& variables,
                        ProblemList& problems) {
  return Filler(variables, problems).fill(node, Location{nullptr, path, 0});
}

void collect_variables(const YamlNode& node, std::set<std::string>& names) { collect(node, {}, names); }

}  // namespace sluice::job
