#include "core/job/target_keys.hpp"
#include "tests/unit/core/job/target_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

Target with(std::string_view line, std::string_view format = "csv") {
  return target_of(with_line(line, format));
}

}  // namespace

TEST_CASE("target: fileFormat is csv, text or jsonl, and text when missing") {
  CHECK(with("nullFormat: x").file_format == FileFormat::csv);
  CHECK(with("nullFormat: x", "text").file_format == FileFormat::text);
  CHECK(with("suffix: x", "jsonl").file_format == FileFormat::jsonl);
  CHECK(target_of(replaced(kGood, kFormatLine, "")).file_format == FileFormat::text);
}

TEST_CASE("target: formats that cannot be written say what to do instead") {
  const auto format = [](std::string_view name) { return line_problems("suffix: x", name); };
  const std::string instead =
      " cannot be written, because Debian 12 has no library for it; write csv or jsonl and convert the "
      "objects "
      "where they are used";
  CHECK(format("parquet") == error_of("fileFormat: parquet" + instead));
  CHECK(format("ORC") == error_of("fileFormat: orc" + instead));
  CHECK(format("sql") ==
        error_of("fileFormat: INSERT statements cannot be written; write csv and load it with "
                 "the import of the database"));
  CHECK(format("excel") == error_of("fileFormat: expected csv, text or jsonl, got \"excel\""));
}

TEST_CASE("target: an encoding is known by any of its names") {
  CHECK(with("encoding: gbk").encoding == "GBK");
  CHECK(with("encoding: MS936").encoding == "GBK");
  CHECK(with("encoding: ''").encoding == "UTF-8");
  CHECK(with("nullFormat: x").encoding == "UTF-8");
  CHECK(line_problems("encoding: GBKK") == error_of("encoding: \"GBKK\" is not known; did you mean GBK?"));
  CHECK(line_problems("encoding: GBK", "jsonl") ==
        error_of("encoding: jsonl is always UTF-8; remove it, or write csv or text"));
}

TEST_CASE("target: nullFormat is any text, null when missing") {
  CHECK(with("suffix: x").null_format == "null");
  CHECK(with("nullFormat: '\\N'").null_format == "\\N");
  CHECK(with("nullFormat: ''").null_format.empty());
  CHECK(line_problems("nullFormat: [x]") == error_of("nullFormat: expected a string, got a list"));
}

TEST_CASE("target: dateFormat is a pattern of Java") {
  CHECK(with("dateFormat: \"yyyy-MM-dd'T'HH:mm:ss.SSS\"").date_format == "yyyy-MM-dd'T'HH:mm:ss.SSS");
  CHECK(line_problems("dateFormat: yyyy-bb") ==
        error_of("dateFormat: \"b\" is no letter of a date; put text in single quotes, as in yyyy'y'"));
  CHECK(line_problems("dateFormat: \"yyyy'T\"") ==
        error_of("dateFormat: a single quote without its second one; '' is a quote"));
}

TEST_CASE("target: delimiters may be written as escapes") {
  for (const char* line : {R"(fieldDelimiter: "\t")", R"(fieldDelimiter: '\t')", R"(fieldDelimiter: "\\t")",
                           R"(fieldDelimiter: '\u0009')"}) {
    INFO(line);
    CHECK(with(line).field_delimiter == "\t");
  }
  for (const char* line :
       {R"(fieldDelimiter: "\u0001")", R"(fieldDelimiter: '\u0001')", R"(fieldDelimiter: "\\u0001")"}) {
    INFO(line);
    CHECK(with(line).field_delimiter == "\x01");
    CHECK(with(line, "text").field_delimiter == "\x01");
  }
  CHECK(with("fieldDelimiter: \uff0c").field_delimiter == "\uff0c");
  CHECK(with("fieldDelimiter: '||'", "text").field_delimiter == "||");
  CHECK(with("fieldDelimiter: ''", "text").field_delimiter.empty());
  CHECK(with("suffix: x").field_delimiter == ",");
  CHECK(unescaped(R"(\u00e9\u20ac\q\\t\ud800\u12)") == "\u00e9\u20ac\\q\\t\\ud800\\u12");
  CHECK(unescaped("\\") == "\\");
}

TEST_CASE("target: csv fields are separated by one character that is no quote and no line end") {
  CHECK(line_problems("fieldDelimiter: '||'") ==
        error_of("fieldDelimiter: csv needs exactly one character, got \"||\" (a tab is \"\\t\" in double "
                 "quotes)"));
  const auto refused =
      error_of("fieldDelimiter: a quote or a line end cannot separate csv fields; use \",\"");
  CHECK(line_problems("fieldDelimiter: '\"'") == refused);
  CHECK(line_problems("fieldDelimiter: '\\n'") == refused);
}

