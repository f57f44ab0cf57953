#include "daemon/base/console.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace sluice::daemon;

TEST_CASE("table: flexible columns shrink until the line fits the terminal") {
  std::ostringstream out;
  Console console{out, out};
  console.width = 30;
  Table table({{"NAME", false, true}, {"ROWS", true}});
  table.add({{"a-name-that-is-much-longer-than-the-terminal"}, {"12"}});
  table.add({{"short"}, {"1,234"}});
  table.print(console);
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) CHECK(display_width(line) == 30);
  CHECK(out.str().find("\xe2\x80\xa6") != std::string::npos);
}

TEST_CASE("table: what names a line stays whole; spare columns go, the least needed first, and it is said") {
  std::ostringstream out;
  Console console{out, out};
  console.width = 30;
  Table table({{"INSTANCE"}, {"STATE"}, {"ROWS", true, false, 2}, {"REASON", false, true, 1}});
  table.add({{"\xe8\xae\xa2\xe5\x8d\x95@2018"}, {"SUCCESS"}, {"1,234,567"}, {"as it should be, and more"}});
  table.print(console);
  CHECK(out.str() ==
        "INSTANCE   STATE    REASON\n"
        "\xe8\xae\xa2\xe5\x8d\x95@2018  SUCCESS  as it sho\xe2\x80\xa6\n"
        "1 columns left out: the terminal is too narrow\n");
  out.str("");
  console.width = 12;
  table.print(console);
  CHECK(out.str().find("\xe8\xae\xa2\xe5\x8d\x95@2018  SUCCESS\n") != std::string::npos);
}

TEST_CASE("progress: a bar on a terminal, nothing elsewhere, and lines go above it") {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  {
    ProgressLine progress(console);
    progress.show(0.5, "half");
    progress.line("said");
  }
  CHECK(err.str() == "said\n");
  err.str("");
  console.terminal = true;  // of `out` it says nothing about `err`
  console.width = 80;
  {
    ProgressLine progress(console);
    progress.show(0.5, "half");
  }
  CHECK(err.str().empty());
  console.terminal = false;
  console.width = 0;
  console.err_terminal = true;
  console.err_width = 80;
  {
    ProgressLine progress(console);
    progress.show(0.5, "half");
    progress.line("said");
    progress.show(7, "");
  }
  CHECK(err.str() ==
        "\r[##########----------]  50 %  half\x1b[K\r\x1b[Ksaid\n"
        "\r[####################] 100 %  \x1b[K\r\x1b[K");
  CHECK(out.str().empty());
}

TEST_CASE("table: without a terminal nothing is cut and nothing is coloured") {
  std::ostringstream out;
  Console console{out, out};
  Table table({{"A"}, {"B"}});
  table.add({{"x", Tone::bad}, {std::string(300, 'y'), Tone::good}});
  table.print(console);
  CHECK(out.str() == "A  B\nx  " + std::string(300, 'y') + "\n");
}

TEST_CASE("text: Chinese letters take two columns") {
  CHECK(display_width("\xe4\xb8\xad\xe6\x96\x87") == 4);
  CHECK(display_width("abc") == 3);
  CHECK(shorten("\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad", 4) == "\xe4\xb8\xad\xe2\x80\xa6");
  CHECK(shorten("abcdef", 4) == "abc\xe2\x80\xa6");
}

TEST_CASE("numbers read well") {
  CHECK(duration_text(3.25) == "3.2 s");
  CHECK(duration_text(75) == "75 s");
  CHECK(duration_text(600) == "10 min");
  CHECK(duration_text(3 * 3600 + 600) == "3 h 10 min");
  CHECK(duration_text(51 * 3600) == "2 d 3 h");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1'400'000) == "1.4 MB");
  CHECK(count_text(0) == "0");
  CHECK(count_text(1234567) == "1,234,567");
}
