#include "core/base/crc64.hpp"

#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

using sluice::crc64;
using sluice::crc64_by_table;
using sluice::crc64_combine;

namespace {

boost::json::value vectors() {
  std::ifstream file(sluice::test::test_data("oss/crc64.json"));
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

std::uint64_t number(const boost::json::value& value) { return std::stoull(std::string(value.as_string())); }

std::string thousand_bytes() {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>((i * 7 + 3) % 256);
  return bytes;
}

}  // namespace

TEST_CASE("crc64 gives the official values", "[crc64]") {
  const std::map<std::string, std::string> inputs = {
      {"empty", ""},
      {"check_123456789", "123456789"},
      {"a", "a"},
      {"hello_newline", "hello\n"},
      {"zero_1024", std::string(1024, '\0')},
      {"ff_100", std::string(100, '\xff')},
      {"a_1MiB", std::string(1024 * 1024, 'a')},
      {"bytes_i*7+3_mod256_1000", thousand_bytes()},
  };
  std::size_t checked = 0;
  const boost::json::value json = vectors();
  for (const auto& entry : json.at("single").as_array()) {
    const auto input = inputs.find(std::string(entry.at("name").as_string()));
    if (input == inputs.end()) continue;  // "utf8": its text is not in the file
    CAPTURE(input->first);
    CHECK(crc64(0, input->second) == number(entry.at("crc_decimal")));
    ++checked;
  }
  CHECK(checked == inputs.size());
}

TEST_CASE("crc64 of two halves combines to that of the whole as in the official vectors", "[crc64]") {
  const boost::json::value json = vectors();
  for (const auto& entry : json.at("combine").as_array()) {
    const auto length = entry.at("len2").to_number<std::uint64_t>();
    CHECK(crc64_combine(number(entry.at("crc1")), number(entry.at("crc2")), length) ==
          number(entry.at("whole")));
  }
}

TEST_CASE("crc64 goes on from any cut and combines at any cut", "[crc64]") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 5000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::size_t cut = bytes.empty() ? 0 : random() % bytes.size();
    const std::string_view a = std::string_view(bytes).substr(0, cut);
    const std::string_view b = std::string_view(bytes).substr(cut);
    const std::uint64_t whole = crc64(0, bytes);
    CHECK(crc64(crc64(0, a), b) == whole);
    CHECK(crc64_combine(crc64(0, a), crc64(0, b), b.size()) == whole);
  }
}

TEST_CASE("crc64 is the tables' at every length, start and place in memory", "[crc64]") {
  std::mt19937_64 random(8);
  std::string bytes(700, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  for (std::size_t length = 0; length <= 600; ++length) {
    const std::string_view part = std::string_view(bytes).substr(random() % 64, length);
    const std::uint64_t start = length % 3 == 0 ? 0 : random();
    REQUIRE(crc64(start, part) == crc64_by_table(start, part));
  }
}
