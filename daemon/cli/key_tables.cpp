#include "daemon/cli/key_tables.hpp"

#include "daemon/config/config.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

using job::JobKey;
using job::KeySection;
using job::KeyUse;

constexpr std::string_view kBegin = "<!-- keys: ";
constexpr std::string_view kBeginEnd = " -->\n";
constexpr std::string_view kEnd = "<!-- end of keys -->";
constexpr std::string_view kHead = "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n";

std::string name_of(const KeySection& section) {
  std::string name(section.path.empty() ? "job" : section.path);
  if (!section.title.empty()) name += fmt::format(" {}", section.title);
  return name;
}

std::string code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", text); }

// "a, b, c" as `a`, `b`, `c`.
std::string codes(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    const std::size_t comma = std::min(words.find(", "), words.size());
    out += (out.empty() ? "" : ", ") + code(words.substr(0, comma));
    words.remove_prefix(std::min(comma + 2, words.size()));
  }
  return out;
}

std::string default_text(std::string_view fallback) {
  if (fallback.starts_with('(') && fallback.ends_with(')'))
    return std::string(fallback.substr(1, fallback.size() - 2));
  return code(fallback);
}

// A "|" would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string row(std::string_view key, std::string_view type, std::string_view fallback,
                std::string_view allowed, std::string_view meaning) {
  return fmt::format("| {} | {} | {} | {} | {} |\n", key, type, cell(fallback), cell(allowed), cell(meaning));
}

std::string job_row(const KeySection& section, const JobKey& key) {
  std::string name = code(shown_key(section, key));
  if (!key.alias.empty()) name += fmt::format(" ({})", code(key.alias));
  const std::string where = key.where.empty() ? "" : codes(key.where) + ": ";
  const std::string allowed = key.type == "word" ? codes(key.limits) : std::string(key.limits);
  return row(name, key.type, default_text(key.fallback), allowed, where + std::string(key.help));
}

// Keys that do nothing share a row each for what is said about them.
std::string other_rows(const KeySection& section, KeyUse use, std::string_view meaning) {
  std::string names;
  for (const JobKey& key : section.keys) {
    if (key.use == use) names += (names.empty() ? "" : ", ") + code(shown_key(section, key));
  }
  return names.empty() ? "" : row(names, "", "", "", meaning);
}

std::string job_table(const KeySection& section) {
  std::string out(kHead);
  for (const JobKey& key : section.keys) {
    if (key.use == KeyUse::effective) out += job_row(section, key);
  }
  out += other_rows(section, KeyUse::ignored, "No effect; some are warned about.");
  return out + other_rows(section, KeyUse::refused, "Refused when they ask for something.");
}

std::string config_table() {
  std::string out(kHead);
  for (const ConfigKey& key : config_keys()) {
    const std::string fallback = key.fallback == "\"\"" ? "(empty)" : std::string(key.fallback);
    out += row(code(key.path), key.type, default_text(fallback), key.limits, key.help);
  }
  return out;
}

Result<std::string> table_of(std::string_view name) {
  if (name == "sluice.yaml") return config_table();
  for (const KeySection& section : job::job_key_sections()) {
    if (name_of(section) == name) return job_table(section);
  }
  return Error(Errc::invalid_argument,
               fmt::format("make the table of keys \"{}\": there is none of this name", name));
}

}  // namespace

std::vector<std::string> key_table_names() {
  std::vector<std::string> names{"sluice.yaml"};
  for (const KeySection& section : job::job_key_sections()) names.push_back(name_of(section));
  return names;
}

Result<std::string> with_key_tables(std::string_view document) {
  std::string out;
  while (true) {
    const std::size_t begin = document.find(kBegin);
    if (begin == std::string_view::npos) return out.append(document);
    const std::size_t head_end = document.find(kBeginEnd, begin);
    const std::size_t end = document.find(kEnd, begin);
    if (head_end == std::string_view::npos || end == std::string_view::npos || end < head_end) {
      return Error(Errc::invalid_argument, fmt::format("make the tables of keys: \"{}\" without \"{}\"",
                                                       document.substr(begin, 40), kEnd));
    }
    const std::size_t name_at = begin + kBegin.size();
    auto table = table_of(document.substr(name_at, head_end - name_at));
    if (!table) return table.error();
    out.append(document.substr(0, head_end + kBeginEnd.size())).append("\n").append(*table).append("\n");
    out.append(kEnd);
    document.remove_prefix(end + kEnd.size());
  }
}

std::string shown_key(const KeySection& section, const JobKey& key) {
  std::string_view path = section.path;
  for (const std::string_view known : {"reader.parameter", "writer.parameter", "setting"}) {
    if (!path.starts_with(known)) continue;
    path.remove_prefix(known.size());
    if (!path.empty()) path.remove_prefix(1);
  }
  return path.empty() ? std::string(key.name) : fmt::format("{}.{}", path, key.name);
}

std::string without_markup(std::string_view help) {
  std::string out;
  for (std::size_t at = 0; at < help.size(); ++at) {
    const std::size_t text_end = help[at] == '[' ? help.find("](", at) : std::string_view::npos;
    if (text_end != std::string_view::npos) {
      out += without_markup(help.substr(at + 1, text_end - at - 1));
      at = help.find(')', text_end);
    } else if (help[at] != '`') {
      out += help[at];
    }
  }
  return out;
}

}  // namespace sluice::daemon
