#include "core/tablestore/plain_buffer.hpp"

#include "core/tablestore/crc8.hpp"
#include "tests/support/record_writer.hpp"
#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <charconv>
#include <fstream>
#include <iterator>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

namespace json = boost::json;
using pipeline::ValueType;
using sluice::test::WireCell;
using sluice::test::WireRecord;

json::value vectors(const std::string& file) {
  std::ifstream in(sluice::test::test_data("tablestore/" + file));
  REQUIRE(in.good());
  return json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

// The checksum as a caller inside a larger buffer gets it.
std::uint8_t crc_of(std::uint8_t crc, const std::string& bytes) {
  const std::string padded = "\xff\xff\xff\xff\xff\xff\xff\xff" + bytes;
  return crc8(crc, std::string_view(padded).substr(8));
}

constexpr pipeline::Sequence kSequence{1, 1'500'000'000'000'001, 0};

WireRecord sample() {
  WireRecord record;
  record.key = {WireCell{"pk", std::string("user"), {}, {}}};
  record.attributes = {WireCell{"a", std::int64_t{-5}, 1000, {}}};
  record.sequence = kSequence;
  return record;
}

std::string failure_of(const std::string& bytes) {
  DecodedRecord record;
  const auto result = decode_record(bytes, record);
  if (!result.has_error()) return "";
  CHECK(result.error().code() == Errc::corrupt);
  return result.error().message();
}

// A golden value in the text form of the vectors.
void check_value(const pipeline::Value& value, const json::object& golden) {
  if (golden.at("type").is_null()) {
    CHECK(value.type == ValueType::null);
    return;
  }
  const std::string type = text_of(golden.at("type"));
  const json::value& expected = golden.at("value");
  if (type == "INTEGER") {
    CHECK(value.type == ValueType::integer);
    CHECK(std::to_string(value.integer) == text_of(expected));
  } else if (type == "DOUBLE") {
    CHECK(value.type == ValueType::real);
    const std::string bits = text_of(expected).substr(5, 16);
    CHECK(fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value.real)) == bits);
  } else if (type == "BOOLEAN") {
    CHECK(value.type == ValueType::boolean);
    CHECK(value.boolean == expected.as_bool());
  } else if (type == "STRING") {
    CHECK(value.type == ValueType::string);
    CHECK(value.text == expected.as_string());
  } else {
    CHECK(value.type == ValueType::binary);
    CHECK(value.text == from_hex(text_of(expected).substr(4)));
  }
}

void check_cells(std::span<const Cell> cells, const json::array& golden) {
  REQUIRE(cells.size() == golden.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const json::object& expected = golden[i].as_object();
    CHECK(cells[i].name == expected.at("name").as_string());
    check_value(cells[i].value, expected);
    const auto* timestamp = expected.if_contains("timestamp");
    CHECK(cells[i].timestamp_ms ==
          (timestamp && !timestamp->is_null() ? timestamp->to_number<std::int64_t>() : 0));
    const auto* op = expected.if_contains("op");
    const std::string name = op && !op->is_null() ? text_of(*op) : "PUT";
    CHECK((cells[i].op == CellOp::put) == (name == "PUT"));
    CHECK((cells[i].op == CellOp::delete_one_version) == (name == "DELETE_ONE_VERSION"));
  }
}

// True for rows that only requests or answers hold, never a change log.
bool foreign_to_the_log(const json::object& row) {
  for (const auto& cell : row.at("primary_key").as_array()) {
    const std::string type = text_of(cell.at("type"));
    if (type.starts_with("INF") || type == "AUTO_INCREMENT") return true;
  }
  for (const auto& cell : row.at("cells").as_array()) {
    const auto& op = cell.at("op");
    if (!op.is_null() && op.as_string() == "INCREMENT") return true;
    if (op.is_null() && cell.at("timestamp").is_null()) return true;
  }
  return false;
}

TEST_CASE("crc8: agrees with every golden checksum") {
  const json::value golden = vectors("crc8.json");
  const auto& table = golden.at("table_by_index").as_array();
  for (std::size_t i = 0; i < 256; ++i) {
    CHECK(crc8(0, static_cast<std::uint8_t>(i)) == table[i].to_number<std::uint8_t>());
  }
  for (const auto& entry : golden.at("bytes").as_array()) {
    const auto init = entry.at("init").to_number<std::uint8_t>();
    const std::string bytes = from_hex(text_of(entry.at("input_hex")));
    CHECK(crc_of(init, bytes) == entry.at("crc8").to_number<std::uint8_t>());
  }
  CHECK(crc_of(0, "123456789") == 0xf4);
}

TEST_CASE("crc8: words and rests of every length agree with the bit by bit form") {
  std::string bytes;
  for (int size = 0; size < 40; ++size) {
    CHECK(crc_of(0x5a, bytes) == sluice::test::slow_crc8(0x5a, bytes));
    bytes += static_cast<char>(size * 37 + 11);
  }
}

