#include "core/format/make_encoder.hpp"

#include "tests/unit/core/format/rows.hpp"

#include <limits>

using namespace sluice;
using namespace sluice::test;
using job::FileFormat;
using job::Target;

namespace {

Target target_of(FileFormat format, std::string encoding = "UTF-8") {
  Target target;
  target.file_format = format;
  target.encoding = std::move(encoding);
  return target;
}

// {name, text}, the header's bytes.
std::string header_of(const Target& target) {
  format::ByteBuffer out;
  const auto encoder = encoder_of(target);
  out.append(encoder->object_prefix());
  encoder->append_header(target.header, out);
  return std::string(out.view());
}

}  // namespace

TEST_CASE("make_encoder: each format has its own bytes", "[make_encoder]") {
  Target target = target_of(FileFormat::csv);
  target.columns = {"a", "b"};
  CHECK(line_of(*encoder_of(target), {text("x,y"), pipeline::Value()}) == "\"x,y\",null\n");
  target.file_format = FileFormat::text;
  CHECK(line_of(*encoder_of(target), {text("x,y"), pipeline::Value()}) == "x,y,null\n");
  target.file_format = FileFormat::jsonl;
  CHECK(line_of(*encoder_of(target), {text("x,y"), pipeline::Value()}) == "{\"a\":\"x,y\",\"b\":null}\n");
}

TEST_CASE("make_encoder: delimiters, line ends and nulls are the target's", "[make_encoder]") {
  Target target = target_of(FileFormat::csv);
  target.field_delimiter = "\1";
  target.line_delimiter = "\r\n";
  target.null_format = "\\N";
  target.header = {"a\1b", "c"};
  CHECK(line_of(*encoder_of(target), {text("x,y"), pipeline::Value(), text("\r")}) == "x,y\1\\N\1\"\r\"\r\n");
  CHECK(header_of(target) == "\"a\1b\"\1c\r\n");
  target.line_delimiter = "\r";
  CHECK(line_of(*encoder_of(target), {text("a"), text("b\nc")}) == "a\1\"b\nc\"\r");
  target.file_format = FileFormat::text;
  target.field_delimiter = "||";
  target.line_delimiter = "<end>";
  CHECK(line_of(*encoder_of(target), {text("x"), pipeline::Value()}) == "x||\\N<end>");
  CHECK(header_of(target) == "a\1b||c<end>");
}

TEST_CASE("make_encoder: binary is text or base64 in every format", "[make_encoder]") {
  for (const FileFormat format : {FileFormat::csv, FileFormat::text, FileFormat::jsonl}) {
    Target target = target_of(format);
    CHECK(line_of(*encoder_of(target), {binary("a\xff")}).find("a\xef\xbf\xbd") != std::string::npos);
    target.binary_base64 = true;
    CHECK(line_of(*encoder_of(target), {binary("a\xff")}).find("Yf8=") != std::string::npos);
    CHECK(line_of(*encoder_of(target), {text("x"), binary("")}).find("=") == std::string::npos);
  }
}

