#include "core/job/encodings.hpp"

#include <catch2/catch.hpp>

using namespace sluice::job;

TEST_CASE("encodings: names are taken in any letter case and spelling") {
  for (const char* name : {"UTF-8", "utf-8", "utf8", "Utf_8", "utf 8"}) {
    INFO(name);
    CHECK(find_encoding(name) == "UTF-8");
  }
  CHECK(find_encoding("utf16") == "UTF-16");
  CHECK(find_encoding("UTF_16BE") == "UTF-16BE");
  CHECK(find_encoding("utf-16le") == "UTF-16LE");
  CHECK(find_encoding("gb18030") == "GB18030");
  CHECK(find_encoding("gb2312") == "GB2312");
  CHECK(find_encoding("BIG5") == "Big5");
  CHECK(find_encoding("shift-jis") == "Shift_JIS");
  CHECK(find_encoding("euc_jp") == "EUC-JP");
  CHECK(find_encoding("euckr") == "EUC-KR");
  CHECK(find_encoding("iso8859-1") == "ISO-8859-1");
  CHECK(find_encoding("Windows-1252") == "windows-1252");
  CHECK(find_encoding("us-ascii") == "US-ASCII");
}

TEST_CASE("encodings: Java's own names are known") {
  CHECK(find_encoding("UnicodeBigUnmarked") == "UTF-16BE");
  CHECK(find_encoding("x-UTF-16LE") == "UTF-16LE");
  CHECK(find_encoding("MS936") == "GBK");
  CHECK(find_encoding("CP936") == "GBK");
  CHECK(find_encoding("EUC_CN") == "GB2312");
  CHECK(find_encoding("SJIS") == "Shift_JIS");
  CHECK(find_encoding("ISO8859_1") == "ISO-8859-1");
  CHECK(find_encoding("latin1") == "ISO-8859-1");
  CHECK(find_encoding("Cp1252") == "windows-1252");
  CHECK(find_encoding("ASCII") == "US-ASCII");
  CHECK(find_encoding("ksc5601") == "EUC-KR");
}

TEST_CASE("encodings: what is not known is answered with what is near") {
  CHECK(find_encoding("") == std::nullopt);
  CHECK(find_encoding("UTF-9") == std::nullopt);
  CHECK(find_encoding("ibm-1388") == std::nullopt);
  CHECK(encoding_hint("UTF-9") == "did you mean UTF-8?");
  CHECK(encoding_hint("GBKK") == "did you mean GBK?");
  CHECK(encoding_hint("ebcdic").starts_with("known are UTF-8, UTF-16, "));
}
