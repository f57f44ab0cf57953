// What a record, a row of a page and a key are refused for: the offset, what was expected and what came.
#include "core/tablestore/plain_buffer.hpp"
#include "tests/support/record_writer.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using sluice::test::little_endian;
using sluice::test::slow_crc8;
using sluice::test::wire_length;
using sluice::test::WireCell;
using sluice::test::WireRecord;

constexpr pipeline::Sequence kSequence{1, 1'500'000'000'000'001, 0};

// "at offset 17: expected ..., got ..."; "" when the bytes are taken.
std::string message_of(const Result<void>& decoded, const std::string& doing) {
  if (decoded) return "";
  CHECK(decoded.error().code() == Errc::corrupt);
  REQUIRE(decoded.error().message().starts_with(doing));
  return decoded.error().message().substr(doing.size());
}
std::string record_refusal(const std::string& bytes) {
  DecodedRecord record;
  return message_of(decode_record(bytes, record), "decode stream record: ");
}
std::string row_refusal(const std::string& bytes) {
  DecodedRecord record;
  const auto decoded = decode_row(bytes, 0, record);
  return message_of(decoded ? Result<void>() : Result<void>(decoded.error()), "decode row: ");
}
std::string key_refusal(const std::string& bytes) {
  DecodedRecord record;
  return message_of(decode_bare_key(bytes, record), "decode key: ");
}

struct Shape {
  std::string end;
  std::function<std::string(const std::string&)> refusal;
};
const std::vector<Shape> kShapes = {{"the end of the record", record_refusal},
                                    {"the end of the page", row_refusal},
                                    {"the end of the key", key_refusal}};

const std::string kStart = wire_length(0x75) + '\x01';
const std::string kName = "\x04" + wire_length(1) + "k";

// A value's tag, length and bytes: type and payload.
std::string value(const std::string& variant) { return '\x05' + wire_length(variant.size()) + variant; }

const std::string kNumber = value(std::string(9, '\0'));

// A cell behind its tag, in which something is wrong.
struct Case {
  std::string cell;
  int at;  // offset behind the cell's tag
  std::string expected;
  std::string got;
};

std::string refusal_text(std::size_t start, const Case& wrong, const std::string& end) {
  return fmt::format("at offset {}: expected {}, got {}", start + static_cast<std::size_t>(wrong.at),
                     wrong.expected, wrong.got == "END" ? end : wrong.got);
}

const std::vector<Case> kBadCells = {
    {"", 0, "a cell name (tag 0x04)", "END"},
    {"\x05", 0, "a cell name (tag 0x04)", "byte 0x05"},
    {std::string("\x04\1\0", 3), 1, "the length of a cell name of 4 bytes", "only 2 bytes"},
    {"\x04" + wire_length(0), 1, "a cell name of 1 to 255 bytes", "0"},
    {"\x04" + wire_length(256) + std::string(256, 'x'), 1, "a cell name of 1 to 255 bytes", "256"},
    {"\x04" + wire_length(5) + "ab", 5, "a cell name of 5 bytes", "only 2 bytes"},
    {kName + "\x05", 7, "the length of a value of 4 bytes", "only 0 bytes"},
    {kName + "\x05" + wire_length(0) + "abc", 7, "a value of 1 to 3 bytes", "0"},
    {kName + "\x05" + wire_length(4) + "abc", 7, "a value of 1 to 3 bytes", "4"},
    {kName + value(std::string(8, '\0')), 12, "an integer of 8 bytes", "7"},
    {kName + value(std::string(10, '\0')), 12, "an integer of 8 bytes", "9"},
    {kName + value("\1" + std::string(7, '\0')), 12, "a double of 8 bytes", "7"},
    {kName + value("\2"), 12, "a boolean of 1 bytes", "0"},
    {kName + value("\2\1\1"), 12, "a boolean of 1 bytes", "2"},
    {kName + value("\2\2"), 12, "a boolean of 0 or 1", "2"},
    {kName + value("\3abc"), 11, "a text of at least 5 bytes in all", "4"},
    {kName + value("\3" + wire_length(2) + "abc"), 12, "text length 3", "2"},
    {kName + value("\7" + wire_length(4) + "abc"), 12, "text length 3", "4"},
};

}  // namespace

