#include "core/tablestore/row_codec.hpp"

#include "tests/support/record_writer.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <fmt/format.h>

#include <charconv>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

namespace json = boost::json;
using pipeline::ValueType;
using tablestore::test::load_vectors;
using tablestore::test::text_of;
using tablestore::test::unhex;

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "hex:00ff" as bytes.
std::string bytes_of(const json::value& value) { return unhex(text_of(value).substr(4)); }

std::optional<Key> key_of(const json::array& golden) {
  Key key;
  for (const auto& cell : golden) {
    const std::string type = text_of(cell.at("type"));
    KeyCell out;
    out.name = text_of(cell.at("name"));
    if (type == "INTEGER") {
      out.kind = KeyCell::Kind::integer;
      out.integer = number_of(text_of(cell.at("value")));
    } else if (type == "STRING") {
      out.text = text_of(cell.at("value"));
    } else if (type == "BINARY") {
      out.kind = KeyCell::Kind::binary;
      out.text = bytes_of(cell.at("value"));
    } else if (type.starts_with("INF")) {
      out.kind = type == "INF_MIN" ? KeyCell::Kind::least : KeyCell::Kind::greatest;
    } else {
      return std::nullopt;
    }
    key.push_back(std::move(out));
  }
  return key;
}

// The cells as we may write them, or nothing.
std::optional<std::vector<AttributeCell>> attributes_of(const json::array& golden) {
  std::vector<AttributeCell> cells;
  for (const auto& cell : golden) {
    if (!cell.at("timestamp").is_null() || !cell.at("op").is_null()) return std::nullopt;
    const std::string type = text_of(cell.at("type"));
    AttributeCell out;
    out.name = text_of(cell.at("name"));
    if (type == "INTEGER") {
      out.kind = AttributeCell::Kind::integer;
      out.integer = number_of(text_of(cell.at("value")));
    } else if (type == "STRING") {
      out.text = text_of(cell.at("value"));
    } else if (type == "BINARY") {
      out.kind = AttributeCell::Kind::binary;
      out.text = bytes_of(cell.at("value"));
    } else {
      return std::nullopt;
    }
    cells.push_back(std::move(out));
  }
  return cells;
}

// True for rows that a read can return.
bool is_read(const json::object& row) {
  if (row.at("delete_row_marker").as_bool()) return false;
  for (const auto& cell : row.at("primary_key").as_array()) {
    const std::string type = text_of(cell.at("type"));
    if (type.starts_with("INF") || type == "AUTO_INCREMENT") return false;
  }
  for (const auto& cell : row.at("cells").as_array()) {
    if (!cell.at("op").is_null()) return false;
  }
  return true;
}

std::string value_text(const pipeline::Value& value) {
  switch (value.type) {
    case ValueType::integer:
      return std::to_string(value.integer);
    case ValueType::real:
      return fmt::format("bits:{:016x}", std::bit_cast<std::uint64_t>(value.real));
    case ValueType::boolean:
      return value.boolean ? "true" : "false";
    default:
      return std::string(value.text);
  }
}

std::string golden_text(const json::value& cell) {
  if (cell.at("value").is_bool()) return cell.at("value").as_bool() ? "true" : "false";
  const std::string text = text_of(cell.at("value"));
  if (cell.at("type").as_string() == "BINARY") return bytes_of(cell.at("value"));
  return cell.at("type").as_string() == "DOUBLE" ? text.substr(0, 21) : text;
}

void check_cells(std::span<const Cell> cells, const json::array& golden) {
  REQUIRE(cells.size() == golden.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    CHECK(cells[i].name == golden[i].at("name").as_string());
    CHECK(value_text(cells[i].value) == golden_text(golden[i]));
    CHECK(cells[i].op == CellOp::put);
    const auto* timestamp = golden[i].as_object().if_contains("timestamp");
    const bool has_version = timestamp != nullptr && !timestamp->is_null();
    CHECK(cells[i].timestamp_ms == (has_version ? timestamp->to_number<std::int64_t>() : 0));
  }
}

std::string page_failure(const std::string& rows) {
  RowReader reader(rows);
  DecodedRecord record;
  for (;;) {
    const auto more = reader.next(record);
    if (more.has_error()) {
      CHECK(more.error().code() == Errc::corrupt);
      return more.error().message();
    }
    if (!*more) return "";
  }
}

TEST_CASE("row codec: keys, rows and deletions are written as the SDKs write them", "[tablestore]") {
  const auto vectors = load_vectors("plainbuffer-rows.json");
  int written = 0;
  for (const auto& vector : vectors.at("rows").as_array()) {
    const auto key = key_of(vector.at("primary_key").as_array());
    const auto cells = attributes_of(vector.at("cells").as_array());
    if (!key || !cells) continue;
    INFO(vector.at("name").as_string());
    const std::string golden = unhex(vector.at("hex").as_string());
    if (vector.at("delete_row_marker").as_bool()) {
      CHECK(encode_deletion(*key) == golden);
    } else {
      CHECK(encode_row(*key, *cells) == golden);
      if (cells->empty()) CHECK(encode_key(*key) == golden);
    }
    ++written;
  }
  CHECK(written == 15);
}

