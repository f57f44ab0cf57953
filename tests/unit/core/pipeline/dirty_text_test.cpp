#include "core/pipeline/dirty_text.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <limits>

using namespace sluice::pipeline;

namespace {

Value text(std::string_view bytes, ValueType type = ValueType::string) {
  Value value;
  value.type = type;
  value.text = bytes;
  return value;
}

Value real(double number) {
  Value value;
  value.type = ValueType::real;
  value.real = number;
  return value;
}

std::string json_of(const Value& value) {
  const std::vector<Value> values(1, value);
  const std::string line = dirty_json(DirtyRow{0, 1, 0, "p", values}, "", false);
  return boost::json::serialize(boost::json::parse(line).at("values").at(0));
}

}  // namespace

TEST_CASE("dirty text: a row is told with its place, its problem and its values") {
  Value number;
  number.type = ValueType::integer;
  number.integer = -7;
  Value yes;
  yes.type = ValueType::boolean;
  yes.boolean = true;
  const std::vector<Value> values{number, text("a \"b\"\n\u4e2d"), Value(), yes, real(1.5)};
  CHECK(dirty_json(DirtyRow{3, 812, 2, "has no GBK", values}, "name", false) ==
        R"({"shard":3,"row":812,"place":2,"column":"name","problem":"has no GBK",)"
        "\"values\":[-7,\"a \\\"b\\\"\\n\u4e2d\",null,true,1.5E0]}");
  CHECK(dirty_json(DirtyRow{3, 1, 0, "is wide", {}}, "", true) ==
        R"({"range":3,"row":1,"problem":"is wide","values":[]})");
}

TEST_CASE("dirty text: numbers that are none are words, bytes that are no text hexadecimal") {
  CHECK(json_of(real(std::numeric_limits<double>::quiet_NaN())) == "\"NaN\"");
  CHECK(json_of(real(-std::numeric_limits<double>::infinity())) == "\"-Infinity\"");
  CHECK(json_of(text("\xff\x00z", ValueType::binary)) == R"({"hex":"ff","bytes":1})");
  CHECK(json_of(text(std::string_view("\xff\x00z", 3), ValueType::binary)) ==
        R"({"hex":"ff007a","bytes":3})");
  for (const char* broken :
       {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"}) {
    CHECK(json_of(text(broken)).starts_with("{\"hex\":"));
  }
}

TEST_CASE("dirty text: bytes that are no text are shown wherever a value that is not cut holds them") {
  for (const std::size_t before : {0U, 1U, 1020U, 1021U, 1022U, 1023U}) {
    CAPTURE(before);
    CHECK_THAT(json_of(text(std::string(before, 'x') + "\xff")), Catch::StartsWith("{\"hex\":"));
  }
}

TEST_CASE("dirty text: long values and wide rows are cut, and say so") {
  const std::string long_text = std::string(1023, 'x') + "\u4e2d" + std::string(5000, 'y');
  const auto cut = boost::json::parse(json_of(text(long_text)));
  CHECK(cut.at("text").as_string() == std::string(1023, 'x'));
  CHECK(cut.at("bytes").to_number<std::size_t>() == long_text.size());
  const std::string exact(kDirtyValueBytesMax, 'x');
  CHECK(json_of(text(exact)) == "\"" + exact + "\"");

  const std::vector<Value> wide(2000, text(exact));
  const std::string line = dirty_json(DirtyRow{0, 1, 0, "p", wide}, "", false);
  CHECK(line.size() < kDirtyRowBytesMax + 1024);
  const auto parsed = boost::json::parse(line);
  CHECK(parsed.at("values").as_array().size() + parsed.at("values_left_out").to_number<std::size_t>() ==
        2000);
}
