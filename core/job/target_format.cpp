// How the rows of a target become bytes.

#include "core/job/encodings.hpp"
#include "core/job/job_keys.hpp"
#include "core/job/target_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::job {
namespace {

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void put_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0U | code >> 6U));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  } else {
    out.push_back(static_cast<char>(0xE0U | code >> 12U));
    out.push_back(static_cast<char>(0x80U | (code >> 6U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  }
}

// The character that "uXXXX" stands for; half a surrogate pair is none.
bool take_unicode(std::string_view text, std::string& out) {
  constexpr std::size_t kDigits = 4;
  if (!text.starts_with('u') || text.size() <= kDigits) return false;
  unsigned code = 0;
  const char* const end = text.data() + 1 + kDigits;
  if (std::from_chars(text.data() + 1, end, code, 16).ptr != end) return false;
  if (code >= 0xD800 && code < 0xE000) return false;
  put_utf8(out, code);
  return true;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7F') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// As in the original, a missing fileFormat means text.
void read_file_format(YamlMap& parameter, Target& target) {
  target.file_format = FileFormat::text;
  const auto format = parameter.text("fileFormat");
  if (!format || *format == "text") return;
  if (*format == "csv") {
    target.file_format = FileFormat::csv;
  } else if (*format == "jsonl") {
    target.file_format = FileFormat::jsonl;
  } else if (const std::string word = lower_case(*format); word == "parquet" || word == "orc") {
    parameter.error("fileFormat",
                    fmt::format("{} cannot be written, because Debian 12 has no library for it; "
                                "write csv or jsonl and convert the objects where they are used",
                                word));
  } else if (word == "sql") {
    parameter.error(
        "fileFormat",
        "INSERT statements cannot be written; write csv and load it with the import of the database");
  } else {
    parameter.error("fileFormat", fmt::format("expected csv, text or jsonl, got \"{}\"", *format));
  }
}

void read_encoding(YamlMap& parameter, Target& target) {
  const auto given = parameter.text("encoding");
  if (!given || given->empty()) return;
  const auto known = find_encoding(*given);
  if (!known) {
    parameter.error("encoding", fmt::format("\"{}\" is not known; {}", shown(*given), encoding_hint(*given)));
  } else if (target.file_format == FileFormat::jsonl && *known != "UTF-8") {
    parameter.error("encoding", "jsonl is always UTF-8; remove it, or write csv or text");
  } else {
    target.encoding = *known;
  }
}

// What Java's SimpleDateFormat would refuse, or "".
std::string check_date_pattern(std::string_view pattern) {
  constexpr std::string_view kLetters = "GyYMLwWDdFEuaHkKhmsSzZX";
  bool quoted = false;
  for (const char c : pattern) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '\'') {
      quoted = !quoted;
    } else if (letter && !quoted && kLetters.find(c) == std::string_view::npos) {
      return fmt::format("\"{}\" is no letter of a date; put text in single quotes, as in yyyy'y'", c);
    }
  }
  return quoted ? "a single quote without its second one; '' is a quote" : "";
}

void read_dates(YamlMap& parameter, Target& target) {
  target.date_format = parameter.text("dateFormat").value_or("");
  if (const std::string wrong = check_date_pattern(target.date_format); !wrong.empty()) {
    parameter.error("dateFormat", wrong);
  }
}

bool is_line_end(std::string_view text) { return text == "\n" || text == "\r\n" || text == "\r"; }

void set_field_delimiter(YamlMap& parameter, std::string_view key, std::string text, Target& target) {
  target.field_delimiter = std::move(text);
  if (target.file_format != FileFormat::csv) return;
  const std::string& delimiter = target.field_delimiter;
  if (count_characters(delimiter) != 1) {
    parameter.error(key, fmt::format("csv needs exactly one character, got \"{}\" (a tab is \"\\t\" in "
                                     "double quotes)",
                                     shown(delimiter)));
  } else if (delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
    parameter.error(key, "a quote or a line end cannot separate csv fields; use \",\"");
  }
}

void set_line_delimiter(YamlMap& parameter, std::string_view key, std::string text, Target& target) {
  if (target.file_format == FileFormat::text && text.empty()) {
    parameter.error(key, "empty: rows could not be told apart; remove it for \"\\n\"");
  } else if (target.file_format == FileFormat::csv && !is_line_end(text)) {
    parameter.error(key,
                    fmt::format("csv lines end with \"\\n\", \"\\r\\n\" or \"\\r\", got \"{}\"; use one of "
                                "them, or fileFormat text",
                                shown(text)));
  } else {
    target.line_delimiter = std::move(text);
  }
}

void read_delimiters(YamlMap& parameter, Target& target) {
  if (target.kind == TargetKind::stream) target.field_delimiter = "\t";  // as the original's
  if (target.file_format == FileFormat::csv) target.field_delimiter = ",";
  if (const auto text = parameter.text("fieldDelimiter")) {
    set_field_delimiter(parameter, "fieldDelimiter", unescaped(*text), target);
  }
  if (const auto text = parameter.text("lineDelimiter")) {
    set_line_delimiter(parameter, "lineDelimiter", unescaped(*text), target);
  }
}

// "uid, name" as its names.
std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, comma);
    const std::size_t first = std::min(name.find_first_not_of(' '), name.size());
    names.emplace_back(name.substr(first, name.find_last_not_of(' ') + 1 - first));
    if (comma == text.size()) return names;
    text.remove_prefix(comma + 1);
  }
}