TEST_CASE("plain buffer: decodes every golden value as a cell, or refuses what no record may hold") {
  const json::value file = vectors("plainbuffer-values.json");
  for (const auto& entry : file.at("values").as_array()) {
    const json::object& golden = entry.as_object();
    INFO(json::serialize(golden));
    const std::string variant = from_hex(text_of(golden.at("hex_without_length_prefix")));
    CHECK(crc_of(0, variant) == golden.at("crc8_from_0").to_number<std::uint8_t>());
    // The golden variant goes in as the key cell "k" of a record written by hand.
    const std::uint8_t cell_crc = sluice::test::slow_crc8(sluice::test::slow_crc8(0, "k"), variant);
    std::string bytes = sluice::test::wire_length(0x75) + "\x01\x03\x04" + sluice::test::wire_length(1) + "k";
    bytes += '\x05' + sluice::test::wire_length(variant.size()) + variant;
    bytes += {'\x0a', static_cast<char>(cell_crc)};
    bytes += sluice::test::wire_extension(kSequence);
    const std::string crcs = {static_cast<char>(cell_crc), '\0'};
    bytes += {'\x09', static_cast<char>(sluice::test::slow_crc8(0, crcs))};

    const std::string type = text_of(golden.at("type"));
    if (type.starts_with("INF") || type == "AUTO_INCREMENT") {
      CHECK(failure_of(bytes).find("expected a value type") != std::string::npos);
      continue;
    }
    if (type == "DOUBLE" || type == "BOOLEAN") {
      CHECK(failure_of(bytes).find("expected a key value") != std::string::npos);
      continue;
    }
    DecodedRecord record;
    REQUIRE(decode_record(bytes, record).has_value());
    check_value(record.key()[0].value, golden);
  }
}

TEST_CASE("plain buffer: decodes every golden row that a change log may hold, and refuses the others") {
  int decoded = 0;
  const json::value file = vectors("plainbuffer-rows.json");
  for (const auto& entry : file.at("rows").as_array()) {
    const json::object& golden = entry.as_object();
    INFO(text_of(golden.at("name")));
    std::string bytes = from_hex(text_of(golden.at("hex")));
    CHECK(failure_of(bytes) != "");  // no sequence information
    bytes.insert(bytes.size() - 2, sluice::test::wire_extension(kSequence));
    if (foreign_to_the_log(golden)) {
      CHECK(failure_of(bytes) != "");
      continue;
    }
    DecodedRecord record;
    const auto result = decode_record(bytes, record);
    if (result.has_error()) FAIL(result.error().message());
    check_cells(record.key(), golden.at("primary_key").as_array());
    check_cells(record.attributes(), golden.at("cells").as_array());
    CHECK(record.delete_marker == golden.at("delete_row_marker").as_bool());
    CHECK(record.sequence == kSequence);
    ++decoded;
  }
  CHECK(decoded == 14);
}

TEST_CASE("plain buffer: gives the verdict of the SDKs on every golden stream record") {
  const json::value file = vectors("stream-records.json");
  for (const auto& entry : file.at("records").as_array()) {
    const json::object& golden = entry.as_object();
    INFO(text_of(golden.at("name")));
    const std::string bytes = from_hex(text_of(golden.at("record_hex")));
    const auto* sequence = golden.if_contains("sequence_info");
    if (!golden.at("sdk_parsed").is_object() || sequence == nullptr || sequence->is_null()) {
      CHECK(failure_of(bytes) != "");
      continue;
    }
    DecodedRecord record;
    const auto result = decode_record(bytes, record);
    if (result.has_error()) FAIL(result.error().message());
    check_cells(record.key(), golden.at("primary_key").as_array());
    check_cells(record.attributes(), golden.at("cells").as_array());
    CHECK(record.delete_marker == golden.at("delete_row_marker").as_bool());
    CHECK(record.sequence.epoch == sequence->at("epoch").to_number<std::int32_t>());
    CHECK(record.sequence.time_us == sequence->at("timestamp_us").to_number<std::int64_t>());
    CHECK(record.sequence.row_index == sequence->at("row_index").to_number<std::int32_t>());
  }
}

TEST_CASE("plain buffer: each byte of a record counts, no shorter or longer one passes") {
  WireRecord wire = sample();
  wire.attributes.push_back({"b", std::string("text"), 1001, {}});
  wire.attributes.push_back({"c", {}, 1002, std::uint8_t{3}});
  const std::string good = sluice::test::write_record(wire);
  DecodedRecord record;
  REQUIRE(decode_record(good, record).has_value());
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(failure_of(good.substr(0, size)) != "");
  CHECK(failure_of(good + '\0').find("expected the end of the record, got 1 more bytes") !=
        std::string::npos);
  // No checksum covers the extension's content; everything else does not survive a flipped bit.
  const std::size_t sequence = good.find(sluice::test::wire_extension(kSequence));
  for (std::size_t at = 0; at < good.size(); ++at) {
    if (at >= sequence && at < sequence + 29) continue;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    INFO("byte " << at);
    CHECK(failure_of(bad) != "");
  }
}

