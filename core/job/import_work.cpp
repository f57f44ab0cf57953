#include "core/job/import_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sluice::job {
namespace {

bool names_a_secret(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word : {"accessid", "accesskey", "secret", "password", "passwd", "token"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

}  // namespace

std::string_view to_string(Fate fate) noexcept {
  constexpr std::array<std::string_view, 4> kWords{"kept", "changed", "ignored", "unsupported"};
  return kWords[static_cast<std::size_t>(fate)];
}

bool Import::valid() const noexcept {
  return std::none_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.severity == Severity::error; });
}

ImportPlace option_place(std::string_view option) { return ImportPlace{std::string(option), Place{}}; }

void ImportWork::set(std::string path, std::string value, std::string_view from, const ImportPlace& place) {
  ImportedKey key{std::move(path), std::move(value), printable(from), place};
  const auto known =
      std::find_if(keys_.begin(), keys_.end(), [&](const ImportedKey& old) { return old.path == key.path; });
  if (known == keys_.end()) {
    keys_.push_back(std::move(key));
  } else {
    *known = std::move(key);
  }
}

const ImportedKey* ImportWork::find(std::string_view path) const noexcept {
  const auto known =
      std::find_if(keys_.begin(), keys_.end(), [&](const ImportedKey& key) { return key.path == path; });
  return known == keys_.end() ? nullptr : &*known;
}

void ImportWork::note(Fate fate, std::string_view key, std::string text, const ImportPlace& place) {
  result_.notes.push_back(ImportNote{fate, printable(key), std::move(text), place.file, place.place});
}

void ImportWork::error(const ImportPlace& place, std::string message) {
  result_.problems.push_back(
      Problem{Severity::error, place.file, place.place.line, place.place.column, std::move(message)});
}

void ImportWork::set_parameters(std::string_view assignments, std::string_view from,
                                const ImportPlace& place) {
  std::vector<std::string_view> names;
  constexpr std::string_view kBlanks = " \t\r\n";
  for (std::size_t at = assignments.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = assignments.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(assignments.find_first_of(kBlanks, at), assignments.size());
    const std::string_view word = assignments.substr(at, end - at);
    at = end;
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      error(place,
            fmt::format("{}: expected NAME=VALUE, separated by blanks, got \"{}\"", from, printable(word)));
      continue;
    }
    const std::string_view name = word.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      error(place, fmt::format("{}: {} is given twice", from, printable(name)));
      continue;
    }
    names.push_back(name);
    set_parameter(name, word.substr(equals + 1), from, place);
  }
}

void ImportWork::set_parameter(std::string_view name, std::string_view value, std::string_view from,
                               const ImportPlace& place) {
  if (!is_parameter_name(name)) {
    error(place, fmt::format("{}: a parameter's name is letters, digits and \"_\", got \"{}\"", from,
                             printable(name)));
    return;
  }
  if (names_a_secret(name)) {
    note(Fate::unsupported, fmt::format("{}: {}", from, name),
         "looks like a credential and was left out: parameters are shown and stored. Write ${env:NAME}, "
         "file:/path or credential:NAME in a data source instead",
         place);
    return;
  }
  set(fmt::format("parameters.{}", name), quoted_text(value), from, place);
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit))
    out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
  if (text.size() <= limit) return out;
  // Not in the middle of a character.
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
  if (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80U) != 0) out.pop_back();
  return out + "...";
}

}  // namespace sluice::job
