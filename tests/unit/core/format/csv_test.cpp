#include "core/format/csv.hpp"

#include "tests/unit/core/format/rows.hpp"

#include <boost/json.hpp>

#include <map>
#include <random>

using namespace sluice;
using format::ByteBuffer;
using format::CsvEncoder;
using pipeline::RowBatch;
using pipeline::Value;
using pipeline::ValueType;

namespace {

using Quotes = job::CsvStyle::Quotes;
using Escape = job::CsvStyle::Escape;
using Rows = std::vector<std::vector<std::string>>;

RowBatch batch_of(const Rows& rows, std::size_t columns) {
  RowBatch batch(columns);
  for (const auto& row : rows) {
    Value* values = batch.append_row();
    for (std::size_t column = 0; column < columns; ++column) {
      values[column].type = ValueType::string;
      values[column].text = row[column];
    }
  }
  return batch;
}

// One row of strings, with the default settings.
std::string line_of(const std::vector<std::string>& row, const std::string& delimiter = ",") {
  const Rows rows = {row};
  const RowBatch batch = batch_of(rows, row.size());
  ByteBuffer out;
  REQUIRE(CsvEncoder({delimiter}).append(batch, 0, 1, out).problem.empty());
  return std::string(out.view());
}

format::CsvForm form_of(job::CsvStyle style, std::string line_end = "\n") {
  format::CsvForm form;
  form.style = style;
  form.line_end = std::move(line_end);
  return form;
}

// Strict RFC 4180 with LF: a quoted field ends at a quote before a delimiter or LF, nothing else may follow.
Rows parse_strictly(std::string_view text, char delimiter) {
  Rows rows;
  while (!text.empty()) {
    auto& row = rows.emplace_back();
    while (true) {
      std::string field;
      if (text.starts_with('"')) {
        text.remove_prefix(1);
        while (true) {
          const std::size_t quote = text.find('"');
          REQUIRE(quote != std::string_view::npos);
          field += text.substr(0, quote);
          text.remove_prefix(quote + 1);
          if (!text.starts_with('"')) break;
          field += '"';
          text.remove_prefix(1);
        }
      } else {
        const char stops[] = {delimiter, '\n'};
        const std::size_t size = text.find_first_of(std::string_view(stops, 2));
        REQUIRE(size != std::string_view::npos);
        field = text.substr(0, size);
        REQUIRE(field.find_first_of("\"\r") == std::string::npos);
        text.remove_prefix(size);
      }
      row.push_back(std::move(field));
      REQUIRE_FALSE(text.empty());
      const char end = text.front();
      text.remove_prefix(1);
      if (end == '\n') break;
      REQUIRE(end == delimiter);
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("csv rows equal the original's but where it trims or leaves CR bare", "[csv]") {
  // Where we differ on purpose (docs/compare-datax.md); everything else must be the original's bytes.
  const std::map<std::string, std::string> ours = {
      {"delimiter_and_quote", "\"a,b\",\"x\"\"y\", z ,\n"},
      {"newline", "\"l1\nl2\",\"l1\rl2\",\"l1\r\nl2\"\n"},
      {"trim_control_chars", std::string("\"\t a \n\",\1b\0,\343\200\200c\343\200\200,   \n", 24)},
      {"first_column_blank", "   ,x\n"},
  };
  const boost::json::value json = boost::json::parse(sluice::test::file_of("oss/osswriter_rows.json"));
  std::size_t compared = 0;
  for (const auto& entry : json.at("csv").as_array()) {
    if (!entry.at("csvWriterConfig").as_string().empty() || entry.at("recordDelimiter").as_string() != "\n")
      continue;
    const std::string name(entry.at("name").as_string());
    const CsvEncoder encoder({std::string(entry.at("fieldDelimiter").as_string())});
    ByteBuffer out;
    for (const auto& fields : entry.at("rows").as_array()) {
      Rows rows(1);
      for (const auto& field : fields.as_array()) rows[0].emplace_back(field.as_string());
      REQUIRE(encoder.append(batch_of(rows, rows[0].size()), 0, 1, out).problem.empty());
    }
    const auto difference = ours.find(name);
    CAPTURE(name);
    CHECK(out.view() ==
          (difference == ours.end() ? std::string(entry.at("output").as_string()) : difference->second));
    ++compared;
  }
  CHECK(compared == 13);
}

TEST_CASE("csv settings of the original give the original's bytes", "[csv]") {
  const std::map<std::string, std::pair<format::CsvForm, std::string>> settings = {
      {"force_qualifier", {form_of({.quotes = Quotes::always}), ""}},
      {"escape_mode_2", {form_of({.escape = Escape::backslash}), ""}},
      // A lone LF is quoted here too, whatever ends the lines.
      {"cr_record_delimiter_from_crlf", {form_of({}, "\r"), "a,\"b\nc\",\"d\re\"\r"}},
  };
  const boost::json::value json = boost::json::parse(sluice::test::file_of("oss/osswriter_rows.json"));
  std::size_t compared = 0;
  for (const auto& entry : json.at("csv").as_array()) {
    const auto setting = settings.find(std::string(entry.at("name").as_string()));
    if (setting == settings.end()) continue;
    const auto& [form, ours] = setting->second;
    const CsvEncoder encoder(form);
    ByteBuffer out;
    for (const auto& fields : entry.at("rows").as_array()) {
      Rows rows(1);
      for (const auto& field : fields.as_array()) rows[0].emplace_back(field.as_string());
      REQUIRE(encoder.append(batch_of(rows, rows[0].size()), 0, 1, out).problem.empty());
    }
    CAPTURE(setting->first);
    CHECK(out.view() == (ours.empty() ? std::string(entry.at("output").as_string()) : ours));
    ++compared;
  }
  CHECK(compared == settings.size());
}

TEST_CASE("csv qualifier, comment and escape are those of the style", "[csv]") {
  const CsvEncoder single(form_of({.qualifier = '\'', .comment = ';'}));
  CHECK(sluice::test::line_of(single, {sluice::test::text(";a"), sluice::test::text("b'"),
                                       sluice::test::text("c\""), sluice::test::text("#")}) ==
        "';a','b''',c\",#\n");
  const CsvEncoder escaping(form_of({.escape = Escape::backslash}));
  CHECK(sluice::test::line_of(escaping, {sluice::test::text("\\"), sluice::test::text("\\,"),
                                         sluice::test::text("a\nb"), sluice::test::text("")}) ==
        "\\\\,\"\\\\,\",\"a\nb\",\n");
  CHECK(sluice::test::line_of(escaping, {sluice::test::text("")}) == "\"\"\n");
}

TEST_CASE("csv with quotes always quotes what is not text, too", "[csv]") {
  const CsvEncoder encoder(form_of({.quotes = Quotes::always}));
  CHECK(sluice::test::line_of(encoder,
                              {sluice::test::integer(1), sluice::test::real(2), sluice::test::boolean(true),
                               pipeline::Value(), sluice::test::binary("b"), sluice::test::date(0)}) ==
        "\"1\",\"2.0\",\"true\",\"null\",\"b\",\"1970-01-01 00:00:00\"\n");
}

TEST_CASE("csv without quotes never breaks a line: its row is dirty, or a backslash escapes", "[csv]") {
  const CsvEncoder bare(form_of({.quotes = Quotes::never}));
  CHECK(sluice::test::line_of(bare, {sluice::test::text("#\""), sluice::test::text("b\"c"),
                                     sluice::test::text("")}) == "#\",b\"c,\n");
  for (const std::string_view text : {"a,", "\n", "x\ry"}) {
    CHECK(sluice::test::problem_of(bare, {sluice::test::integer(1), sluice::test::text(text)}) ==
          "2 holds the delimiter or a line end and must not be quoted");
  }
  const CsvEncoder escaping(form_of({.quotes = Quotes::never, .escape = Escape::backslash}));
  CHECK(sluice::test::line_of(escaping, {sluice::test::text("#a,"), sluice::test::text("b\"c\\"),
                                         sluice::test::text("\r\n")}) == "\\#a\\,,b\"c\\\\,\\\r\\\n\n");
}

TEST_CASE("csv without quotes escapes a backslash once where it begins a comment as well", "[csv]") {
  const CsvEncoder encoder(form_of({.quotes = Quotes::never, .escape = Escape::backslash, .comment = '\\'}));
  CHECK(sluice::test::line_of(encoder, {sluice::test::text("\\N"), sluice::test::text("\\N")}) ==
        "\\\\N,\\\\N\n");
}

TEST_CASE("csv quotes at every place of fields of every length are doubled", "[csv]") {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string field(size, 'x');
      field[at] = '"';
      std::string doubled = field;
      doubled.insert(at, "\"");
      REQUIRE(line_of({"a", field}) == "a,\"" + doubled + "\"\n");
    }
  }
}

TEST_CASE("csv values of every type are written in their one form", "[csv]") {
  RowBatch batch(7);
  Value* row = batch.append_row();
  row[1].type = ValueType::integer;
  row[1].integer = -12;
  row[2].type = ValueType::real;
  row[2].real = 1e10;
  row[3].type = ValueType::boolean;
  row[3].boolean = true;
  row[4].type = ValueType::string;
  row[4].text = "\xe4\xbd\xa0,";
  row[5].type = ValueType::binary;
  row[5].text = "\xff\xfe\x41";
  row[6].type = ValueType::boolean;
  row[6].boolean = false;
  ByteBuffer out;
  REQUIRE(CsvEncoder({",", "null"}).append(batch, 0, 1, out).problem.empty());
  CHECK(out.view() ==
        "null,-12,10000000000,true,\"\xe4\xbd\xa0,\",\xef\xbf\xbd\xef\xbf\xbd"
        "A,false\n");
}

TEST_CASE("csv null text is quoted like any other text", "[csv]") {
  RowBatch batch(2);
  batch.append_row();
  ByteBuffer empty;
  REQUIRE(CsvEncoder({",", ""}).append(batch, 0, 1, empty).problem.empty());
  CHECK(empty.view() == "\"\",\n");
  ByteBuffer odd;
  REQUIRE(CsvEncoder({",", "#,"}).append(batch, 0, 1, odd).problem.empty());
  CHECK(odd.view() == "\"#,\",\"#,\"\n");
}

TEST_CASE("csv numbers and booleans that hold the delimiter are quoted", "[csv]") {
  RowBatch batch(3);
  Value* row = batch.append_row();
  row[0].type = ValueType::integer;
  row[0].integer = -5;
  row[1].type = ValueType::real;
  row[1].real = 0.5;
  row[2].type = ValueType::boolean;
  row[2].boolean = true;
  ByteBuffer minus;
  REQUIRE(CsvEncoder({"-"}).append(batch, 0, 1, minus).problem.empty());
  CHECK(minus.view() == "\"-5\"-0.5-true\n");
  ByteBuffer point;
  REQUIRE(CsvEncoder({"."}).append(batch, 0, 1, point).problem.empty());
  CHECK(point.view() == "-5.\"0.5\".true\n");
}

TEST_CASE("csv takes a delimiter of several bytes and does not mistake its neighbours for it", "[csv]") {
  const std::string comma = "\xef\xbc\x8c";  // full-width comma
  CHECK(line_of({"a", "x\xef\xbc\x8cy", "x\xef\xbc\x9ay"}, comma) ==
        "a" + comma + "\"x\xef\xbc\x8cy\"" + comma + "x\xef\xbc\x9ay\n");
}

TEST_CASE("csv finds a special byte at every place of a long field", "[csv]") {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string field(size, 'x');
      field[at] = '\r';
      REQUIRE(line_of({"a", field}) == "a,\"" + field + "\"\n");
    }
    REQUIRE(line_of({"a", std::string(size, 'x')}) == "a," + std::string(size, 'x') + "\n");
  }
}

