#include "core/format/value_text.hpp"

#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

using namespace sluice;
using format::ByteBuffer;

namespace {

boost::json::value vectors(const std::string& name) {
  std::ifstream file(sluice::test::test_data("oss/" + name));
  REQUIRE(file);
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

std::string real_text(double value) {
  ByteBuffer out;
  REQUIRE(format::append_real(value, out));
  return std::string(out.view());
}

double double_of(std::string_view bits) {
  std::uint64_t number = 0;
  std::from_chars(bits.data(), bits.data() + bits.size(), number, 16);
  return std::bit_cast<double>(number);
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(digits.data() + at, digits.data() + at + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

}  // namespace

TEST_CASE("doubles read as the original writes them", "[format]") {
  const boost::json::value json = vectors("java_text.json");
  for (const auto& entry : json.at("doubles").as_array()) {
    CAPTURE(entry.at("bits").as_string());
    CHECK(real_text(double_of(entry.at("bits").as_string())) == entry.at("text").as_string());
  }
}

TEST_CASE("the original's column values give the same text", "[format]") {
  const boost::json::value json = vectors("osswriter_rows.json");
  std::size_t checked = 0;
  for (const auto& entry : json.at("columns").as_array()) {
    const std::string made(entry.at("constructed").as_string());
    constexpr std::string_view kPrefix = "DoubleColumn(Double ";
    if (!made.starts_with(kPrefix) || !entry.as_object().contains("text")) continue;
    double value = 0;
    std::from_chars(made.data() + kPrefix.size(), made.data() + made.size(), value);
    CAPTURE(made);
    CHECK(real_text(value) == entry.at("text").as_string());
    ++checked;
  }
  CHECK(checked == 10);
}

TEST_CASE("doubles to which Java gives spare digits get the fewest that read back the same", "[format]") {
  const boost::json::value json = vectors("java_text.json");
  for (const auto& entry : json.at("spare_digits").as_array()) {
    const double value = double_of(entry.at("bits").as_string());
    const std::string text = real_text(value);
    CHECK(text != entry.at("text").as_string());
    CHECK(std::stod(text) == value);
  }
}

TEST_CASE("what is not a finite number has no text", "[format]") {
  ByteBuffer out;
  CHECK_FALSE(format::append_real(std::nan(""), out));
  CHECK_FALSE(format::append_real(std::numeric_limits<double>::infinity(), out));
  CHECK_FALSE(format::append_real(-std::numeric_limits<double>::infinity(), out));
  CHECK(out.empty());
}

TEST_CASE("integers are decimal up to both ends of their range", "[format]") {
  ByteBuffer out;
  format::append_integer(std::numeric_limits<std::int64_t>::min(), out);
  out.append(' ');
  format::append_integer(std::numeric_limits<std::int64_t>::max(), out);
  out.append(' ');
  format::append_integer(0, out);
  CHECK(out.view() == "-9223372036854775808 9223372036854775807 0");
}

TEST_CASE("bytes that are not UTF-8 become replacement characters as in the original", "[format]") {
  const boost::json::value json = vectors("java_text.json");
  for (const auto& entry : json.at("decoded").as_array()) {
    ByteBuffer out;
    format::append_decoded(from_hex(entry.at("bytes").as_string()), out);
    CAPTURE(entry.at("bytes").as_string());
    CHECK(out.view() == from_hex(entry.at("text").as_string()));
  }
}
