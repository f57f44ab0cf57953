#include "core/format/charset.hpp"

#include "core/format/utf8.hpp"
#include "core/http/crypto.hpp"
#include "tests/unit/core/format/rows.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <set>
#include <unicode/ucnv.h>

using namespace sluice;
using format::ByteBuffer;
using format::Charset;

namespace {

std::string utf8_of(std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
  if (code < 0x10000)
    return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
  return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
          byte(0x80 | (code & 0x3f))};
}

bool is_surrogate(std::uint32_t code) { return code >= 0xd800 && code < 0xe000; }

// The bytes in hex, or what stands in the way.
std::string hex_of(std::string_view name, std::string_view text) {
  const Charset* const charset = Charset::find(name);
  REQUIRE(charset != nullptr);
  ByteBuffer out;
  const auto unmapped = charset->append(text, out);
  if (unmapped) return format::describe(*unmapped, *charset);
  std::string hex;
  for (const char byte : out.view()) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

std::string sha256_hex(std::string_view text) {
  std::string hex;
  for (const char byte : http::sha256(text)) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

bool left_out_of_big5(std::string_view hex) { return hex.size() == 4 && hex >= "c6a1" && hex <= "c8fe"; }

}  // namespace

TEST_CASE("charset: the tables are Java's, character for character", "[charset]") {
  const boost::json::value json = boost::json::parse(sluice::test::file_of("format/charsets.json"));
  for (const auto& entry : json.at("charsets").as_array()) {
    const std::string name(entry.at("name").as_string());
    std::set<std::uint32_t> left_out;
    for (const auto& code : entry.at("left_out").as_array())
      left_out.insert(static_cast<std::uint32_t>(std::stoul(std::string(code.as_string()), nullptr, 16)));
    const Charset* const charset = Charset::find(name);
    REQUIRE(charset != nullptr);
    std::string lines;
    std::int64_t characters = 0;
    ByteBuffer out;
    for (std::uint32_t code = 1; code < 0x10000; ++code) {
      const bool is_private = code >= 0xe000 && code < 0xf900;
      if (is_surrogate(code) || left_out.count(code) > 0 || (name == "GB18030" && is_private)) continue;
      out.truncate(0);
      if (charset->append(utf8_of(code), out)) continue;
      std::string hex;
      for (const char byte : out.view()) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      if (name == "Big5" && left_out_of_big5(hex)) continue;
      lines += fmt::format("{:x} {}\n", code, hex);
      ++characters;
    }
    CAPTURE(name);
    CHECK(characters == entry.at("characters").as_int64());
    CHECK(sha256_hex(lines) == entry.at("sha256").as_string());
  }
}

TEST_CASE("charset: GB18030 has every code point, and ICU reads each back", "[charset]") {
  const Charset* const charset = Charset::find("GB18030");
  std::string text;
  std::u16string wanted;
  for (std::uint32_t code = 0; code < 0x110000; code += code < 0x10000 ? 1 : 37) {
    if (is_surrogate(code)) continue;
    text += utf8_of(code);
    if (code >= 0x10000) wanted += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10));
    wanted += static_cast<char16_t>(code < 0x10000 ? code : 0xdc00 + ((code - 0x10000) & 0x3ff));
  }
  ByteBuffer out;
  REQUIRE_FALSE(charset->append(text, out));
  UErrorCode error = U_ZERO_ERROR;
  UConverter* const converter = ucnv_open("gb18030", &error);
  std::u16string back(wanted.size() + 1, u'\0');
  const std::int32_t units = ucnv_toUChars(converter, back.data(), static_cast<std::int32_t>(back.size()),
                                           out.data(), static_cast<std::int32_t>(out.size()), &error);
  ucnv_close(converter);
  REQUIRE(U_SUCCESS(error) != 0);
  back.resize(static_cast<std::size_t>(units));
  CHECK(back == wanted);
}

TEST_CASE("charset: the euro sign of GBK is the one of GB18030", "[charset]") {
  CHECK(hex_of("GBK", "\xe2\x82\xac") == "a2e3");
  CHECK(hex_of("GB18030", "\xe2\x82\xac") == "a2e3");
  CHECK(hex_of("windows-1252", "\xe2\x82\xac") == "80");
}

TEST_CASE("charset: what a set does not have is named, look-alikes are not taken", "[charset]") {
  CHECK(hex_of("GBK", "ok \xf0\x9f\x98\x80") == "has no GBK for U+1F600");
  CHECK(hex_of("ISO-8859-1", "\xe2\x80\x99") == "has no ISO-8859-1 for U+2019");
  CHECK(hex_of("US-ASCII", "\xc3\xa9") == "has no US-ASCII for U+00E9");
  CHECK(hex_of("Shift_JIS", "\xc2\xa5") == "has no Shift_JIS for U+00A5");
  CHECK(hex_of("windows-1252", "\xc2\x81") == "has no windows-1252 for U+0081");
}

TEST_CASE("charset: bytes that are not UTF-8 are no characters", "[charset]") {
  for (const std::string_view name : {"GBK", "GB18030", "UTF-16", "UTF-16LE", "ISO-8859-1"}) {
    for (const std::string_view text : {"a\xff", "12345678\x80", "\xed\xa0\x80", "\xc0\x80", "\xe4\xbd"}) {
      CHECK(hex_of(name, text) == "is not UTF-8");
    }
  }
}

TEST_CASE("charset: what precedes the character at fault is there, and its place is told", "[charset]") {
  ByteBuffer out;
  const auto unmapped = Charset::find("GBK")->append("0123456789\xe4\xbd\xa0\xf0\x9f\x98\x80", out);
  REQUIRE(unmapped);
  CHECK(unmapped->offset == 13);
  CHECK(out.view() == "0123456789\xc4\xe3");
}

TEST_CASE("charset: UTF-16 in both orders, its mark apart", "[charset]") {
  CHECK(hex_of("UTF-16", "a\xe4\xbd\xa0\xf0\x9f\x98\x80") == "00614f60d83dde00");
  CHECK(hex_of("UTF-16BE", "a\xe4\xbd\xa0\xf0\x9f\x98\x80") == "00614f60d83dde00");
  CHECK(hex_of("UTF-16LE", "a\xe4\xbd\xa0\xf0\x9f\x98\x80") == "6100604f3dd800de");
  CHECK(Charset::find("UTF-16")->object_prefix() == "\xfe\xff");
  CHECK(Charset::find("UTF-16BE")->object_prefix() == "");
  CHECK(Charset::find("GBK")->object_prefix() == "");
}

TEST_CASE("charset: only canonical names are known, and a set is made once", "[charset]") {
  CHECK(Charset::find("UTF-8") == nullptr);
  CHECK(Charset::find("gbk") == nullptr);
  CHECK(Charset::find("") == nullptr);
  CHECK(Charset::find("GBK") == Charset::find("GBK"));
}
