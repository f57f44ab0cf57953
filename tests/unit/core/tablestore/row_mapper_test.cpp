#include "tests/unit/core/tablestore/mapper_fixture.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Fixture : MapperFixture {
  explicit Fixture(const std::vector<std::string>& columns) : MapperFixture(layout_with(columns)) {}
};

RowLayout with_deletes(const std::vector<std::string>& columns) {
  RowLayout layout = layout_with(columns);
  layout.export_op_type = true;
  layout.deletes = job::Deletes::write;
  return layout;
}

TEST_CASE("row mapper: columns come in configured order, missing ones are null") {
  Fixture fixture({"b", "pk", "a", "c"});
  CHECK(fixture.map({put("a", std::string("x")), put("b", 2.5)}) == Rows{"2.5 7 x -"});
  CHECK(fixture.map({put("c", true)}, Action::update_row) == Rows{"- 7 - true"});
}

TEST_CASE("row mapper: a column configured twice is shown twice") {
  Fixture fixture({"a", "pk", "a", "a"});
  CHECK(fixture.map({put("a", std::int64_t{1})}) == Rows{"1 7 1 1"});
  CHECK(fixture.map({put("z", std::int64_t{1})}) == Rows{"- 7 - -"});
}

TEST_CASE("row mapper: integers of a date column are dates, all else stays what it is") {
  RowLayout layout = layout_with({"a", "a", "pk"});
  layout.columns[0].is_date = true;
  layout.columns[2].is_date = true;
  MapperFixture fixture(layout);
  CHECK(fixture.map({put("a", std::int64_t{-1})}) == Rows{"d(-1) -1 d(7)"});
  CHECK(fixture.map({put("a", std::string("2018"))}) == Rows{"2018 2018 d(7)"});
  CHECK(fixture.map({put("a", 2.5)}) == Rows{"2.5 2.5 d(7)"});
  CHECK(fixture.map({}) == Rows{"- - d(7)"});
}

TEST_CASE("row mapper: of several versions of a column the last one listed wins") {
  Fixture fixture({"a"});
  CHECK(fixture.map({put("a", std::string("newer"), 2000), put("a", std::string("older"), 1000)}) ==
        Rows{"older"});
}

TEST_CASE("row mapper: a record without any configured value has no row, and is counted") {
  Fixture fixture({"a", "b"});
  CHECK(fixture.map({put("c", true)}).empty());
  CHECK(fixture.map({delete_all("a")}, Action::update_row).empty());
  CHECK(fixture.batch.rows() == 0);
  CHECK(fixture.ignored("no_configured_column") == 2);
  CHECK(fixture.ignored("delete_cell") == 1);
}

TEST_CASE("row mapper: deleted rows have no row, and are counted") {
  Fixture fixture({"pk"});
  CHECK(fixture.map({}, Action::delete_row).empty());
  CHECK(fixture.ignored("delete_row") == 1);
  CHECK(fixture.ignored("delete_row") == 1);  // reported once
}

TEST_CASE("row mapper: deleted cells are counted and leave the column as the record's puts made it") {
  Fixture fixture({"pk", "a", "b"});
  CHECK(fixture.map({put("a", std::int64_t{1}), delete_one("a", 500), delete_all("b")}, Action::update_row) ==
        Rows{"7 1 -"});
  CHECK(fixture.ignored("delete_cell") == 2);
}

TEST_CASE("row mapper: the learned order of cells does not stick") {
  Fixture fixture({"a", "b", "c"});
  CHECK(fixture.map({put("a", std::int64_t{1}), put("b", std::int64_t{2}), put("c", std::int64_t{3})}) ==
        Rows{"1 2 3"});
  CHECK(fixture.map({put("c", std::int64_t{4}), put("a", std::int64_t{5}), put("ab", std::int64_t{6})}) ==
        Rows{"5 - 4"});
  CHECK(fixture.map({put("ab", std::int64_t{1}), put("b", std::int64_t{7})}) == Rows{"- 7 -"});
}

TEST_CASE("row mapper: knows which configured columns it has met") {
  Fixture fixture({"a", "b", "a"});
  fixture.map({put("a", true)});
  CHECK(fixture.mapper->seen(0));
  CHECK_FALSE(fixture.mapper->seen(1));
  CHECK(fixture.mapper->seen(2));
}

