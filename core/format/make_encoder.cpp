#include "core/format/make_encoder.hpp"

#include "core/format/charset.hpp"
#include "core/format/csv.hpp"
#include "core/format/json_lines.hpp"
#include "core/format/text.hpp"
#include "core/format/transcoding.hpp"
#include "core/format/utf8.hpp"

#include <fmt/format.h>

#include <set>

namespace sluice::format {
namespace {

using Escape = job::CsvStyle::Escape;
using Quotes = job::CsvStyle::Quotes;

Error refusal(std::string_view what, std::string_view why, std::string_view key) {
  return Error(Errc::invalid_argument, fmt::format("use {}: {}; correct `{}`", what, why, key));
}

bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }
bool ends_line(char byte) { return byte == '\r' || byte == '\n'; }

// "\n" as it would be written in a job file.
std::string shown(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += byte;
    }
  }
  return out;
}

Result<void> check_style(const job::CsvStyle& style) {
  constexpr std::string_view kKey = "csvWriterConfig";
  for (const char mark : {style.qualifier, style.comment}) {
    if (!is_ascii(mark) || ends_line(mark))
      return refusal("csvWriterConfig", "qualifier and comment are ASCII characters and no line ends", kKey);
  }
  if (style.escape == Escape::backslash && style.qualifier == '\\')
    return refusal("csvWriterConfig", "a backslash cannot be qualifier and escape", kKey);
  if (style.qualifier == style.comment)
    return refusal("csvWriterConfig", "qualifier and comment are the same character", kKey);
  return {};
}

Result<void> check_csv_delimiter(const job::Target& target) {
  const std::string& delimiter = target.field_delimiter;
  const bool single =
      !delimiter.empty() && sequence_at(delimiter).valid && sequence_at(delimiter).length == delimiter.size();
  const char first = delimiter.empty() ? '\n' : delimiter.front();
  const bool escapes = target.csv.escape == Escape::backslash && first == '\\';
  if (single && !ends_line(first) && !escapes && first != target.csv.qualifier) return {};
  return refusal(
      "the csv delimiter",
      fmt::format("it must be one character, not a quote or a line end, got \"{}\"", shown(delimiter)),
      "fieldDelimiter");
}

// Text that stands in rows without anybody's doing must fit a style without quotes.
Result<void> check_bare_texts(const job::Target& target) {
  if (target.csv.quotes != Quotes::never || target.csv.escape == Escape::backslash) return {};
  const auto broken = [&](std::string_view text) {
    return text.find(target.field_delimiter) != std::string_view::npos ||
           text.find_first_of("\r\n") != std::string_view::npos;
  };
  constexpr std::string_view kWhy =
      "it holds the delimiter or a line end, and csvWriterConfig allows no quotes";
  if (broken(target.null_format)) return refusal("the text of nulls", kWhy, "nullFormat");
  for (const std::string& name : target.header) {
    if (broken(name)) return refusal(fmt::format("the header name \"{}\"", name), kWhy, "header");
  }
  return {};
}

Result<std::unique_ptr<RowEncoder>> make_csv(const job::Target& target, ValueForms values) {
  if (const auto style = check_style(target.csv); !style) return style.error();
  if (const auto delimiter = check_csv_delimiter(target); !delimiter) return delimiter.error();
  if (const auto bare = check_bare_texts(target); !bare) return bare.error();
  const std::string& line_end = target.line_delimiter;
  if (line_end != "\n" && line_end != "\r" && line_end != "\r\n") {
    return refusal("the csv line end",
                   fmt::format("it must be \\n, \\r or \\r\\n, got \"{}\"", shown(line_end)),
                   "lineDelimiter");
  }
  CsvForm form;
  form.delimiter = target.field_delimiter;
  form.null_text = target.null_format;
  form.line_end = line_end;
  form.style = target.csv;
  form.values = std::move(values);
  return std::unique_ptr<RowEncoder>(std::make_unique<CsvEncoder>(std::move(form)));
}

