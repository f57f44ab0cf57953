#include "core/job/definition_text.hpp"

#include "core/job/job_file.hpp"
#include "core/job/references.hpp"
#include "core/job/script.hpp"
#include "core/job/variables.hpp"
#include "core/job/yaml_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace sluice::job {
namespace {

// A shorter text may well be part of a word that has nothing to do with the credential.
constexpr std::size_t kTellingLength = 8;

struct Credential {
  Place place;
  std::string value;
};

bool is_literal(const YamlNode& value) {
  return value.kind != YamlNode::Kind::null &&
         !(value.kind == YamlNode::Kind::scalar && value.text.empty()) && !is_reference(value.text);
}

// False when a credential is no text.
bool collect_credentials(const YamlNode& node, std::vector<Credential>& found) {
  bool plain = true;
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    const YamlNode& value = node.items[at];
    if (!node.is_mapping() || !is_credential_key(node.keys[at].text)) {
      plain = collect_credentials(value, found) && plain;
    } else if (is_literal(value)) {
      plain = plain && value.kind == YamlNode::Kind::scalar;
      found.push_back(Credential{value.place, value.text});
    }
  }
  return plain;
}

// Where the place is in the text; columns count characters.
std::optional<std::size_t> offset_of(std::string_view text, Place place) {
  std::size_t at = 0;
  for (int line = 1; line < place.line; ++line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return std::nullopt;
    ++at;
  }
  const auto continues = [&](std::size_t n) {
    return (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U;
  };
  for (int column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && continues(at)) ++at;
  }
  return at;
}

// From the last one to the first, so that the places of the others stay right.
bool mask_places(std::string& text, const std::vector<Credential>& credentials) {
  struct Span {
    std::size_t at = 0;
    std::size_t length = 0;
    bool quoted = false;
  };
  std::vector<Span> spans;
  for (const Credential& credential : credentials) {
    auto at = offset_of(text, credential.place);
    if (!at || *at >= text.size()) return false;
    const bool quoted = text[*at] == '"' || text[*at] == '\'';
    if (quoted) ++*at;
    if (text.compare(*at, credential.value.size(), credential.value) != 0) return false;
    spans.push_back(Span{*at, credential.value.size(), quoted});
  }
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.at > b.at; });
  for (const Span& span : spans) {
    // Without quotes the stars would be an alias.
    text.replace(span.at, span.length,
                 span.quoted ? std::string(kMaskedCredential) : fmt::format("\"{}\"", kMaskedCredential));
  }
  return true;
}

void mask_repetitions(std::string& text, const std::vector<Credential>& credentials) {
  for (const Credential& credential : credentials) {
    if (credential.value.size() < kTellingLength) continue;
    for (std::size_t at = text.find(credential.value); at != std::string::npos;
         at = text.find(credential.value, at + kMaskedCredential.size())) {
      text.replace(at, credential.value.size(), kMaskedCredential);
    }
  }
}

// The value behind "key: " that begins at `at`, up to what ends a value in a comment of a flow or block map.
std::size_t value_end(std::string_view text, std::size_t at) {
  while (at < text.size() && std::string_view(" \t\r\n\"',}]").find(text[at]) == std::string_view::npos) ++at;
  return at;
}

// As YAML writes it; masked it would be an alias, and the text would not be kept at all.
bool is_nothing(std::string_view value) {
  return value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL";
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// What looks like a credential with its key, wherever it stands: old ones live on in comments.
void mask_in_comments(std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    if (!is_credential_key(std::string_view(text).substr(begin, at - begin))) continue;
    const std::size_t value = text.find_first_not_of("\"' \t:=", at);
    if (value == std::string::npos || text.substr(at, value - at).find_first_of(":=") == std::string::npos)
      continue;
    const char before = text[value - 1];
    if (text[value] == '#' && (before == ' ' || before == '\t')) continue;  // a comment, behind no value
    const std::size_t end = value_end(text, value);
    const std::string found = text.substr(value, end - value);
    if (is_nothing(found) || found == kMaskedCredential || found.starts_with("${") || is_reference(found))
      continue;
    text.replace(value, end - value, kMaskedCredential);
    at = value + kMaskedCredential.size();
  }
}