TEST_CASE("make_encoder: dates have the target's pattern and zone in every format", "[make_encoder]") {
  constexpr std::int64_t kTime = 1'539'648'000'000;  // 2018-10-16 00:00 UTC
  Target target = target_of(FileFormat::csv);
  CHECK(line_of(*encoder_of(target), {date(kTime)}) == "2018-10-16 08:00:00\n");
  target.zone = "America/New_York";
  target.date_format = "EEE, d MMM yyyy";
  CHECK(line_of(*encoder_of(target), {date(kTime)}) == "\"Mon, 15 Oct 2018\"\n");
  target.file_format = FileFormat::text;
  CHECK(line_of(*encoder_of(target), {date(kTime)}) == "Mon, 15 Oct 2018\n");
  target.file_format = FileFormat::jsonl;
  target.date_format = "'\"'yyyy";
  CHECK(line_of(*encoder_of(target), {date(kTime)}) == "{\"c0\":\"\\\"2018\"}\n");
  CHECK(problem_of(*encoder_of(target), {integer(1), date(1'539'648'000'000'000)}) ==
        "2 is no date of the years 1 to 9999");
}

TEST_CASE("make_encoder: delimiters, quotes and line ends are there in every encoding", "[make_encoder]") {
  Target target = target_of(FileFormat::csv, "UTF-16LE");
  target.header = {"a"};
  CHECK(line_of(*encoder_of(target), {text("x,"), integer(1)}) ==
        std::string("\"\0x\0,\0\"\0,\0001\0\n\0", 14));
  CHECK(header_of(target) == std::string("a\0\n\0", 4));
  target.encoding = "UTF-16";
  CHECK(header_of(target) == std::string("\xfe\xff\0a\0\n", 6));
  CHECK(line_of(*encoder_of(target), {text("x")}) == std::string("\0x\0\n", 4));
  // In Shift_JIS and GBK a second byte may look like a backslash or a letter; the quoting must not see it.
  target = target_of(FileFormat::csv, "Shift_JIS");
  CHECK(line_of(*encoder_of(target), {text("\xe8\xa1\xa8,")}) == "\"\x95\\,\"\n");
  target.field_delimiter = "\xe3\x80\x81";  // an ideographic comma
  CHECK(line_of(*encoder_of(target), {text("a"), text("b")}) ==
        "a\x81\x41"
        "b\n");
  target = target_of(FileFormat::jsonl, "GBK");
  target.columns = {"\xe5\x90\x8d"};
  CHECK(line_of(*encoder_of(target), {text("\xe4\xbd\xa0\n")}) == "{\"\xc3\xfb\":\"\xc4\xe3\\n\"}\n");
}

TEST_CASE("make_encoder: a character that the encoding lacks makes its row dirty and names the column",
          "[make_encoder]") {
  const auto encoder = encoder_of(target_of(FileFormat::csv, "GBK"));
  CHECK(problem_of(*encoder, {integer(1), text("ok"), text("\xf0\x9f\x98\x80")}) ==
        "3 has no GBK for U+1F600");
  CHECK(problem_of(*encoder, {text("\xff")}) == "1 is not UTF-8");
  CHECK(problem_of(*encoder, {text("x"), real(std::numeric_limits<double>::quiet_NaN())}) ==
        "2 is no finite number");

  std::vector<Row> rows(200, Row{text("\xe4\xbd\xa0")});
  rows[130] = {text("\xf0\x9f\x98\x80")};
  format::ByteBuffer out;
  out.append("kept|");
  const format::Encoded encoded = encoder->append(batch_of(rows), 10, 190, out);
  CHECK(encoded.rows == 120);
  CHECK(encoded.column == 1);
  CHECK(out.size() == 5 + 120 * 3);
  const format::Encoded behind = encoder->append(batch_of(rows), 131, 69, out);
  CHECK(behind.rows == 69);
  CHECK(behind.problem == "");
}

TEST_CASE("make_encoder: strings pass through UTF-8 as they are", "[make_encoder]") {
  CHECK(line_of(*encoder_of(target_of(FileFormat::csv)), {text("a\xff")}) == "a\xff\n");
}

TEST_CASE("make_encoder: what cannot work is refused and names the key", "[make_encoder]") {
  Target target = target_of(FileFormat::csv, "EBCDIC");
  CHECK(refusal_of(target).starts_with("use the encoding EBCDIC: it is not known; UTF-8, "));
  CHECK(refusal_of(target).ends_with("correct `encoding`"));
  target = target_of(FileFormat::csv);
  for (const std::string_view delimiter : {"", "\"", "\n", "\r", ",,", "\xff", "\xe4\xbd\xa0\xe4\xbd\xa0"}) {
    target.field_delimiter = delimiter;
    CHECK(refusal_of(target).ends_with("correct `fieldDelimiter`"));
  }
  target = target_of(FileFormat::csv);
  target.line_delimiter = "\n\n";
  CHECK(refusal_of(target) ==
        "use the csv line end: it must be \\n, \\r or \\r\\n, got \"\\n\\n\"; correct `lineDelimiter`");
  target.file_format = FileFormat::jsonl;
  CHECK(refusal_of(target).ends_with("correct `lineDelimiter`"));
  target.file_format = FileFormat::text;
  target.line_delimiter = "";
  CHECK(refusal_of(target).ends_with("correct `lineDelimiter`"));

  target = target_of(FileFormat::csv);
  target.date_format = "yyyy-MM-ddTHH";
  CHECK(refusal_of(target) ==
        "read date pattern \"yyyy-MM-ddTHH\": the letter T at 11 is not known; put text in single quotes; "
        "correct "
        "`dateFormat`");

  target = target_of(FileFormat::jsonl);
  target.columns = {"a", "b", "a"};
  CHECK(refusal_of(target) ==
        "use the column a twice: a JSON object has one value for each name; correct `column`");
}

TEST_CASE("make_encoder: csv styles that contradict themselves are refused", "[make_encoder]") {
  Target target = target_of(FileFormat::csv);
  target.csv.qualifier = '\n';
  CHECK(refusal_of(target).ends_with("correct `csvWriterConfig`"));
  target.csv.qualifier = '#';
  CHECK(refusal_of(target).ends_with("correct `csvWriterConfig`"));
  target.csv.qualifier = '\\';
  CHECK(refusal_of(target) == "");
  target.csv.escape = job::CsvStyle::Escape::backslash;
  CHECK(refusal_of(target).ends_with("correct `csvWriterConfig`"));
  target.csv.qualifier = '"';
  target.field_delimiter = "\\";
  CHECK(refusal_of(target).ends_with("correct `fieldDelimiter`"));
  target = target_of(FileFormat::csv);
  target.csv.quotes = job::CsvStyle::Quotes::never;
  target.null_format = "a,b";
  CHECK(refusal_of(target).ends_with("correct `nullFormat`"));
  target.null_format = "null";
  target.header = {"a\nb"};
  CHECK(refusal_of(target).ends_with("correct `header`"));
}

TEST_CASE("make_encoder: texts of every row that the encoding lacks are refused and name the key",
          "[make_encoder]") {
  const std::string smile = "\xf0\x9f\x98\x80";
  Target target = target_of(FileFormat::csv, "GBK");
  target.field_delimiter = smile;
  CHECK(refusal_of(target) == "use the delimiter: has no GBK for U+1F600; correct `fieldDelimiter`");
  target = target_of(FileFormat::csv, "GBK");
  target.null_format = smile;
  CHECK(refusal_of(target) == "use the text of nulls: has no GBK for U+1F600; correct `nullFormat`");
  target = target_of(FileFormat::text, "GBK");
  target.line_delimiter = smile;
  CHECK(refusal_of(target).ends_with("correct `lineDelimiter`"));
  target = target_of(FileFormat::csv, "GBK");
  target.header = {"a", smile};
  CHECK(refusal_of(target).ends_with("correct `header`"));
  target = target_of(FileFormat::csv, "GBK");
  target.date_format = "yyyy '" + smile + "'";
  CHECK(refusal_of(target).ends_with("correct `dateFormat`"));
  target = target_of(FileFormat::jsonl, "GBK");
  target.null_format = smile;  // jsonl has its own
  CHECK(refusal_of(target) == "");
  target.columns = {smile};
  CHECK(refusal_of(target).ends_with("correct `column`"));
}