Result<std::unique_ptr<RowEncoder>> make_text(const job::Target& target, ValueForms values) {
  if (target.line_delimiter.empty()) return refusal("the line end", "it must not be empty", "lineDelimiter");
  TextForm form;
  form.delimiter = target.field_delimiter;
  form.null_text = target.null_format;
  form.line_end = target.line_delimiter;
  form.values = std::move(values);
  return std::unique_ptr<RowEncoder>(std::make_unique<TextEncoder>(std::move(form)));
}

Result<std::unique_ptr<RowEncoder>> make_json_lines(const job::Target& target, ValueForms values) {
  if (target.line_delimiter != "\n" && target.line_delimiter != "\r\n") {
    return refusal("the jsonl line end",
                   fmt::format("it must be \\n or \\r\\n, got \"{}\"", shown(target.line_delimiter)),
                   "lineDelimiter");
  }
  std::set<std::string_view> names;
  for (const std::string& name : target.columns) {
    if (!names.insert(name).second) {
      return refusal(fmt::format("the column {} twice", name), "a JSON object has one value for each name",
                     "column");
    }
    if (!is_utf8(name)) return refusal("a column as a JSON name", "it is not UTF-8", "column");
  }
  return std::unique_ptr<RowEncoder>(
      std::make_unique<JsonLinesEncoder>(target.columns, target.line_delimiter, std::move(values)));
}

Result<std::unique_ptr<RowEncoder>> make_utf8(const job::Target& target) {
  ValueForms values;
  values.binary_base64 = target.binary_base64;
  const std::string_view pattern = target.date_format.empty() ? kUsualDatePattern : target.date_format;
  auto dates = DatePattern::parse(pattern, target.zone);
  if (!dates) return Error(dates.error().code(), dates.error().message() + "; correct `dateFormat`");
  values.dates = std::move(*dates);
  switch (target.file_format) {
    case job::FileFormat::csv:
      return make_csv(target, std::move(values));
    case job::FileFormat::text:
      return make_text(target, std::move(values));
    case job::FileFormat::jsonl:
      break;
  }
  return make_json_lines(target, std::move(values));
}

// Each text that stands in every row must be in the set; what comes with a row makes it dirty.
Result<void> check_texts(const job::Target& target, const Charset& charset) {
  const auto check = [&](std::string_view what, std::string_view text, std::string_view key) -> Result<void> {
    ByteBuffer bytes;
    const auto unmapped = charset.append(text, bytes);
    if (!unmapped) return {};
    return refusal(what, describe(*unmapped, charset), key);
  };
  const bool json = target.file_format == job::FileFormat::jsonl;
  if (json) {
    for (const std::string& name : target.columns) {
      const auto checked = check(fmt::format("the column {} as a JSON name", name), name, "column");
      if (!checked) return checked;
    }
    return check("the date format", target.date_format, "dateFormat");
  }
  for (const std::string& name : target.header) {
    const auto checked = check(fmt::format("the header name \"{}\"", name), name, "header");
    if (!checked) return checked;
  }
  for (const auto& [what, text, key] :
       {std::tuple("the delimiter", &target.field_delimiter, "fieldDelimiter"),
        std::tuple("the line end", &target.line_delimiter, "lineDelimiter"),
        std::tuple("the text of nulls", &target.null_format, "nullFormat"),
        std::tuple("the date format", &target.date_format, "dateFormat")}) {
    const auto checked = check(what, *text, key);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RowEncoder>> make_encoder(const job::Target& target) {
  auto encoder = make_utf8(target);
  if (!encoder || target.encoding == "UTF-8") return encoder;
  const Charset* const charset = Charset::find(target.encoding);
  if (charset == nullptr) {
    return refusal(
        fmt::format("the encoding {}", target.encoding),
        "it is not known; UTF-8, UTF-16, UTF-16BE, UTF-16LE, GBK, GB18030, GB2312, Big5, Shift_JIS, EUC-JP, "
        "EUC-KR, ISO-8859-1, windows-1252 and US-ASCII are",
        "encoding");
  }
  if (const auto checked = check_texts(target, *charset); !checked) return checked.error();
  return std::unique_ptr<RowEncoder>(std::make_unique<TranscodingEncoder>(std::move(*encoder), *charset));
}

}  // namespace sluice::format