TEST_CASE("plain buffer refusals: of a key cell, in a record, a row and a key", "[tablestore]") {
  for (const Shape& shape : kShapes) {
    for (const Case& wrong : kBadCells) {
      CHECK(shape.refusal(kStart + '\x03' + wrong.cell) == refusal_text(kStart.size() + 1, wrong, shape.end));
    }
    const std::string start = kStart + '\x03' + kName;
    CHECK(shape.refusal(start + "\x0a") ==
          "at offset 12: expected a value of the key cell (tag 0x05), got byte 0x0a");
    CHECK(shape.refusal(start) ==
          "at offset 12: expected a value of the key cell (tag 0x05), got " + shape.end);
    for (const std::string& variant : {"\1" + std::string(8, '\0'), std::string("\2\1")}) {
      CHECK(shape.refusal(start + value(variant))
                .find("expected a key value that is an integer, a string or "
                      "binary, got another type") != std::string::npos);
    }
    CHECK(shape.refusal(start + kNumber) ==
          "at offset 26: expected the cell checksum (tag 0x0a), got " + shape.end);
    CHECK(shape.refusal(start + kNumber + '\x0a') ==
          "at offset 27: expected cell checksum, got " + shape.end);
    const unsigned crc = slow_crc8(slow_crc8(0, "k"), std::string(9, '\0'));
    CHECK(shape.refusal(start + kNumber + '\x0a' + static_cast<char>(crc ^ 1U)) ==
          fmt::format("at offset 27: expected cell checksum {:#04x}, got {:#04x}", crc, crc ^ 1U));
  }
}

