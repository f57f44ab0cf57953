#include "core/format/json_lines.hpp"

#include "tests/unit/core/format/rows.hpp"

#include <boost/json.hpp>

#include <limits>
#include <random>

using namespace sluice;
using namespace sluice::test;
using format::JsonLinesEncoder;

namespace {

JsonLinesEncoder encoder(std::vector<std::string> names) { return JsonLinesEncoder(names, "\n", {}); }

}  // namespace

TEST_CASE("jsonl: values of every type are JSON's own or text", "[jsonl]") {
  CHECK(line_of(encoder({"a", "b\"", "c", "d", "e", "f", "g"}),
                {text("x"), pipeline::Value(), integer(-9007199254740993), real(0.1), boolean(true),
                 binary("\xff\""), date(0)}) ==
        "{\"a\":\"x\",\"b\\\"\":null,\"c\":-9007199254740993,\"d\":0.1,\"e\":true,\"f\":\"\xef\xbf\xbd\\\"\","
        "\"g\":\"1970-01-01 00:00:00\"}\n");
}

TEST_CASE("jsonl: columns without a name are called by their place", "[jsonl]") {
  CHECK(line_of(encoder({"a"}), {integer(1), integer(2), integer(3)}) == "{\"a\":1,\"c1\":2,\"c2\":3}\n");
  CHECK(line_of(encoder({}), {integer(1)}) == "{\"c0\":1}\n");
}

TEST_CASE("jsonl: what JSON must not hold bare is escaped", "[jsonl]") {
  CHECK(line_of(encoder({"a"}), {text(std::string_view("\"\\\b\f\n\r\t\0\x1f/\x7f", 11))}) ==
        "{\"a\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\x7f\"}\n");
  CHECK(line_of(encoder({"a"}), {binary("a\nb")}) == "{\"a\":\"a\\nb\"}\n");
}

TEST_CASE("jsonl: rows without a text of their own are dirty and name the column", "[jsonl]") {
  CHECK(problem_of(encoder({"a"}), {integer(1), real(std::numeric_limits<double>::infinity())}) ==
        "2 is no finite number");
  CHECK(problem_of(encoder({"a"}), {text("abcdefgh\xff")}) == "1 is not UTF-8");
  CHECK(problem_of(encoder({"a"}), {date(INT64_MAX)}) == "1 is no date of the years 1 to 9999");
}

TEST_CASE("jsonl: random rows read back the same through a JSON parser", "[jsonl]") {
  constexpr std::string_view kPieces[] = {"\"",
                                          "\\",
                                          "\n",
                                          std::string_view("\0", 1),
                                          "\x1f",
                                          " ",
                                          "a",
                                          "\xe4\xbd\xa0",
                                          "\xf0\x9f\x98\x80",
                                          "!",
                                          "0123456789abcdefg",
                                          "\x7f",
                                          "\xc2\xa0"};
  std::mt19937_64 random(11);
  const JsonLinesEncoder lines = encoder({"text", "integer", "real"});
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::size_t left = random() % 12; left > 0; --left) bytes += kPieces[random() % std::size(kPieces)];
    const auto number = static_cast<std::int64_t>(random());
    double fraction = 0;
    const std::uint64_t bits = random();
    std::memcpy(&fraction, &bits, sizeof fraction);
    if (!std::isfinite(fraction)) continue;
    const std::string line = line_of(lines, {text(bytes), integer(number), real(fraction)});
    REQUIRE(line.find('\n') == line.size() - 1);
    const boost::json::value back = boost::json::parse(line);
    REQUIRE(back.at("text").as_string() == bytes);
    REQUIRE(back.at("integer").to_number<std::int64_t>() == number);
    const std::size_t at = line.find("\"real\":") + 7;
    REQUIRE(std::stod(line.substr(at)) ==
            fraction);  // Boost's own reading of doubles is off by a bit at times
  }
}

TEST_CASE("jsonl: a row without columns is an empty object, and there is no header", "[jsonl]") {
  pipeline::RowBatch batch(0);
  batch.append_row();
  format::ByteBuffer out;
  const std::vector<std::string> names = {"a"};
  encoder({"a"}).append_header(names, out);
  REQUIRE(encoder({"a"}).append(batch, 0, 1, out).problem.empty());
  CHECK(out.view() == "{}\n");
}