TEST_CASE("row codec: a row of text, numbers and bytes is read back as it was put", "[tablestore]") {
  const Key key{{"k", KeyCell::Kind::binary, 0, std::string("\0\xff", 2)}};
  const std::vector<AttributeCell> cells{{"text", AttributeCell::Kind::string, 0, "表格"},
                                         {"number", AttributeCell::Kind::integer, -5, ""},
                                         {"bytes", AttributeCell::Kind::binary, 0, std::string("\0", 1)},
                                         {"empty", AttributeCell::Kind::string, 0, ""}};
  const std::string bytes = encode_row(key, cells);
  RowReader reader(bytes);
  DecodedRecord record;
  REQUIRE(*reader.next(record));
  CHECK(record.key().front().value.text == std::string("\0\xff", 2));
  REQUIRE(record.attributes().size() == 4);
  CHECK(record.attributes()[0].value.text == "表格");
  CHECK(record.attributes()[1].value.integer == -5);
  CHECK(record.attributes()[2].value.type == ValueType::binary);
  CHECK(record.attributes()[2].value.text == std::string("\0", 1));
  CHECK(record.attributes()[3].value.text.empty());
  CHECK_FALSE(*reader.next(record));
}

TEST_CASE("row codec: every golden key is read, infinities too", "[tablestore]") {
  const auto vectors = load_vectors("plainbuffer-rows.json");
  int read = 0;
  for (const auto& vector : vectors.at("rows").as_array()) {
    const auto key = key_of(vector.at("primary_key").as_array());
    const bool bare = vector.at("cells").as_array().empty() && !vector.at("delete_row_marker").as_bool();
    if (!key || !bare) continue;
    INFO(vector.at("name").as_string());
    const auto decoded = decode_key(unhex(vector.at("hex").as_string()));
    REQUIRE(decoded.has_value());
    CHECK(*decoded == *key);
    ++read;
  }
  CHECK(read == 12);
}

TEST_CASE("row codec: every golden row that a read can return is read", "[tablestore]") {
  const auto vectors = load_vectors("plainbuffer-rows.json");
  int read = 0;
  for (const auto& vector : vectors.at("rows").as_array()) {
    INFO(vector.at("name").as_string());
    const std::string bytes = unhex(vector.at("hex").as_string());
    if (!is_read(vector.as_object())) {
      CHECK_FALSE(page_failure(bytes).empty());
      continue;
    }
    RowReader reader(bytes);
    DecodedRecord record;
    REQUIRE(*reader.next(record));
    check_cells(record.key(), vector.at("primary_key").as_array());
    check_cells(record.attributes(), vector.at("cells").as_array());
    CHECK_FALSE(*reader.next(record));
    ++read;
  }
  CHECK(read == 13);
}

TEST_CASE("row codec: the rows of a page follow each other behind one header", "[tablestore]") {
  const auto vectors = load_vectors("plainbuffer-rows.json");
  const auto& golden = vectors.at("multi_row_buffer");
  const std::string bytes = unhex(golden.at("hex").as_string());
  RowReader reader(bytes);
  DecodedRecord record;
  record.sequence = pipeline::Sequence{1, 2, 3};
  for (const auto& row : golden.at("rows").as_array()) {
    REQUIRE(*reader.next(record));
    check_cells(record.key(), row.at("primary_key").as_array());
    check_cells(record.attributes(), row.at("cells").as_array());
    CHECK(record.sequence == pipeline::Sequence());
  }
  CHECK_FALSE(*reader.next(record));
  CHECK(page_failure("").empty());
}

TEST_CASE("row codec: a page cut anywhere, or with any bit turned, is refused or read otherwise",
          "[tablestore]") {
  const auto vectors = load_vectors("plainbuffer-rows.json");
  const std::string bytes = unhex(vectors.at("multi_row_buffer").at("hex").as_string());
  // Behind whole rows a page may end.
  const std::vector<std::size_t> row_ends{0, 62, 62 + 27, bytes.size()};
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const bool whole = std::find(row_ends.begin(), row_ends.end(), size) != row_ends.end();
    INFO(size);
    CHECK(page_failure(bytes.substr(0, size)).empty() == whole);
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string turned = bytes;
    turned[bit / 8] = static_cast<char>(static_cast<unsigned char>(turned[bit / 8]) ^ (1U << (bit % 8)));
    INFO(bit);
    CHECK_FALSE(page_failure(turned).empty());
  }
}