TEST_CASE("target: csv lines end as csv readers know it, text lines as one likes") {
  CHECK(with("suffix: x").line_delimiter == "\n");
  CHECK(with(R"(lineDelimiter: "\r\n")").line_delimiter == "\r\n");
  CHECK(with(R"(lineDelimiter: '\r')").line_delimiter == "\r");
  CHECK(with("lineDelimiter: ';'", "text").line_delimiter == ";");
  CHECK(line_problems("lineDelimiter: ';'") ==
        error_of(
            "lineDelimiter: csv lines end with \"\\n\", \"\\r\\n\" or \"\\r\", got \";\"; use one of them, "
            "or fileFormat text"));
  CHECK(line_problems("lineDelimiter: ''", "text") ==
        error_of("lineDelimiter: empty: rows could not be told apart; remove it for \"\\n\""));
}

TEST_CASE("target: the header is a list of names") {
  CHECK(with("header: [uid, name]").header == std::vector<std::string>{"uid", "name"});
  CHECK(with("header: []").header.empty());
  CHECK(with("header: ''").header.empty());
  CHECK(line_problems("header: uid, full name ,x") ==
        error_of("header: expected a list of names, got a string; write [\"uid\", \"full name\", \"x\"]"));
  CHECK(line_problems("header: [uid, [name]]") == error_of("header[1]: expected a string, got a list"));
  CHECK(line_problems("header: [uid]") == only("warning: writer.parameter: header: 1 names for 2 columns"));
}

TEST_CASE("target: csvWriterConfig sets how fields are quoted") {
  const Target target = with(
      "csvWriterConfig: {textQualifier: \"'\", forceQualifier: true, escapeMode: 2, comment: ';', delimiter: "
      "'|', recordDelimiter: \"\\r\\n\"}");
  CHECK(target.csv.qualifier == '\'');
  CHECK(target.csv.quotes == CsvStyle::Quotes::always);
  CHECK(target.csv.escape == CsvStyle::Escape::backslash);
  CHECK(target.csv.comment == ';');
  CHECK(target.field_delimiter == "|");
  CHECK(target.line_delimiter == "\r\n");
  CHECK(with("csvWriterConfig: {useTextQualifier: false}").csv.quotes == CsvStyle::Quotes::never);
  CHECK(with("csvWriterConfig: {}", "text").csv == CsvStyle());
  CHECK(with("csvWriterConfig: {escapeMode: 1}").csv == CsvStyle());
}

TEST_CASE("target: wrong values in csvWriterConfig are refused") {
  const auto config = [](std::string_view inside) {
    return line_problems("csvWriterConfig: {" + std::string(inside) + "}");
  };
  CHECK(config("textQualifer: x") ==
        error_of("csvWriterConfig.textQualifer: unknown key, did you mean textQualifier?"));
  CHECK(config("textQualifier: ''''''") ==
        error_of("csvWriterConfig.textQualifier: expected one visible ASCII character, got \"''\""));
  CHECK(config("comment: \u00a7") ==
        error_of("csvWriterConfig.comment: expected one visible ASCII character, got \"\u00a7\""));
  CHECK(config("escapeMode: 3") ==
        error_of("csvWriterConfig.escapeMode: expected a whole number from 1 to 2, got \"3\""));
  CHECK(
      config("useTextQualifier: false, forceQualifier: true") ==
      error_of("csvWriterConfig.forceQualifier: true contradicts useTextQualifier: false; remove one of the "
               "two"));
  CHECK(config("recordDelimiter: ';'") ==
        error_of("csvWriterConfig.recordDelimiter: csv lines end with \"\\n\", \"\\r\\n\" or \"\\r\", got "
                 "\";\"; use one of them, or fileFormat text"));
  CHECK(
      config("delimiter: ab") ==
      error_of("csvWriterConfig.delimiter: csv needs exactly one character, got \"ab\" (a tab is \"\\t\" in "
               "double quotes)"));
  CHECK(config("textQualifier: ','") ==
        error_of("csvWriterConfig: \",\" separates fields and cannot be textQualifier or comment as well; "
                 "choose another character"));
  CHECK(config("textQualifier: '#'") ==
        error_of("csvWriterConfig: textQualifier and comment are the same; choose another character"));
  CHECK(line_problems("csvWriterConfig: {comment: x}", "text") ==
        error_of("csvWriterConfig: needs fileFormat: csv; set that, or remove this"));
  CHECK(line_problems("csvWriterConfig: x") ==
        error_of("csvWriterConfig: expected a map of keys and values, got a string"));
}

TEST_CASE("target: byteEncoding is base64 or nothing") {
  CHECK(with("byteEncoding: BASE64").binary_base64);
  CHECK_FALSE(with("byteEncoding: ''").binary_base64);
  CHECK(
      line_problems("byteEncoding: hex") ==
      error_of("byteEncoding: expected base64, got \"hex\"; hexadecimal is binaryFormat: hex of the reader"));
}

