#include "core/objects/partition_text.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <string>

using namespace sluice;
using objects::is_partition_text;
using objects::kPartitionBytesMax;
using pipeline::Value;
using pipeline::ValueType;

namespace {

std::string partition_text(std::span<const Value> row, std::size_t columns, const std::string& null_format) {
  job::Target target;
  target.partition_columns = columns;
  target.null_format = null_format;
  return objects::PartitionTexts(target).of(row);
}

Value text(std::string_view bytes) {
  Value value;
  value.type = ValueType::string;
  value.text = bytes;
  return value;
}

std::string of(std::string_view bytes) {
  const Value row[] = {text(bytes)};
  return partition_text(row, 1, "null");
}

}  // namespace

TEST_CASE("partition text: the last columns, the last one first", "[partition_text]") {
  Value row[4];
  row[0] = text("id");
  row[1].type = ValueType::integer;
  row[1].integer = -7;
  row[2].type = ValueType::boolean;
  row[2].boolean = true;
  row[3].type = ValueType::real;
  row[3].real = 1.5;
  CHECK(partition_text(row, 1, "null") == "1.5");
  CHECK(partition_text(row, 3, "null") == "1.5,true,-7");
  CHECK(partition_text(row, 9, "null") == "1.5,true,-7,id");
  row[3] = Value();
  CHECK(partition_text(row, 2, "\\N") == "%5CN,true");
  // As in the rows.
  row[3].type = ValueType::date;
  row[3].integer = 0;
  CHECK(partition_text(row, 1, "") == "1970-01-01%2008%3A00%3A00");
  row[3] = text("\x01\xff");
  row[3].type = ValueType::binary;
  CHECK(partition_text(row, 1, "") == "%01\xef\xbf\xbd");
}

TEST_CASE("partition text: what could change a path or a command is written as a number",
          "[partition_text]") {
  CHECK(of("a_B-9.x") == "a_B-9.x");
  CHECK(of("a/b\\c d") == "a%2Fb%5Cc%20d");
  CHECK(of(std::string_view("\0\n\x7f", 3)) == "%00%0A%7F");
  CHECK(of("50%,x~") == "50%25%2Cx%7E");
  CHECK(of("Zürich 杭州") == "Zürich%20杭州");
  CHECK(of("\xff\xc3(\xed\xa0\x80\xc2\x85") == "%FF%C3%28%ED%A0%80%C2%85");
  CHECK(of("") == "");
}

TEST_CASE("partition text: a long one ends in its checksum", "[partition_text]") {
  const std::string most(kPartitionBytesMax, 'x');
  CHECK(of(most) == most);
  const std::string cut = of(most + "y");
  CHECK(cut.size() <= kPartitionBytesMax);
  CHECK(cut.substr(0, 111) == most.substr(0, 111));
  CHECK(cut[111] == '~');
  CHECK(of(most + "z") != cut);
  // Never in the middle of a character.
  std::string wide;
  for (int i = 0; i < 60; ++i) wide += "杭";
  CHECK(of(wide).substr(0, 111) == wide.substr(0, 111));
  CHECK(of("x" + wide).find('~') == 109);
}

TEST_CASE("partition text: other values give other texts, all of them fit for a name", "[partition_text]") {
  const auto seed = Catch::rngSeed() + 41;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::set<std::pair<std::string, std::string>> rows;
  std::set<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    std::string values[2];
    for (std::string& value : values) {
      value.resize(random() % (i % 7 == 0 ? 200 : 4));
      for (char& byte : value) {
        byte = "a_,%~/"[random() % 6];
        if (random() % 3 == 0) byte = static_cast<char>(random());
      }
    }
    const Value row[] = {text(values[0]), text(values[1])};
    const std::string got = partition_text(row, 2, "null");
    REQUIRE(got.size() <= kPartitionBytesMax);
    REQUIRE(is_partition_text(got));
    rows.emplace(values[0], values[1]);
    texts.insert(got);
  }
  CHECK(texts.size() == rows.size());
}

TEST_CASE("partition text: characters at the edges of UTF-8 are kept, what is none is not",
          "[partition_text]") {
  for (const std::string kept :
       {"\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xec\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf1\x80\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(of(kept) == kept);
  }
  CHECK(of("\xc1\xbf") == "%C1%BF");                // two bytes for one of ASCII
  CHECK(of("\xe0\x9f\xbf") == "%E0%9F%BF");         // three where two will do
  CHECK(of("\xf0\x8f\xbf\xbf") == "%F0%8F%BF%BF");  // four where three will do
  CHECK(of("\xf4\x90\x80\x80") == "%F4%90%80%80");  // behind the last one
  CHECK(of("\xf5\x80\x80\x80") == "%F5%80%80%80");
  CHECK(of("\xf1\x80\x80") == "%F1%80%80");  // cut short
  CHECK(of("\xf1\x80\x80x") == "%F1%80%80x");
  CHECK(of("\xf1\x80(\x80") == "%F1%80%28%80");
  CHECK(of("\xe1\x80") == "%E1%80");
  CHECK(of("\x80") == "%80");
}

TEST_CASE("partition text: it is told from what cannot be one", "[partition_text]") {
  for (const std::string& good : {std::string(), std::string("a,b"), std::string("%2F~"),
                                  std::string("\xe6\x9d\xad"), std::string(kPartitionBytesMax, 'x')}) {
    CHECK(is_partition_text(good));
  }
  for (const std::string& bad : {std::string("a/b"), std::string("a b"), std::string("a\0b", 3),
                                 std::string("a|b"), std::string(kPartitionBytesMax + 1, 'x')}) {
    CHECK_FALSE(is_partition_text(bad));
  }
}
