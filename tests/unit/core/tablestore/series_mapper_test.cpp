#include "tests/unit/core/tablestore/mapper_fixture.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;

namespace {

// A name that begins with "#" is a tag's.
RowLayout series_layout(const std::vector<std::string>& columns) {
  RowLayout layout;
  layout.is_time_series = true;
  for (const std::string& name : columns) {
    const bool is_tag = name.starts_with('#');
    layout.columns.push_back(job::Column{is_tag ? name.substr(1) : name, is_tag});
  }
  return layout;
}

struct Fixture : MapperFixture {
  explicit Fixture(const RowLayout& layout) : MapperFixture(layout) {
    key = {WireCell{"_#h", std::string("0a1b"), {}, {}}, WireCell{"_m_name", std::string("cpu"), {}, {}},
           WireCell{"_data_source", std::string("sensor-1"), {}, {}},
           WireCell{"_tags", std::string(R"(["host=a","os=Ubuntu 22.04"])"), {}, {}},
           WireCell{"_time", std::int64_t{1'500'000'000'000'001}, {}, {}}};
  }
  explicit Fixture(const std::vector<std::string>& columns) : Fixture(series_layout(columns)) {}

  void set_tags(WireValue value) { key[3].value = std::move(value); }
};

TEST_CASE("series mapper: the key's columns are selected by their names, the hidden one is not there") {
  Fixture fixture({"_time", "_m_name", "_data_source", "_tags", "_#h"});
  CHECK(fixture.map({}) == Rows{R"(1500000000000001 cpu sensor-1 ["host=a","os=Ubuntu 22.04"] -)"});
  CHECK(fixture.mapper->seen(0));
  CHECK_FALSE(fixture.mapper->seen(4));
}

TEST_CASE("series mapper: the time may be asked for as time too") {
  Fixture fixture({"time", "_time"});
  CHECK(fixture.map({}) == Rows{"1500000000000001 1500000000000001"});
  CHECK(fixture.mapper->seen(0));
  // A field of that name is what the original shows.
  CHECK(fixture.map({put("time:s", std::string("noon"))}) == Rows{"noon 1500000000000001"});
  CHECK(fixture.ignored("field_collision") == 0);
}

TEST_CASE("series mapper: fields are selected by name without their type") {
  Fixture fixture({"usage", "_m_name", "idle", "usage"});
  CHECK(fixture.map({put("usage:d", 0.5), put("idle:i", std::int64_t{7})}) == Rows{"0.5 cpu 7 0.5"});
  CHECK(fixture.map({put("idle:i", std::int64_t{8})}, Action::update_row) == Rows{"- cpu 8 -"});
  CHECK(fixture.map({put("usage", 1.5)}) == Rows{"1.5 cpu - 1.5"});
  CHECK(fixture.map({put("usage:d:x", 2.5)}) == Rows{"2.5 cpu - 2.5"});
}

TEST_CASE("series mapper: integers of a date column are dates") {
  RowLayout layout = series_layout({"seen", "_m_name"});
  layout.columns[0].is_date = true;
  Fixture fixture(layout);
  CHECK(fixture.map({put("seen:i", std::int64_t{5})}) == Rows{"d(5) cpu"});
}

TEST_CASE("series mapper: of one field's several types the last one stays, and the others are counted") {
  Fixture fixture({"load"});
  CHECK(fixture.map({put("load:d", 0.5), put("load:i", std::int64_t{7}),
                     put("load:s", std::string("high"))}) == Rows{"high"});
  CHECK(fixture.ignored("field_collision") == 2);
  CHECK(fixture.map({put("load:i", std::int64_t{7}), put("load:i", std::int64_t{6})}) == Rows{"6"});
  CHECK(fixture.map({put("load:d", 0.5)}) == Rows{"0.5"});
  CHECK(fixture.ignored("field_collision") == 2);
}

TEST_CASE("series mapper: a field may be selected with its type") {
  Fixture fixture({"load:d", "load", "load:s"});
  CHECK(fixture.map({put("load:d", 0.5), put("load:i", std::int64_t{7})}) == Rows{"0.5 7 -"});
  CHECK(fixture.map({put("load:i", std::int64_t{7}), put("load:d", 0.5)}) == Rows{"0.5 0.5 -"});
  CHECK(fixture.map({put("load:i", std::int64_t{7})}) == Rows{"- 7 -"});
  CHECK(fixture.mapper->seen(0));
  CHECK_FALSE(fixture.mapper->seen(2));
}

TEST_CASE("series mapper: tags are columns of their own, apart from fields of the same name") {
  Fixture fixture({"#host", "host", "#os", "#none", "#host"});
  CHECK(fixture.map({put("host:s", std::string("field"))}) == Rows{"a field Ubuntu 22.04 - a"});
  CHECK(fixture.mapper->seen(0));
  CHECK(fixture.mapper->seen(2));
  CHECK_FALSE(fixture.mapper->seen(3));
  CHECK(fixture.mapper->seen(4));
  fixture.set_tags(std::string(R"(["os=\"q\\\""])"));
  CHECK(fixture.map({put("host:s", std::string("field"))}) == Rows{R"(- field "q\" - -)"});
  fixture.set_tags(std::string("[]"));
  CHECK(fixture.map({put("host:s", std::string("field"))}) == Rows{"- field - - -"});
  CHECK(fixture.ignored("tag_malformed") == 0);
}

TEST_CASE("series mapper: texts of tags stay as they are while others are added") {
  Fixture fixture({"#host"});
  for (int i = 0; i < 5000; ++i) {
    fixture.set_tags(std::string(R"(["host=\"quoted\" )") + std::to_string(i) + "\"]");
    fixture.map({});
  }
  CHECK(fixture.row(0) == "\"quoted\" 0");
  CHECK(fixture.row(4999) == "\"quoted\" 4999");
}

TEST_CASE("series mapper: malformed tags are null and counted, once for each record") {
  Fixture fixture({"#host", "#os", "_m_name", "_tags"});
  fixture.set_tags(std::string(R"(["host=a",os])"));
  CHECK(fixture.map({}) == Rows{R"(- - cpu ["host=a",os])"});
  fixture.set_tags(std::int64_t{1});
  CHECK(fixture.map({}) == Rows{"- - cpu 1"});
  CHECK(fixture.ignored("tag_malformed") == 2);
}

TEST_CASE("series mapper: tags are not looked into when none is asked for") {
  Fixture fixture({"_m_name"});
  fixture.set_tags(std::string("broken"));
  CHECK(fixture.map({}) == Rows{"cpu"});
  CHECK(fixture.ignored("tag_malformed") == 0);
}

TEST_CASE("series mapper: a record without any configured value has no row, and is counted") {
  Fixture fixture({"usage", "#none", "_#h"});
  CHECK(fixture.map({put("idle:i", std::int64_t{7})}).empty());
  CHECK(fixture.map({delete_all("usage:d")}, Action::update_row).empty());
  CHECK(fixture.ignored("no_configured_column") == 2);
  CHECK(fixture.ignored("delete_cell") == 1);
  Fixture tagged({"#host"});
  CHECK(tagged.map({}) == Rows{"a"});
}

TEST_CASE("series mapper: operation, deletes, binary and numbers that are none as in row mode") {
  RowLayout layout = series_layout({"_time", "v", "#host"});
  layout.export_op_type = true;
  layout.export_sequence = true;
  layout.deletes = job::Deletes::write;
  layout.binary = job::BinaryText::hex;
  Fixture fixture(layout);
  const std::string place = " 0000000001_00001500000000000003_0000000002_s";
  CHECK(fixture.map({put("v:b", Blob{"\xff"})}) == Rows{"1500000000000001 ff a PUT" + place});
  CHECK(fixture.map({}, Action::delete_row) == Rows{"1500000000000001 - a DELETE" + place});
  CHECK(fixture.map({put("v:d", std::numeric_limits<double>::infinity())}) ==
        Rows{"1500000000000001 inf a PUT" + place});
  Fixture counting({"_time"});
  CHECK(counting.map({}, Action::delete_row).empty());
  CHECK(counting.ignored("delete_row") == 1);
}

TEST_CASE("series mapper: the learned order of cells does not stick") {
  Fixture fixture({"a", "b"});
  CHECK(fixture.map({put("a:i", std::int64_t{1}), put("b:i", std::int64_t{2})}) == Rows{"1 2"});
  CHECK(fixture.map({put("b:i", std::int64_t{3}), put("a:d", 0.5)}) == Rows{"0.5 3"});
  CHECK(fixture.map({put("ab:i", std::int64_t{4}), put("a:i", std::int64_t{5})}) == Rows{"5 -"});
}

}  // namespace