TEST_CASE("target: jsonl takes its names from the columns, or from header") {
  CHECK(with("suffix: x", "jsonl").columns == std::vector<std::string>{"uid", "name"});
  const Target named = with("header: [id, title]", "jsonl");
  CHECK(named.columns == std::vector<std::string>{"id", "title"});
  CHECK(named.header.empty());
  CHECK(line_problems("header: [id]", "jsonl") ==
        only("error: writer.parameter: header: 1 names for 2 columns; jsonl needs one for each"));
  CHECK(
      line_problems("header: [id, id]", "jsonl") ==
      only(
          "error: writer.parameter: jsonl would have two values of the name id; give other names in header"));
  CHECK(line_problems("nullFormat: x", "jsonl") ==
        warning_of("nullFormat: has no effect in jsonl, which has a null of its own"));
}

TEST_CASE("target: jsonl in column mode needs all names, because only the table knows those of its key") {
  const std::string column_mode =
      replaced(replaced(with_line("suffix: x", "jsonl"), "single_version_and_update_only", "multi_version"),
               "          column: [{name: uid}, {name: name}]\n", "");
  const auto refused = problems(column_mode);
  REQUIRE(refused.size() == 1);
  CHECK(refused.front().ends_with(
      "error: writer.parameter: jsonl needs names, and in column mode only the table knows those of its key; "
      "give all in header: the key columns, colName, version, value, opType"));
  const std::string named =
      replaced(column_mode, "suffix: x", "header: [uid, colName, version, value, opType]");
  CHECK(target_of(named).columns.size() == 5);
}

TEST_CASE("target: the names of a row end with the operation and the sequence") {
  const std::string text =
      replaced(kGood, "          mode: single",
               "          exportOpType: true\n          isExportSequenceInfo: true\n          mode: single");
  CHECK(target_of(text).columns == std::vector<std::string>{"uid", "name", "opType", "sequence"});
  CHECK(target_of(text).zone == "Asia/Shanghai");
}

TEST_CASE("target: an escape that is no character stays as it was written") {
  CHECK(unescaped("\\u0041\\u00e9") == "A\u00e9");
  CHECK(unescaped("\\uD7FF\\uE000") == "\uD7FF\uE000");
  for (const std::string text :
       {"\\u", "\\u12", "\\u123", "\\u12g4", "\\u-123", "\\uDFFF", "\\uD800", "\\x41"}) {
    CAPTURE(text);
    CHECK(unescaped(text) == text);
  }
}

TEST_CASE("target: what is refused is shown without control characters") {
  CHECK(
      line_problems("fieldDelimiter: \"\\u0001\\u007f\"") ==
      error_of("fieldDelimiter: csv needs exactly one character, got \"\\u0001\\u007f\" (a tab is \"\\t\" in "
               "double quotes)"));
  CHECK(line_problems("fieldDelimiter: \"\\r\"") ==
        error_of("fieldDelimiter: a quote or a line end cannot separate csv fields; use \",\""));
  CHECK(line_problems("encoding: \"a\\tb\"").front().find("\"a\\u0009b\" is not known") != std::string::npos);
  CHECK(with("encoding: utf-8", "jsonl").encoding == "UTF-8");
}

TEST_CASE("target: letters of a date are Java's, and text in quotes is not looked at") {
  CHECK(with("dateFormat: \"'at' HH 'o''clock' 2018-10\"").date_format == "'at' HH 'o''clock' 2018-10");
  CHECK(with("dateFormat: 'G YYYY ww u a XXX ~{@[`'").date_format == "G YYYY ww u a XXX ~{@[`");
  for (const std::string letter : {"A", "b", "T", "j"})
    CHECK(line_problems("dateFormat: yyyy" + letter) ==
          error_of("dateFormat: \"" + letter +
                   "\" is no letter of a date; put text in single quotes, as in "
                   "yyyy'y'"));
}

TEST_CASE("target: a mark of csv is one visible character, none of the others' marks") {
  const auto config = [](std::string_view inside) {
    return line_problems("csvWriterConfig: {" + std::string(inside) + "}");
  };
  for (const std::string mark : {"''", "' '", "\"\\t\"", "\"\\x7f\""})
    CHECK(config("textQualifier: " + mark).front().find("expected one visible ASCII character") !=
          std::string::npos);
  CHECK(config("comment: ','") ==
        error_of("csvWriterConfig: \",\" separates fields and cannot be textQualifier or comment as well; "
                 "choose another character"));
  CHECK(with("fieldDelimiter: '\u00a7'\n          csvWriterConfig: {comment: ','}").csv.comment == ',');
  CHECK(with("csvWriterConfig: ~").csv == CsvStyle());
  CHECK(config("textQualifier: [x]") ==
        error_of("csvWriterConfig.textQualifier: expected a string, got a list"));
  CHECK(config("useTextQualifier: false, textQualifier: '|'").empty());
}