void read_header(YamlMap& parameter, Target& target) {
  const YamlNode* node = parameter.get("header");
  if (node != nullptr && node->kind == YamlNode::Kind::scalar) {
    if (node->text.empty()) return;
    parameter.error("header", fmt::format("expected a list of names, got a string; write [\"{}\"]",
                                          fmt::join(split_names(node->text), "\", \"")));
    return;
  }
  target.header = parameter.texts("header").value_or(std::vector<std::string>());
}

// One character that is neither a line end nor a letter or digit; nothing when absent or wrong.
std::optional<char> read_mark(YamlMap& config, std::string_view key) {
  const auto text = config.text(key);
  if (!text) return std::nullopt;
  const std::string plain = unescaped(*text);
  if (plain.size() == 1 && plain[0] > ' ' && plain[0] != '\x7F') return plain[0];
  config.error(key, fmt::format("expected one visible ASCII character, got \"{}\"", shown(plain)));
  return std::nullopt;
}

void read_quotes(YamlMap& config, CsvStyle& style) {
  const bool use = config.boolean("useTextQualifier").value_or(true);
  const bool always = config.boolean("forceQualifier").value_or(false);
  if (!use && always) {
    config.error("forceQualifier", "true contradicts useTextQualifier: false; remove one of the two");
  } else if (!use) {
    style.quotes = CsvStyle::Quotes::never;
  } else if (always) {
    style.quotes = CsvStyle::Quotes::always;
  }
  if (const auto mode = config.integer("escapeMode", 1, 2)) {
    style.escape = *mode == 2 ? CsvStyle::Escape::backslash : CsvStyle::Escape::doubled;
  }
  if (const auto mark = read_mark(config, "textQualifier")) style.qualifier = *mark;
  if (const auto mark = read_mark(config, "comment")) style.comment = *mark;
}

void read_csv_style(YamlMap& parameter, Target& target) {
  const YamlNode* node = parameter.get("csvWriterConfig");
  if (node == nullptr || (node->is_mapping() && node->keys.empty())) return;
  if (target.file_format != FileFormat::csv) {
    parameter.error("csvWriterConfig", "needs fileFormat: csv; set that, or remove this");
    return;
  }
  YamlMap config = parameter.map("csvWriterConfig");
  if (const auto text = config.text("delimiter")) {
    set_field_delimiter(config, "delimiter", unescaped(*text), target);
  }
  if (const auto text = config.text("recordDelimiter")) {
    set_line_delimiter(config, "recordDelimiter", unescaped(*text), target);
  }
  read_quotes(config, target.csv);
  config.finish(declared_names("writer.parameter.csvWriterConfig"));
  const std::string_view delimiter = target.field_delimiter;
  if (delimiter.size() == 1 && (delimiter[0] == target.csv.qualifier || delimiter[0] == target.csv.comment)) {
    parameter.error(
        "csvWriterConfig",
        fmt::format("\"{}\" separates fields and cannot be textQualifier or comment as well; choose "
                    "another character",
                    delimiter));
  } else if (target.csv.qualifier == target.csv.comment) {
    parameter.error("csvWriterConfig", "textQualifier and comment are the same; choose another character");
  }
}

void read_byte_encoding(YamlMap& parameter, Target& target) {
  const auto word = parameter.text("byteEncoding");
  if (!word || word->empty()) return;
  target.binary_base64 = lower_case(*word) == "base64";
  if (!target.binary_base64) {
    parameter.error("byteEncoding",
                    fmt::format("expected base64, got \"{}\"; hexadecimal is binaryFormat: hex of the reader",
                                shown(*word)));
  }
}

// What the format has no use for; scripts carry it along, so it is told and passed over.
void ignore_for_jsonl(YamlMap& parameter) {
  parameter.ignore("nullFormat", "has no effect in jsonl, which has a null of its own");
  parameter.ignore("fieldDelimiter", "has no effect in jsonl");
  parameter.ignore("lineDelimiter", "has no effect in jsonl, whose lines end with \"\\n\"");
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::string unescaped(std::string_view text) {
  constexpr std::array<std::pair<char, char>, 4> kShort{
      {{'t', '\t'}, {'n', '\n'}, {'r', '\r'}, {'\\', '\\'}}};
  constexpr std::size_t kUnicodeLength = 5;
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = text.substr(at + 1);
    const auto known = std::find_if(kShort.begin(), kShort.end(), [&](const auto& pair) {
      return !rest.empty() && pair.first == rest.front();
    });
    if (text[at] != '\\') {
      out.push_back(text[at]);
    } else if (known != kShort.end()) {
      out.push_back(known->second);
      ++at;
    } else if (take_unicode(rest, out)) {
      at += kUnicodeLength;
    } else {
      out.push_back('\\');
    }
  }
  return out;
}

void read_row_format(YamlMap& parameter, Target& target) {
  read_file_format(parameter, target);
  read_encoding(parameter, target);
  read_dates(parameter, target);
  read_header(parameter, target);
  read_byte_encoding(parameter, target);
  if (target.file_format == FileFormat::jsonl) {
    ignore_for_jsonl(parameter);
  } else {
    target.null_format = parameter.text("nullFormat").value_or(target.null_format);
    read_delimiters(parameter, target);
  }
  read_csv_style(parameter, target);
}

}  // namespace sluice::job