TEST_CASE("row mapper: appends the sequence text when asked to") {
  RowLayout layout = layout_with({"pk"});
  layout.export_sequence = true;
  MapperFixture fixture(layout, "shard-1");
  CHECK(fixture.mapper->width() == 2);
  for (int i = 0; i < 2000; ++i) fixture.map({});
  for (std::size_t i = 0; i < 2000; ++i) {
    REQUIRE(fixture.row(i) == "7 0000000001_00001500000000000003_0000000002_shard-1");
  }
  fixture.batch.clear();
  fixture.mapper->clear_texts();
  fixture.sequence = pipeline::Sequence{-2'000'000'000, 1'500'000'000'000'004, 2'000'000'000};
  CHECK(fixture.map({}) == Rows{"7 -2000000000_00001500000000000004_2000000000_shard-1"});
}

TEST_CASE("row mapper: the operation comes behind the columns and before the sequence") {
  RowLayout layout = layout_with({"a", "pk"});
  layout.export_op_type = true;
  layout.export_sequence = true;
  MapperFixture fixture(layout);
  CHECK(fixture.mapper->width() == 4);
  const std::string place = " 0000000001_00001500000000000003_0000000002_s";
  CHECK(fixture.map({put("a", true)}) == Rows{"true 7 PUT" + place});
  CHECK(fixture.map({put("a", false)}, Action::update_row) == Rows{"false 7 UPDATE" + place});
  CHECK(fixture.map({}, Action::delete_row).empty());
  CHECK(fixture.ignored("delete_row") == 1);
}

TEST_CASE("row mapper: an exported delete is a row of its key columns") {
  MapperFixture fixture(with_deletes({"a", "pk", "b", "pk"}));
  CHECK(fixture.map({}, Action::delete_row) == Rows{"- 7 - 7 DELETE"});
  CHECK(fixture.map({put("a", true)}, Action::delete_row) == Rows{"- 7 - 7 DELETE"});
  CHECK(fixture.map({delete_all("a")}, Action::update_row) == Rows{"- 7 - 7 UPDATE"});
  CHECK(fixture.ignored("delete_row") == 0);
}

TEST_CASE("row mapper: an exported delete without a configured key column has no row, and is counted") {
  MapperFixture fixture(with_deletes({"a"}));
  CHECK(fixture.map({}, Action::delete_row).empty());
  CHECK(fixture.ignored("no_configured_column") == 1);
}

TEST_CASE("row mapper: binary values are bytes, base64 or hexadecimal") {
  RowLayout layout = layout_with({"a", "pk", "a"});
  const auto mapped = [&](const std::string& bytes) {
    MapperFixture fixture(layout);
    fixture.key = {WireCell{"pk", Blob{"\x01\xab"}, {}, {}}};
    return fixture.map({put("a", Blob{bytes})}).at(0);
  };
  CHECK(mapped("x\xff") == "b(x\xff) b(\x01\xab) b(x\xff)");
  layout.binary = job::BinaryText::base64;
  CHECK(mapped("") == " Aas= ");
  CHECK(mapped("f") == "Zg== Aas= Zg==");
  CHECK(mapped("fo") == "Zm8= Aas= Zm8=");
  CHECK(mapped("foobar") == "Zm9vYmFy Aas= Zm9vYmFy");
  layout.binary = job::BinaryText::hex;
  CHECK(mapped("") == " 01ab ");
  CHECK(mapped(std::string("\x00\x7f\xff", 3)) == "007fff 01ab 007fff");
}

TEST_CASE("row mapper: large binary values keep their place while others are added") {
  RowLayout layout = layout_with({"a"});
  layout.binary = job::BinaryText::base64;
  MapperFixture fixture(layout);
  const std::string large(7'000'000, 'f');  // more than one step of the encoder
  CHECK(fixture.map({put("a", Blob{"f"})}) == Rows{"Zg=="});
  fixture.map({put("a", Blob{large})});
  for (int i = 0; i < 1000; ++i) fixture.map({put("a", Blob{"foobar"})});
  CHECK(fixture.row(0) == "Zg==");
  const std::string text = fixture.row(1);
  CHECK(text.size() == 9'333'336);
  CHECK(text.substr(0, 8) == "ZmZmZmZm");
  CHECK(text.substr(text.size() - 8) == "ZmZmZg==");
  CHECK(text.find_first_not_of("Zm") == text.size() - 3);
  CHECK(fixture.row(1001) == "Zm9vYmFy");
}

TEST_CASE("row mapper: a number that is none goes on as it is, for the writer to call it dirty") {
  Fixture fixture({"a"});
  CHECK(fixture.map({put("other", kNaN), put("a", kNaN)}) == Rows{"nan"});
  CHECK(fixture.map({put("a", kInfinity)}) == Rows{"inf"});
  CHECK(fixture.map({put("a", -kInfinity)}) == Rows{"-inf"});
  CHECK(fixture.ignored("non_finite_null") == 0);
}

TEST_CASE("row mapper: a number that is none becomes null and is counted, or a text") {
  RowLayout layout = layout_with({"pk", "a", "b", "a"});
  layout.non_finite = job::NonFinite::null;
  MapperFixture nulls(layout);
  CHECK(nulls.map({put("a", kNaN), put("b", -kInfinity)}) == Rows{"7 - - -"});
  CHECK(nulls.map({put("a", 1.5), put("c", kNaN)}) == Rows{"7 1.5 - 1.5"});
  CHECK(nulls.ignored("non_finite_null") == 2);
  layout.non_finite = job::NonFinite::text;
  MapperFixture texts(layout);
  CHECK(texts.map({put("a", kNaN), put("b", -kInfinity)}) == Rows{"7 NaN -Infinity NaN"});
  CHECK(texts.map({put("b", kInfinity)}) == Rows{"7 - Infinity -"});
  CHECK(texts.ignored("non_finite_null") == 0);
}

TEST_CASE("row mapper: a row whose only value became null is kept") {
  RowLayout layout = layout_with({"a"});
  layout.non_finite = job::NonFinite::null;
  MapperFixture fixture(layout);
  CHECK(fixture.map({put("a", kNaN)}) == Rows{"-"});
  CHECK(fixture.ignored("no_configured_column") == 0);
}

}  // namespace
