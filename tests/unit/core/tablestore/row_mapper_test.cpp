#include "core/tablestore/row_mapper.hpp"

#include "tests/support/record_writer.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <deque>

namespace sluice::tablestore {
namespace {

using pipeline::RowBatch;
using pipeline::Value;
using pipeline::ValueType;
using test::WireCell;
using test::WireRecord;

std::string text_of(const Value& value) {
  switch (value.type) {
    case ValueType::null:
      return "-";
    case ValueType::integer:
      return std::to_string(value.integer);
    case ValueType::real:
      return fmt::format("{}", value.real);
    case ValueType::boolean:
      return value.boolean ? "true" : "false";
    case ValueType::string:
    case ValueType::binary:
      return std::string(value.text);
  }
  return "?";
}

// Maps records given as their cells; keeps their bytes alive.
struct Fixture {
  explicit Fixture(const std::vector<std::string>& columns, std::string shard = "")
      : mapper(columns, std::move(shard)), batch(mapper.width()) {}

  bool map(std::vector<WireCell> attributes, Action action = Action::put_row) {
    WireRecord wire;
    wire.key = {WireCell{"pk", std::int64_t{7}, {}, {}}};
    wire.attributes = std::move(attributes);
    wire.sequence = pipeline::Sequence{1, 1'500'000'000'000'003, 2};
    bytes.push_back(test::write_record(wire));
    if (decode_record(bytes.back(), record).has_error())
      throw std::logic_error("the test's record is broken");
    return mapper.append(action, record, batch);
  }

  std::string last_row() const {
    std::string text;
    for (const Value& value : batch.row(batch.rows() - 1)) text += text_of(value) + " ";
    return text;
  }

  std::uint64_t ignored(const std::string& reason) {
    mapper.report(statistics);
    return statistics.ignored.contains(reason) ? statistics.ignored.at(reason) : 0;
  }

  RowMapper mapper;
  RowBatch batch;
  DecodedRecord record;
  std::deque<std::string> bytes;
  pipeline::Statistics statistics;
};

WireCell put(std::string name, test::WireValue value) {
  return {std::move(name), std::move(value), 1000, {}};
}

TEST_CASE("row mapper: columns come in configured order, missing ones are null") {
  Fixture fixture({"b", "pk", "a", "c"});
  CHECK(fixture.map({put("a", std::string("x")), put("b", 2.5)}));
  CHECK(fixture.last_row() == "2.5 7 x - ");
  CHECK(fixture.map({put("c", true)}, Action::update_row));
  CHECK(fixture.last_row() == "- 7 - true ");
}

TEST_CASE("row mapper: a column configured twice is shown twice") {
  Fixture fixture({"a", "pk", "a", "a"});
  CHECK(fixture.map({put("a", std::int64_t{1})}));
  CHECK(fixture.last_row() == "1 7 1 1 ");
  CHECK(fixture.map({put("z", std::int64_t{1})}));
  CHECK(fixture.last_row() == "- 7 - - ");
}

TEST_CASE("row mapper: of several versions of a column the last one listed wins") {
  Fixture fixture({"a"});
  CHECK(fixture.map({{"a", std::string("newer"), 2000, {}}, {"a", std::string("older"), 1000, {}}}));
  CHECK(fixture.last_row() == "older ");
}

TEST_CASE("row mapper: a record without any configured value has no row, and is counted") {
  Fixture fixture({"a", "b"});
  CHECK_FALSE(fixture.map({put("c", true)}));
  CHECK_FALSE(fixture.map({{"a", {}, {}, std::uint8_t{1}}}, Action::update_row));
  CHECK(fixture.batch.rows() == 0);
  CHECK(fixture.ignored("no_configured_column") == 2);
  CHECK(fixture.ignored("delete_cell") == 1);
}

TEST_CASE("row mapper: deleted rows have no row, and are counted") {
  Fixture fixture({"pk"});
  CHECK_FALSE(fixture.map({}, Action::delete_row));
  CHECK(fixture.ignored("delete_row") == 1);
  CHECK(fixture.ignored("delete_row") == 1);  // reported once
}

TEST_CASE("row mapper: deleted cells are counted and leave the column as the record's puts made it") {
  Fixture fixture({"pk", "a", "b"});
  CHECK(fixture.map(
      {put("a", std::int64_t{1}), {"a", {}, 500, std::uint8_t{3}}, {"b", {}, {}, std::uint8_t{1}}},
      Action::update_row));
  CHECK(fixture.last_row() == "7 1 - ");
  CHECK(fixture.ignored("delete_cell") == 2);
}

TEST_CASE("row mapper: the learned order of cells does not stick") {
  Fixture fixture({"a", "b", "c"});
  CHECK(fixture.map({put("a", std::int64_t{1}), put("b", std::int64_t{2}), put("c", std::int64_t{3})}));
  CHECK(fixture.map({put("c", std::int64_t{4}), put("a", std::int64_t{5}), put("ab", std::int64_t{6})}));
  CHECK(fixture.last_row() == "5 - 4 ");
  CHECK(fixture.map({put("ab", std::int64_t{1}), put("b", std::int64_t{7})}));
  CHECK(fixture.last_row() == "- 7 - ");
}

TEST_CASE("row mapper: knows which configured columns it has met") {
  Fixture fixture({"a", "b"});
  fixture.map({put("a", true)});
  CHECK(fixture.mapper.seen("a"));
  CHECK_FALSE(fixture.mapper.seen("b"));
}

TEST_CASE("row mapper: appends the sequence text when asked to") {
  Fixture fixture({"pk"}, "shard-1");
  CHECK(fixture.mapper.width() == 2);
  for (int i = 0; i < 100; ++i) CHECK(fixture.map({}));
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(fixture.batch.row(i)[1].text == "0000000001_00001500000000000003_0000000002_shard-1");
  }
}

}  // namespace
}  // namespace sluice::tablestore
