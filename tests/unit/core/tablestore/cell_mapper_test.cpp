#include "tests/unit/core/tablestore/mapper_fixture.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;

namespace {

RowLayout column_layout() {
  RowLayout layout;
  layout.mode = job::ReadMode::column;
  layout.primary_key = {{"pk", KeyType::integer}};
  return layout;
}

RowLayout with_sequence() {
  RowLayout layout = column_layout();
  layout.export_sequence = true;
  return layout;
}

const std::string kPlace = " 0000000001_00001500000000000003_0000000002_s:";

TEST_CASE("cell mapper: each kind of cell has its op and its nulls") {
  MapperFixture fixture(column_layout());
  CHECK(fixture.mapper->width() == 5);
  CHECK(fixture.map(
            {put("a", std::string("x"), 1001), put("b", 2.5, 1002), delete_one("c", 1003), delete_all("d")},
            Action::update_row) == Rows{"7 a 1001 x U", "7 b 1002 2.5 U", "7 c 1003 - DO", "7 d - - DA"});
  CHECK(fixture.map({}, Action::delete_row) == Rows{"7 - - - DR"});
}

TEST_CASE("cell mapper: a put begins with the row's deletion, index 0, and its cells count from 1") {
  MapperFixture fixture(with_sequence());
  CHECK(fixture.mapper->width() == 6);
  CHECK(fixture.map({put("a", true), put("a", false, 999), put("b", std::int64_t{-1})}) ==
        Rows{"7 - - - DR" + kPlace + "0000000000", "7 a 1000 true U" + kPlace + "0000000001",
             "7 a 999 false U" + kPlace + "0000000002", "7 b 1000 -1 U" + kPlace + "0000000003"});
  CHECK(fixture.map({}) == Rows{"7 - - - DR" + kPlace + "0000000000"});
}

TEST_CASE("cell mapper: an update's cells count from 0, a delete is one row of index 0") {
  MapperFixture fixture(with_sequence());
  CHECK(fixture.map({put("a", true), delete_all("b")}, Action::update_row) ==
        Rows{"7 a 1000 true U" + kPlace + "0000000000", "7 b - - DA" + kPlace + "0000000001"});
  CHECK(fixture.map({}, Action::delete_row) == Rows{"7 - - - DR" + kPlace + "0000000000"});
}

TEST_CASE("cell mapper: a put can be told from a delete when asked to") {
  RowLayout layout = column_layout();
  layout.distinct_put = true;
  MapperFixture fixture(layout);
  CHECK(fixture.map({put("a", true)}) == Rows{"7 - - - P", "7 a 1000 true U"});
  CHECK(fixture.map({}) == Rows{"7 - - - P"});
  CHECK(fixture.map({}, Action::delete_row) == Rows{"7 - - - DR"});
}

TEST_CASE("cell mapper: every key column comes first, in key order") {
  RowLayout layout = column_layout();
  layout.primary_key = {{"z", KeyType::string}, {"a", KeyType::integer}, {"m", KeyType::binary}};
  MapperFixture fixture(layout);
  fixture.key = {WireCell{"z", std::string("k"), {}, {}}, WireCell{"a", std::int64_t{-3}, {}, {}},
                 WireCell{"m", Blob{"bin"}, {}, {}}};
  CHECK(fixture.mapper->width() == 7);
  CHECK(fixture.map({put("v", true)}) == Rows{"k -3 b(bin) - - - DR", "k -3 b(bin) v 1000 true U"});
}

TEST_CASE("cell mapper: binary values are encoded in key and cells") {
  RowLayout layout = column_layout();
  layout.binary = job::BinaryText::hex;
  MapperFixture fixture(layout);
  fixture.key = {WireCell{"pk", Blob{"\xff"}, {}, {}}};
  CHECK(fixture.map({put("a", Blob{"\x01\x02"})}, Action::update_row) == Rows{"ff a 1000 0102 U"});
}

TEST_CASE("cell mapper: numbers that are none follow the rule") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  RowLayout layout = column_layout();
  MapperFixture fails(layout);
  CHECK(fails.map({put("temp", nan)}, Action::update_row) == Rows{"7 temp 1000 nan U"});
  layout.non_finite = job::NonFinite::null;
  MapperFixture nulls(layout);
  CHECK(nulls.map({put("temp", nan)}, Action::update_row) == Rows{"7 temp 1000 - U"});
  CHECK(nulls.ignored("non_finite_null") == 1);
  layout.non_finite = job::NonFinite::text;
  MapperFixture texts(layout);
  CHECK(texts.map({put("temp", -std::numeric_limits<double>::infinity())}, Action::update_row) ==
        Rows{"7 temp 1000 -Infinity U"});
}

TEST_CASE("cell mapper: an update without cells has no row, and is counted") {
  MapperFixture fixture(column_layout());
  CHECK(fixture.map({}, Action::update_row).empty());
  CHECK(fixture.ignored("empty_update") == 1);
}

TEST_CASE("cell mapper: a record with another key than the table's is refused") {
  MapperFixture fixture(column_layout());
  const auto refusal = [&] {
    const auto mapped = fixture.try_map({put("a", true)});
    REQUIRE(mapped.has_error());
    CHECK(mapped.error().code() == Errc::corrupt);
    return mapped.error().message();
  };
  fixture.key = {WireCell{"id", std::int64_t{1}, {}, {}}};
  CHECK(refusal() == "record 1_1500000000000003_2: its key is (id), the table's is (pk)");
  fixture.key = {WireCell{"pk", std::int64_t{1}, {}, {}}, WireCell{"day", std::int64_t{1}, {}, {}}};
  CHECK(refusal() == "record 1_1500000000000003_2: its key is (pk and day), the table's is (pk)");
}

TEST_CASE("cell mapper: rows stay as they are while thousands are added") {
  MapperFixture fixture(with_sequence());
  std::vector<WireCell> cells;
  for (int i = 0; i < 1000; ++i) cells.push_back(put("c" + std::to_string(i), std::int64_t{i}));
  for (int i = 0; i < 3; ++i) CHECK(fixture.map(cells).size() == 1001);
  CHECK(fixture.row(0) == "7 - - - DR" + kPlace + "0000000000");
  CHECK(fixture.row(1000) == "7 c999 1000 999 U" + kPlace + "0000001000");
  CHECK(fixture.row(1001) == "7 - - - DR" + kPlace + "0000000000");
  CHECK(fixture.row(3002) == "7 c999 1000 999 U" + kPlace + "0000001000");
}

}  // namespace
