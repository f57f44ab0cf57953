#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <set>

namespace sluice::job {
namespace {

const YamlNode& empty_map() {
  static const YamlNode kEmpty = [] {
    YamlNode node;
    node.kind = YamlNode::Kind::mapping;
    return node;
  }();
  return kEmpty;
}

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array<Unit, 5> kUnits{{{"ms", std::chrono::milliseconds(1)},
                                      {"s", std::chrono::seconds(1)},
                                      {"m", std::chrono::minutes(1)},
                                      {"h", std::chrono::hours(1)},
                                      {"d", std::chrono::hours(24)}}};

// The largest unit that divides it: "5m", "90s".
std::string print_duration(Duration duration) {
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    if (duration % unit->length != Duration(0)) continue;
    if (duration == Duration(0)) return "0s";
    return fmt::format("{}{}", duration / unit->length, unit->name);
  }
  return fmt::format("{}us", duration.count());
}

}  // namespace

YamlMap::YamlMap(const YamlNode& node, std::string path, ProblemList& problems)
    : node_(&node), path_(std::move(path)), problems_(&problems) {
  if (!node.is_mapping()) {
    if (node.kind != YamlNode::Kind::unusable) {
      problems_->error(node.place, fmt::format("{}: expected a map of keys and values, got {}",
                                               path_.empty() ? "the document" : path_, kind_name(node)));
    }
    node_ = &empty_map();
  }
  report_duplicates();
}

void YamlMap::report_duplicates() {
  std::set<std::string_view> seen;
  for (const YamlNode& key : node_->keys) {
    if (seen.insert(key.text).second) continue;
    const auto first = std::find_if(node_->keys.begin(), node_->keys.end(),
                                    [&](const YamlNode& other) { return other.text == key.text; });
    problems_->error(key.place, fmt::format("{}: duplicate key, first given in line {}", this->path(key.text),
                                            first->place.line));
  }
}

const YamlNode* YamlMap::get(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const YamlNode* value = node_->find(key);
  return value == nullptr || value->kind == YamlNode::Kind::null ? nullptr : value;
}

const YamlNode* YamlMap::require(std::string_view key, std::string_view hint) {
  const YamlNode* value = get(key);
  if (value == nullptr) error(key, fmt::format("missing; {}", hint));
  return value;
}

const YamlNode* YamlMap::scalar(std::string_view key, std::string_view expected) {
  const YamlNode* value = get(key);
  if (value == nullptr || value->kind == YamlNode::Kind::unusable) return nullptr;
  if (value->kind == YamlNode::Kind::scalar) return value;
  error(key, fmt::format("expected {}, got {}", expected, kind_name(*value)));
  return nullptr;
}

std::optional<std::string> YamlMap::text(std::string_view key) {
  const YamlNode* value = scalar(key, "a string");
  if (value == nullptr) return std::nullopt;
  return value->text;
}

std::optional<std::int64_t> YamlMap::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  const YamlNode* value = scalar(key, "a whole number");
  if (value == nullptr) return std::nullopt;
  const auto number = parse_integer(value->text);
  if (!number || *number < min || *number > max) {
    error(key, fmt::format("expected a whole number from {} to {}, got \"{}\"", min, max, value->text));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> YamlMap::boolean(std::string_view key) {
  const YamlNode* value = scalar(key, "true or false");
  if (value == nullptr) return std::nullopt;
  std::string word = value->text;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (word == "true") return true;
  if (word == "false") return false;
  error(key, fmt::format("expected true or false, got \"{}\"", value->text));
  return std::nullopt;
}

std::optional<Duration> YamlMap::duration(std::string_view key, Duration min, Duration max) {
  const YamlNode* value = scalar(key, "a duration such as 5m");
  if (value == nullptr) return std::nullopt;
  const auto length = parse_duration(value->text);
  if (!length) {
    error(key, fmt::format("expected a duration such as 90s, 5m or 1h, got \"{}\"", value->text));
    return std::nullopt;
  }
  if (*length < min || *length > max) {
    error(key,
          fmt::format("expected {} to {}, got {}", print_duration(min), print_duration(max), value->text));
    return std::nullopt;
  }
  return length;
}

std::optional<std::size_t> YamlMap::choice(std::string_view key, const std::vector<std::string_view>& words) {
  const auto word = text(key);
  if (!word) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  error(key, fmt::format("expected {}, got \"{}\"", join_names(words, " or "), *word));
  return std::nullopt;
}

std::optional<std::vector<std::string>> YamlMap::texts(std::string_view key) {
  const YamlNode* value = get(key);
  if (value == nullptr || value->kind == YamlNode::Kind::unusable) return std::nullopt;
  if (value->kind != YamlNode::Kind::sequence) {
    error(key, fmt::format("expected a list of strings, got {}", kind_name(*value)));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const YamlNode& item : value->items) {
    if (item.kind == YamlNode::Kind::unusable) continue;
    if (item.kind != YamlNode::Kind::scalar) {
      problems_->error(item.place, fmt::format("{}[{}]: expected a string, got {}", path(key), texts.size(),
                                               kind_name(item)));
      return std::nullopt;
    }
    texts.push_back(item.text);
  }
  return texts;
}

YamlMap YamlMap::map(std::string_view key) {
  const YamlNode* value = get(key);
  return YamlMap(value == nullptr ? empty_map() : *value, path(key), *problems_);
}

void YamlMap::ignore(std::string_view key, std::string_view reason) {
  if (get(key) != nullptr && !reason.empty()) warning(key, reason);
}

void YamlMap::finish() { report_unknown(known_); }

void YamlMap::finish(const std::vector<std::string_view>& declared) {
  assert(std::all_of(known_.begin(), known_.end(),
                     [&](std::string_view key) {
                       return std::find(declared.begin(), declared.end(), key) != declared.end();
                     }) &&
         "a key is read that is not declared");
  report_unknown(declared);
}

void YamlMap::report_unknown(const std::vector<std::string_view>& candidates) {
  for (const YamlNode& key : node_->keys) {
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    const std::string_view meant = closest(key.text, candidates);
    const std::string hint = meant.empty() ? std::string() : fmt::format(", did you mean {}?", meant);
    problems_->error(key.place, fmt::format("{}: unknown key{}", path(key.text), hint));
  }
}

std::string YamlMap::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void YamlMap::error(std::string_view key, std::string_view message) {
  problems_->error(place(key), fmt::format("{}: {}", path(key), message));
}

void YamlMap::warning(std::string_view key, std::string_view message) {
  problems_->warning(place(key), fmt::format("{}: {}", path(key), message));
}

Place YamlMap::place(std::string_view key) const {
  const YamlNode* value = node_->find(key);
  return value == nullptr ? node_->place : value->place;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(text.starts_with("+-") ? text.size() : 1);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const std::size_t split = text.find_first_not_of("0123456789");
  if (split == 0 || split == std::string_view::npos) return std::nullopt;
  const auto count = parse_integer(text.substr(0, split));
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [&](const Unit& known) { return known.name == text.substr(split); });
  if (!count || unit == kUnits.end()) return std::nullopt;
  Duration::rep length = 0;
  if (__builtin_mul_overflow(*count, unit->length.count(), &length)) return std::nullopt;
  return Duration(length);
}

}  // namespace sluice::job