TEST_CASE("plain buffer: errors name the offset and what was expected") {
  std::string bytes = sluice::test::write_record(sample());
  CHECK(failure_of("") ==
        "decode stream record: at offset 0: expected the header of 4 bytes, got only 0 bytes");
  bytes[0] = 0x76;
  CHECK(failure_of(bytes) == "decode stream record: at offset 0: expected header 0x00000075, got 0x00000076");
  bytes[0] = 0x75;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  CHECK_THAT(failure_of(bytes), Catch::Contains("expected row checksum 0x"));
}

TEST_CASE("plain buffer: an increment and an unknown operation are refused") {
  WireRecord wire = sample();
  wire.attributes = {{"n", std::int64_t{1}, 1000, std::uint8_t{4}}};
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("got 0x04"));
  wire.attributes = {{"n", {}, {}, std::uint8_t{2}}};
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("got 0x02"));
}

TEST_CASE(
    "plain buffer: a put needs value and timestamp, deletes have no value, one version has a timestamp") {
  WireRecord wire = sample();
  const auto refused = [&](WireCell cell) {
    wire.attributes = {std::move(cell)};
    return failure_of(sluice::test::write_record(wire)) != "";
  };
  CHECK(refused({"c", std::int64_t{1}, {}, {}}));
  CHECK(refused({"c", {}, 1000, {}}));
  CHECK(refused({"c", std::int64_t{1}, {}, std::uint8_t{1}}));
  CHECK(refused({"c", {}, 1000, std::uint8_t{1}}));
  CHECK(refused({"c", {}, {}, std::uint8_t{3}}));
  CHECK(refused({"c", std::int64_t{1}, -1, {}}));
  CHECK_FALSE(refused({"c", {}, 0, std::uint8_t{3}}));
}

TEST_CASE("plain buffer: key cells are one to sixteen, without operation and timestamp") {
  WireRecord wire = sample();
  wire.key.clear();
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("expected a key cell"));
  wire.key.assign(16, WireCell{"pk", std::int64_t{1}, {}, {}});
  CHECK(failure_of(sluice::test::write_record(wire)) == "");
  wire.key.assign(17, WireCell{"pk", std::int64_t{1}, {}, {}});
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("at most 16 key cells"));
  wire.key = {WireCell{"pk", std::int64_t{1}, 1000, {}}};
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("expected the cell checksum"));
}

TEST_CASE("plain buffer: a row has at most 2048 attribute cells") {
  WireRecord wire = sample();
  wire.attributes.assign(2048, WireCell{"c", true, 1000, {}});
  CHECK(failure_of(sluice::test::write_record(wire)) == "");
  wire.attributes.push_back(wire.attributes.front());
  CHECK_THAT(failure_of(sluice::test::write_record(wire)), Catch::Contains("at most 2048 attribute cells"));
}

TEST_CASE("plain buffer: an absurd record time is named") {
  WireRecord wire = sample();
  wire.sequence->time_us = 1'500'000'000'000;  // milliseconds by mistake
  CHECK_THAT(failure_of(sluice::test::write_record(wire)),
             Catch::Contains("expected a record time") && Catch::Contains("got 1500000000000"));
  wire.sequence->time_us = 4'000'000'000'000'001;
  CHECK(failure_of(sluice::test::write_record(wire)) != "");
  wire.sequence->time_us = 4'000'000'000'000'000;
  CHECK(failure_of(sluice::test::write_record(wire)) == "");
}

TEST_CASE("plain buffer: unknown entries of the extension are skipped, the sequence must be there once") {
  const std::string plain = sluice::test::write_record(sample());
  const std::string known = sluice::test::wire_extension(kSequence).substr(5);
  const std::string unknown = '\x1f' + sluice::test::wire_length(3) + "abc";
  const std::size_t at = plain.find(sluice::test::wire_extension(kSequence));
  const auto with = [&](const std::string& entries) {
    std::string bytes = plain;
    return bytes.replace(at, 29, '\x0b' + sluice::test::wire_length(entries.size()) + entries);
  };
  DecodedRecord record;
  REQUIRE(decode_record(with(unknown + known + unknown), record).has_value());
  CHECK(record.sequence == kSequence);
  CHECK_THAT(failure_of(with(unknown)), Catch::Contains("without it"));
  CHECK_THAT(failure_of(with(known + known)), Catch::Contains("a second one"));
  CHECK_THAT(failure_of(with('\x1f' + sluice::test::wire_length(900) + "abc")),
             Catch::Contains("at most 3 bytes"));
}

TEST_CASE("plain buffer: lengths beyond the record are refused, however large") {
  const std::string good = sluice::test::write_record(sample());
  for (std::size_t at = 4; at + 4 <= good.size(); ++at) {
    for (const std::uint32_t length : {0x7fffffffU, 0x80000000U, 0xffffffffU}) {
      std::string bad = good;
      bad.replace(at, 4, sluice::test::little_endian(length));
      if (bad == good) continue;
      DecodedRecord record;
      const auto result = decode_record(bad, record);
      // Only inside the sequence information may the bytes pass as other numbers.
      if (result.has_value()) CHECK(record.sequence != kSequence);
    }
  }
}

}  // namespace