TEST_CASE("csv stops before the row with a number that has no text and names the column", "[csv]") {
  RowBatch batch(2);
  batch.append_row();
  Value* row = batch.append_row();
  row[1].type = ValueType::real;
  row[1].real = std::numeric_limits<double>::quiet_NaN();
  batch.append_row();
  ByteBuffer out;
  out.append("kept|");
  const format::Encoded encoded = CsvEncoder({",", "null"}).append(batch, 0, 3, out);
  CHECK(encoded.rows == 1);
  CHECK(encoded.column == 2);
  CHECK(encoded.problem == "is no finite number");
  CHECK(out.view() == "kept|null,null\n");
}

TEST_CASE("csv header follows the rules of a row", "[csv]") {
  ByteBuffer out;
  const std::vector<std::string> names = {"#id", "n,1", "plain"};
  CsvEncoder({",", "null"}).append_header(names, out);
  CHECK(out.view() == "\"#id\",\"n,1\",plain\n");
}

TEST_CASE("csv of nasty random rows reads back the same through a strict parser", "[csv]") {
  std::mt19937_64 random(42);
  constexpr std::string_view kPieces[] = {"\"",
                                          "\"\"",
                                          ",",
                                          "\n",
                                          "\r",
                                          "\r\n",
                                          "#",
                                          " ",
                                          "\t",
                                          "a",
                                          "null",
                                          ";",
                                          "\xe4\xbd\xa0",
                                          "=1+1",
                                          std::string_view("\0", 1),
                                          "0123456789abcdefg"};
  for (int round = 0; round < 400; ++round) {
    const char delimiter = round % 2 == 0 ? ',' : '\1';
    const std::size_t columns = 1 + random() % 6;
    Rows rows(1 + random() % 20);
    for (auto& row : rows) {
      for (std::size_t column = 0; column < columns; ++column) {
        std::string& field = row.emplace_back();
        for (std::size_t left = random() % 6; left > 0; --left)
          field += kPieces[random() % std::size(kPieces)];
      }
    }
    ByteBuffer out;
    REQUIRE(CsvEncoder({std::string(1, delimiter)})
                .append(batch_of(rows, columns), 0, rows.size(), out)
                .problem.empty());
    REQUIRE(parse_strictly(out.view(), delimiter) == rows);
  }
}
