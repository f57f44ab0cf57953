#include "core/base/utf8.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("utf8: a text is characters to its end") {
  CHECK(is_utf8_text(""));
  CHECK(is_utf8_text("a\xe4\xbd\xa0"));
  CHECK_FALSE(is_utf8_text("a\xe4\xbd"));
  CHECK_FALSE(
      is_utf8_text("\xff"
                   "a"));
}

TEST_CASE("utf8: a character has its length, and what is none has no length") {
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("é!") == 2);
  CHECK(utf8_length("你") == 3);
  CHECK(utf8_length("😀") == 4);
  CHECK(utf8_length("\xe4\xbd") == 0);          // ends early
  CHECK(utf8_length("\xbd") == 0);              // the inside of one
  CHECK(utf8_length("\xc0\x80") == 0);          // longer than need be
  CHECK(utf8_length("\xe0\x80\x80") == 0);      // likewise
  CHECK(utf8_length("\xed\xa0\x80") == 0);      // half of a surrogate pair
  CHECK(utf8_length("\xf4\x90\x80\x80") == 0);  // beyond Unicode
}

TEST_CASE("utf8: the first and the last character of each length are ones, their neighbours are none") {
  for (const std::string_view good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                      "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(utf8_length(good) == good.size());
  }
  for (const std::string_view bad :
       {"\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xf1\x80\x80", "\xf1\x80\x80x", "\xe1x\x80", "\xe1\x80x"}) {
    CHECK(utf8_length(bad) == 0);
  }
}

TEST_CASE("utf8: what a server said becomes one line of UTF-8") {
  CHECK(foreign_line("", 10).empty());
  CHECK(foreign_line("a\r\nb\tc\x7f", 100) == "a  b c ");
  CHECK(foreign_line("\xc4\xe3\xba\xc3 你好", 100) == "???? 你好");  // GBK, then UTF-8
  CHECK(foreign_line(std::string_view("a\0b", 3), 100) == "a b");
}

TEST_CASE("utf8: a long line is cut between characters") {
  CHECK(foreign_line("abc", 3) == "abc");
  CHECK(foreign_line("abcd", 3) == "...");
  CHECK(foreign_line("abcdef", 5) == "ab...");
  CHECK(foreign_line("你好世界", 12) == "你好世界");
  CHECK(foreign_line("你好世界", 9) == "你好...");
  CHECK(foreign_line("你好世界", 8) == "你...");
}

TEST_CASE("utf8: a text of any bytes as one that is UTF-8 stays as it is but for what is no character") {
  CHECK(as_utf8("").empty());
  CHECK(as_utf8("a\r\n\xe4\xbd\xa0") == "a\r\n\xe4\xbd\xa0");
  CHECK(as_utf8("/\xb6\xa9.yaml") == "/??.yaml");
  CHECK(as_utf8("\xe4\xbd") == "??");
}