TEST_CASE("row codec: refusals name what was expected and where", "[tablestore]") {
  using sluice::test::write_record;
  sluice::test::WireRecord record;
  record.key = {{"pk", std::int64_t{1}, {}, {}}};
  record.attributes = {{"a", {}, {}, std::uint8_t{1}}};
  CHECK(page_failure(write_record(record)) ==
        "decode row: at offset 37: expected a value of the cell (tag 0x05), got byte 0x06");
  record.attributes = {{"a", std::int64_t{1}, {}, std::uint8_t{4}}};
  CHECK(page_failure(write_record(record)) ==
        "decode row: at offset 51: expected the cell checksum (tag 0x0a), got byte 0x06");
  record.attributes.clear();
  record.delete_marker = true;
  CHECK(page_failure(write_record(record)) ==
        "decode row: at offset 29: expected the row checksum (tag 0x09), got byte 0x08");
  record.delete_marker = false;
  const std::string row = write_record(record);
  CHECK(page_failure(row + row) ==
        "decode row: at offset 31: expected the key part (tag 0x01), got byte 0x75");
  CHECK(page_failure(encode_key({{"pk", KeyCell::Kind::least, 0, {}}})) ==
        "decode row: at offset 18: expected a value type (0x00, 0x01, 0x02, 0x03 or 0x07), got 0x09");
  CHECK(decode_key(row + "x").error().message() ==
        "decode key: at offset 31: expected the end of the key, got 1 more bytes");
  record.attributes = {{"a", std::int64_t{1}, {}, {}}};
  CHECK(decode_key(write_record(record)).error().message() ==
        "decode key: at offset 29: expected the row checksum (tag 0x09), got byte 0x02");
  record.key = {{"pk", 0.5, {}, {}}};
  CHECK(decode_key(write_record(record)).error().message() ==
        "decode key: at offset 27: expected a key value that is an integer, a string or binary, got another "
        "type");
  CHECK(decode_key("").error().message() ==
        "decode key: at offset 0: expected the header of 4 bytes, got only 0 bytes");
}

TEST_CASE("row codec: a row may hold more cells than one write", "[tablestore]") {
  sluice::test::WireRecord wide;
  wide.key = {{"pk", std::int64_t{1}, {}, {}}};
  for (int i = 0; i < 5000; ++i) wide.attributes.push_back({fmt::format("c{}", i), true, 1000, {}});
  const std::string bytes = write_record(wide);
  RowReader reader(bytes);
  DecodedRecord record;
  REQUIRE(*reader.next(record));
  CHECK(record.attributes().size() == 5000);
}

TEST_CASE("row codec: the answers of the service and of the SDKs' tests are read", "[tablestore]") {
  int rows = 0;
  for (const char* file : {"captured-server-responses.json", "responses-java.json"}) {
    const auto vectors = load_vectors(file);
    for (const auto& vector : vectors.at("responses").as_array()) {
      if (vector.at("operation").as_string() != "GetRange") continue;
      const auto page = decode_row_page(unhex(vector.at("body_hex").as_string()));
      REQUIRE(page.has_value());
      RowReader reader(page->rows);
      DecodedRecord record;
      while (*reader.next(record)) ++rows;
      if (!page->next) continue;
      CHECK(*page->next == Key{{"pk", KeyCell::Kind::integer, 3, {}}});
    }
  }
  CHECK(rows == 5);
}

TEST_CASE("row codec: an answer that cannot be a page is refused", "[tablestore]") {
  const auto failure = [](std::string_view hex) { return decode_row_page(unhex(hex)).error().message(); };
  CHECK(failure("") == "decode page of 0 bytes: no rows at byte 0");
  CHECK(failure("1205") == "decode page of 2 bytes: a length beyond the end at byte 2");
  CHECK(failure("1001") == "decode page of 2 bytes: rows that are not bytes at byte 2");
  CHECK(failure("12001801") == "decode page of 4 bytes: a next key that is not bytes at byte 4");
  CHECK(failure("120008011a00") == "decode page of 6 bytes: capacity that is not a message at byte 4");
  CHECK(failure("1200a006") == "decode page of 4 bytes: ends inside a number at byte 4");
  CHECK(failure("1200220101") == "decode page of 5 bytes: a row that is cut at byte 5");
  CHECK(failure("12002801") == "decode page of 4 bytes: rows that are not plain buffers at byte 4");
  CHECK(failure("12003001") == "decode page of 4 bytes: rows that are compressed at byte 4");
  CHECK(failure("12001a0175") ==
        "decode page of 5 bytes: decode key: at offset 0: expected the header of 4 bytes, got only 1 bytes");
  CHECK(decode_row_page(unhex("12001a002200")).has_value());
}

}  // namespace