TEST_CASE("plain buffer refusals: of an attribute cell, in a record and a row", "[tablestore]") {
  std::string start = kStart;
  std::uint8_t crc = 0;
  sluice::test::write_cell(start, {"pk", std::int64_t{1}, {}, {}}, crc);
  start += "\x02\x03";
  for (std::size_t n = 0; n < 2; ++n) {
    const Shape& shape = kShapes[n];
    for (const Case& wrong : kBadCells)
      CHECK(shape.refusal(start + wrong.cell) == refusal_text(start.size(), wrong, shape.end));
    const std::string version = kName + kNumber + '\x07';
    const Case short_one{version + "abc", 21, "a timestamp of 8 bytes", "only 3 bytes"};
    const Case negative{version + little_endian(std::int64_t{-1}), 21,
                        "a timestamp of 0 to 9223372036854775 ms", "-1"};
    const Case large{version + little_endian(std::int64_t{9'223'372'036'854'776}), 21,
                     "a timestamp of 0 to 9223372036854775 ms", "9223372036854776"};
    for (const Case& wrong : {short_one, negative, large})
      CHECK(shape.refusal(start + wrong.cell) == refusal_text(start.size(), wrong, shape.end));
  }
  CHECK(row_refusal(start + kName + "\x0a") ==
        "at offset 37: expected a value of the cell (tag 0x05), got byte 0x0a");
}

TEST_CASE("plain buffer refusals: operations that do not fit the rest of their cell", "[tablestore]") {
  std::string start = kStart;
  std::uint8_t crc = 0;
  sluice::test::write_cell(start, {"pk", std::int64_t{1}, {}, {}}, crc);
  start += "\x02\x03";
  const std::string time = '\x07' + little_endian(std::int64_t{1000});
  const std::vector<Case> cases = {
      {kName + "\x06", 7, "a cell operation", "END"},
      {kName + "\x06\x02", 7, "a cell operation of the change log (0x01 or 0x03)", "0x02"},
      {kName + kNumber + "\x0a", 20, "a put cell with value and timestamp", "byte 0x0a"},
      {kName + time + "\x0a", 15, "a put cell with value and timestamp", "byte 0x0a"},
      {kName, 6, "a put cell with value and timestamp", "END"},
      {kName + kNumber + "\x06\x01", 22, "a delete cell without value", "a value"},
      {kName + kNumber + "\x06\x03" + time, 31, "a delete cell without value", "a value"},
      {kName + "\x06\x01" + time, 17, "a delete of all versions without one", "a timestamp"},
      {kName + "\x06\x03\x0a", 8, "the version to delete (tag 0x07)", "byte 0x0a"},
      {kName + "\x06\x03", 8, "the version to delete (tag 0x07)", "END"},
  };
  for (const Case& wrong : cases) {
    CHECK(record_refusal(start + wrong.cell) == refusal_text(start.size(), wrong, "the end of the record"));
  }
}

TEST_CASE("plain buffer refusals: bounds are for keys alone, and hold nothing", "[tablestore]") {
  const std::string start = kStart + '\x03' + kName;
  for (const std::string type : {"\x09", "\x0a"}) {
    const unsigned number = static_cast<unsigned char>(type[0]);
    const std::string types = " (0x00, 0x01, 0x02, 0x03 or 0x07), got ";
    CHECK(record_refusal(start + value(type)) ==
          fmt::format("at offset 17: expected a value type{}{:#04x}", types, number));
    CHECK(row_refusal(start + value(type)) ==
          fmt::format("at offset 17: expected a value type{}{:#04x}", types, number));
    CHECK(key_refusal(start + value(type + "x")) == "at offset 18: expected a bound of 0 bytes, got 1");
  }
  CHECK(key_refusal(start + value("\x05")) ==
        "at offset 17: expected a value type (0x00, 0x03, 0x07, 0x09 or 0x0a), got 0x05");
}

TEST_CASE("plain buffer refusals: headers, key parts and checksums of rows", "[tablestore]") {
  WireRecord wire;
  wire.key = {{"pk", std::int64_t{1}, {}, {}}};
  for (const Shape& shape : kShapes) {
    CHECK(shape.refusal(wire_length(0x76)) == "at offset 0: expected header 0x00000075, got 0x00000076");
    CHECK(shape.refusal(wire_length(0x75)) ==
          "at offset 4: expected the key part (tag 0x01), got " + shape.end);
    CHECK(shape.refusal(kStart) == "at offset 5: expected a key cell (tag 0x03), got " + shape.end);
    CHECK(shape.refusal(kStart + '\x02') == "at offset 5: expected a key cell (tag 0x03), got byte 0x02");
    wire.sequence.reset();
    if (shape.end == "the end of the record") wire.sequence = kSequence;
    const std::string good = sluice::test::write_record(wire);
    CHECK(shape.refusal(good) == "");
    const std::size_t end = good.size();
    CHECK(shape.refusal(good.substr(0, end - 1)) ==
          fmt::format("at offset {}: expected row checksum, got {}", end - 1, shape.end));
    CHECK(shape.refusal(good.substr(0, end - 2)) ==
          fmt::format("at offset {}: expected the row checksum (tag 0x09), got {}", end - 2, shape.end));
    const unsigned crc = static_cast<unsigned char>(good.back());
    CHECK(shape.refusal(good.substr(0, end - 1) + static_cast<char>(crc ^ 1U)) ==
          fmt::format("at offset {}: expected row checksum {:#04x}, got {:#04x}", end - 1, crc, crc ^ 1U));
    WireRecord many = wire;
    many.key.assign(16, wire.key[0]);
    CHECK(shape.refusal(sluice::test::write_record(many)) == "");
    many.key.assign(17, wire.key[0]);
    CHECK(
        shape.refusal(sluice::test::write_record(many)).find("expected at most 16 key cells, got one more") !=
        std::string::npos);
  }
}

TEST_CASE("plain buffer refusals: a row of a page has at most 100,000 attribute cells", "[tablestore]") {
  WireRecord wire;
  wire.key = {{"pk", std::int64_t{1}, {}, {}}};
  wire.attributes.assign(100'000, WireCell{"c", true, {}, {}});
  const std::string good = sluice::test::write_record(wire);
  CHECK(row_refusal(good) == "");
  CHECK(row_refusal(good.substr(0, good.size() - 2) + '\x03') ==
        fmt::format("at offset {}: expected at most 100000 attribute cells, got one more", good.size() - 2));
}

TEST_CASE("plain buffer refusals: of the extension of a record and its sequence information",
          "[tablestore]") {
  WireRecord wire;
  wire.key = {{"pk", std::int64_t{1}, {}, {}}};
  const std::string bare = sluice::test::write_record(wire);
  const std::string start = bare.substr(0, bare.size() - 2);
  const std::string rest = bare.substr(bare.size() - 2);
  const std::string sequence = sluice::test::wire_extension(kSequence).substr(5);
  const auto extension = [](const std::string& entries) {
    return '\x0b' + wire_length(entries.size()) + entries;
  };
  const auto with_byte = [&](std::size_t at, char byte) {
    std::string changed = sequence;
    changed[at] = byte;
    return extension(changed);
  };
  CHECK(record_refusal(start + extension(sequence) + rest) == "");
  const std::vector<Case> cases = {
      {"", 0, "the extension with the sequence information (tag 0x0b)", "END"},
      {"\x0b\x01", 1, "the length of the extension of 4 bytes", "only 1 bytes"},
      {"\x0b" + wire_length(4) + "abc", 1, "at most 3 bytes", "4"},
      {extension(""), 0, "sequence information (tag 0x0c)", "an extension without it"},
      {extension("\x1f" + wire_length(3).substr(0, 3)), 6, "the length of an extension entry",
       "the extension's end"},
      {extension("\x1f" + wire_length(4) + "abc"), 6, "at most 3 bytes", "4"},
      {extension("\x0c" + wire_length(18) + std::string(18, 'x')), 6, "19 bytes of sequence information",
       "18"},
      {extension("\x0c" + wire_length(20) + std::string(20, 'x')), 6, "19 bytes of sequence information",
       "20"},
      {with_byte(5, '\x0e'), 10, "the epoch (tag 0x0d)", "byte 0x0e"},
      {with_byte(10, '\x0d'), 15, "the record time (tag 0x0e)", "byte 0x0d"},
      {with_byte(19, '\x0e'), 24, "the row index (tag 0x0f)", "byte 0x0e"},
  };
  for (const Case& wrong : cases)
    CHECK(record_refusal(start + wrong.cell) == refusal_text(start.size(), wrong, "the end of the record"));
}