// Whether `masked` still says what `written` says, apart from credentials.
bool same_but_credentials(const YamlNode& written, const YamlNode& masked) {
  if (written.kind != masked.kind || written.items.size() != masked.items.size()) return false;
  if (written.text != masked.text) return false;
  for (std::size_t at = 0; at < written.items.size(); ++at) {
    if (written.is_mapping()) {
      if (written.keys[at].text != masked.keys[at].text) return false;
      if (is_credential_key(written.keys[at].text) && is_literal(written.items[at])) {
        if (masked.items[at].text != kMaskedCredential) return false;
        continue;
      }
    }
    if (!same_but_credentials(written.items[at], masked.items[at])) return false;
  }
  return true;
}

std::optional<std::string> masked_text(const std::string& text) {
  const auto written = parse_yaml(text);
  std::vector<Credential> credentials;
  if (!written || !collect_credentials(*written, credentials)) return std::nullopt;
  std::string masked = text;
  if (!mask_places(masked, credentials)) return std::nullopt;
  mask_repetitions(masked, credentials);
  mask_in_comments(masked);
  const auto again = parse_yaml(masked);
  if (!again || !same_but_credentials(*written, *again)) return std::nullopt;
  return masked;
}

// Puts the credentials of `present` where `node` has none; the path of the first one that is missing, or "".
std::string fill_credentials(YamlNode& node, const YamlNode* present, const std::string& path) {
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    YamlNode& item = node.items[at];
    if (!node.is_mapping()) continue;
    const std::string& key = node.keys[at].text;
    const YamlNode* other = present == nullptr ? nullptr : present->find(key);
    std::string item_path = fmt::format("{}.{}", path, key);
    if (is_credential_key(key) && item.text == kMaskedCredential) {
      if (other == nullptr || other->text.empty()) return item_path;
      item.text = other->text;
      continue;
    }
    std::string missing = fill_credentials(item, other, item_path);
    if (!missing.empty()) return missing;
  }
  return "";
}

}  // namespace

DefinitionText without_credentials(DefinitionText written) {
  for (std::string* text : {&written.text, &written.script}) {
    if (text->empty()) continue;
    auto masked = masked_text(*text);
    if (masked) {
      *text = std::move(*masked);
      continue;
    }
    written.missing = fmt::format(
        "its text is not kept, because the credentials in {} could not be taken out of it with certainty; "
        "write "
        "them as ${{env:NAME}}, file:/path or credential:NAME, or use a data source",
        text == &written.text ? written.file : written.script_file);
    written.text.clear();
    written.script.clear();
    break;
  }
  return written;
}

Result<Job> read_definition(const DefinitionText& kept, const DataSources& sources) {
  if (kept.text.empty()) return Error(Errc::invalid_argument, kept.missing);
  const FileReader read_script = [&kept](const std::string& path) -> Result<std::string> {
    if (path == kept.script_file) return kept.script;
    return Error(Errc::not_found, fmt::format("read {}: it is not kept with the definition", path));
  };
  LoadedJobs loaded = load_job_text(kept.file, kept.text, sources, read_script);
  for (const Problem& problem : loaded.problems) {
    if (problem.severity == Severity::error) {
      return Error(Errc::invalid_argument, "its text is not valid any more: " + to_string(problem));
    }
  }
  return std::move(loaded.jobs.at(0));
}

Result<Job> load_definition(const DefinitionText& kept, const DataSources& sources, const Job& present) {
  Result<Job> job = read_definition(kept, sources);
  if (!job) return job;
  Script script = *job->script;
  const Script* other = present.script.get();
  std::string missing =
      fill_credentials(script.reader, other == nullptr ? nullptr : &other->reader, "reader.parameter");
  if (missing.empty()) {
    missing =
        fill_credentials(script.writer, other == nullptr ? nullptr : &other->writer, "writer.parameter");
  }
  if (!missing.empty()) {
    return Error(Errc::invalid_argument,
                 fmt::format("credentials written out in a file are not kept, and the present one has no {}",
                             missing));
  }
  job->script = std::make_shared<const Script>(std::move(script));
  return job;
}

}  // namespace sluice::job
