#include "storage/attempt_log.hpp"

#include "core/base/utf8.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/file_size_limit.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace sluice;
using pipeline::Level;
using storage::AttemptLog;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("attempt log: a line has both times, its level and no line end inside", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop(Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) +
                                std::chrono::hours(16) + std::chrono::milliseconds(15'123));
  const std::string path = folder.file("orders/20181016/0015_1.log");
  {
    AttemptLog log(loop.clock, path, "Asia/Shanghai");
    log.line(Level::info, "window 00:05 to 00:10");
    log.line(Level::warning, "one\ntwo\r\n");
    log.line(Level::error, "");
  }
  CHECK(content(path) ==
        "2018-10-15T16:00:15.123Z 00:00:15 info window 00:05 to 00:10\n"
        "2018-10-15T16:00:15.123Z 00:00:15 warning one two  \n"
        "2018-10-15T16:00:15.123Z 00:00:15 error \n");
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == (0640U & (status.st_mode | 0640U)));
  CHECK((status.st_mode & 0007U) == 0);
}

TEST_CASE("attempt log: at every size it keeps head and tail, says what is missing and obeys the cap",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  constexpr std::uint64_t kCap = 8192;
  const std::string path = folder.file("a.log");
  AttemptLog log(loop.clock, path, "UTC", kCap);
  for (int n = 0; n < 2000; ++n) {
    log.line(Level::info, fmt::format("line {} end", n));
    const std::string text = content(path);
    REQUIRE(text.size() <= kCap);
    REQUIRE(text.find("line 0 end") != std::string::npos);
    REQUIRE(text.ends_with(fmt::format("line {} end\n", n)));
    const auto lines = count(text, " end\n");
    const std::size_t mark = text.find("... ");
    if (mark == std::string::npos) {
      REQUIRE(lines == static_cast<std::size_t>(n) + 1);
      continue;
    }
    REQUIRE(lines > 50);
    REQUIRE(count(text, "left out ...") == 1);
    const auto missing = static_cast<std::size_t>(n) + 1 - lines;
    REQUIRE(text.find(fmt::format("\n... {} lines (", missing)) == mark - 1);
  }
}

TEST_CASE("behaviour 13: killed like out of memory, the log of each attempt is readable to its last line",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop(Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::string path = folder.file(fmt::format("attempt-{}.log", attempt));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      AttemptLog log(loop.clock, path, "Asia/Shanghai", 1 << 20);
      for (int line = 1; line <= 50; ++line)
        log.line(Level::info, fmt::format("attempt {} line {}", attempt, line));
      ::kill(::getpid(), SIGKILL);
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::string text = content(folder.file(fmt::format("attempt-{}.log", attempt)));
    CHECK(count(text, "\n") == 50);
    CHECK(text.ends_with(fmt::format("attempt {} line 50\n", attempt)));
  }
}

TEST_CASE("attempt log: a log that is opened again goes on where it stood", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  int n = 0;
  for (int round = 0; round < 10; ++round) {
    AttemptLog log(loop.clock, path, "UTC", 8192);
    for (int more = 0; more < 37; ++more) log.line(Level::info, fmt::format("line {} end", n++));
  }
  const std::string text = content(path);
  CHECK(text.size() <= 8192);
  CHECK(text.find(fmt::format("\n... {} lines (", static_cast<std::size_t>(n) - count(text, " end\n"))) !=
        std::string::npos);
  CHECK(text.ends_with("line 369 end\n"));
}

TEST_CASE("attempt log: a file larger than the cap is brought below it", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  std::ofstream(path) << "first\n" << std::string(20'000, 'x') << "\nlast\n";
  AttemptLog log(loop.clock, path, "UTC", 8192);
  log.line(Level::info, "next");
  const std::string text = content(path);
  CHECK(text.size() <= 8192);
  CHECK(text.starts_with("first\n"));
  CHECK(text.find("left out ...\nlast\n") != std::string::npos);
  CHECK(text.ends_with("next\n"));
}

TEST_CASE("attempt log: one enormous line does not push out the rest", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  AttemptLog log(loop.clock, path, "UTC", 8192);
  log.line(Level::info, "first");
  log.line(Level::info, std::string(1'000'000, 'x'));
  log.line(Level::info, "last");
  const std::string text = content(path);
  CHECK(text.find("first") != std::string::npos);
  CHECK(text.find("... 998976 bytes left out\n") != std::string::npos);
  CHECK(text.ends_with("last\n"));
}

TEST_CASE("attempt log: a full disk loses lines, never the attempt, and the log tells later", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  AttemptLog log(loop.clock, path, "UTC");
  log.line(Level::info, "before");
  const auto size = std::filesystem::file_size(path);
  {
    const sluice::test::FileSizeLimit limit(size + 10);
    log.line(Level::info, "lost one");
    log.line(Level::info, "lost two");
    CHECK(log.lost_lines() == 2);
    CHECK(log.failure() == "write log " + path + ": File too large");
    CHECK(std::filesystem::file_size(path) == size);
  }
  log.line(Level::info, "after");
  CHECK(log.lost_lines() == 0);
  const std::string text = content(path);
  CHECK(count(text, "\n") == 3);
  CHECK(text.find("\n... 2 lines could not be written: write log " + path + ": File too large\n") !=
        std::string::npos);
  CHECK(text.ends_with("after\n"));
}

TEST_CASE("attempt log: a folder that cannot be is no reason to fail, and is tried again", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  std::ofstream(folder.file("orders")) << "a file where the folder should be";
  const std::string path = folder.file("orders/20181016/0015_1.log");
  AttemptLog log(loop.clock, path, "UTC");
  log.line(Level::info, "lost");
  CHECK(log.lost_lines() == 1);
  CHECK(log.failure() == "make folder " + folder.file("orders/20181016") + ": Not a directory");
  std::filesystem::remove(folder.file("orders"));
  log.line(Level::info, "kept");
  CHECK(log.lost_lines() == 0);
  CHECK(content(path).ends_with("kept\n"));
}

TEST_CASE("attempt log: following reads every line once while the file is being cut", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  AttemptLog log(loop.clock, path, "UTC", 8192);
  std::string followed;
  std::uint64_t next = 0;
  for (int n = 0; n < 1000; ++n) {
    log.line(Level::info, fmt::format("line {} end", n));
    const auto piece = storage::read_log(path, next, 65536);
    REQUIRE(piece.has_value());
    REQUIRE(piece->at_end);
    REQUIRE(piece->offset == next);
    followed += piece->text;
    next = piece->next;
  }
  CHECK(count(followed, "left out") == 0);
  for (int n = 0; n < 1000; ++n) REQUIRE(count(followed, fmt::format("line {} end\n", n)) == 1);
}

TEST_CASE("attempt log: reading in small pieces gives the file, whole lines and the mark in its place",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  AttemptLog log(loop.clock, path, "UTC", 8192);
  for (int n = 0; n < 1000; ++n) log.line(Level::info, fmt::format("line {} end", n));
  std::string text;
  std::uint64_t next = 0;
  for (bool at_end = false; !at_end;) {
    const auto piece = storage::read_log(path, next, 100);
    REQUIRE(piece.has_value());
    REQUIRE(piece->text.ends_with("\n"));
    REQUIRE(piece->next > next);
    text += piece->text;
    next = piece->next;
    at_end = piece->at_end;
  }
  CHECK(text == content(path));
  const auto beyond = storage::read_log(path, next + 100, 100);
  REQUIRE(beyond.has_value());
  CHECK(beyond->text.empty());
  CHECK(beyond->next == next);
  const auto slow = storage::read_log(path, 5000, 65536);
  REQUIRE(slow.has_value());
  CHECK(slow->text.starts_with("... "));
  CHECK(slow->offset > 5000);
}

TEST_CASE("attempt log: a log that does not exist is not_found", "[storage]") {
  const sluice::test::TempFolder folder;
  const auto piece = storage::read_log(folder.file("none.log"), 0, 100);
  REQUIRE(piece.has_error());
  CHECK(piece.error().code() == Errc::not_found);
}

TEST_CASE("attempt log: a link in its place is not followed, to write or to read", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  std::ofstream(folder.file("secret")) << "secret\n";
  const std::string path = folder.file("a.log");
  std::filesystem::create_symlink(folder.file("secret"), path);
  AttemptLog log(loop.clock, path, "UTC");
  log.line(Level::info, "text");
  CHECK(log.lost_lines() == 1);
  CHECK(content(folder.file("secret")) == "secret\n");
  const auto piece = storage::read_log(path, 0, 100);
  REQUIRE(piece.has_error());
  CHECK(piece.error().message() == "open log " + path + ": Too many levels of symbolic links");
}

TEST_CASE("attempt log: one without lines makes no file", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  { const AttemptLog log(loop.clock, folder.file("orders/a.log"), "UTC"); }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("attempt log: in a zone that is unknown by now lines have the time of UTC twice", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop(Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)));
  AttemptLog log(loop.clock, folder.file("a.log"), "Mars/Olympus");
  log.line(Level::info, "text");
  CHECK(content(folder.file("a.log")) == "2018-10-15T00:00:00.000Z 00:00:00 info text\n");
}

TEST_CASE("attempt log: what only looks like the line about what was left out is read as it stands",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.log");
  for (const std::string line :
       {"... ", "... x lines (5 bytes) left out ...", "... 12", "... 12 rows (5 bytes) left out ...",
        "... 12 lines (x bytes) left out ...", "... 12 lines (5 bytes) left in ...",
        "... 99999999999999999999 lines (5 bytes) left out ...", "... 12 lines could not be written: full"}) {
    CAPTURE(line);
    const std::string text = "first\n" + line + "\nlast\n";
    std::ofstream(path, std::ios::trunc) << text;
    const auto whole = storage::read_log(path, 0, 1000);
    REQUIRE(whole.has_value());
    CHECK(whole->text == text);
    CHECK(whole->next == text.size());
    CHECK(storage::read_log(path, text.size() - 5, 1000)->text == "last\n");
  }
}

TEST_CASE("attempt log: a line longer than what is asked for comes in pieces", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.log");
  std::ofstream(path) << std::string(25, 'x') << "\nlast\n";
  std::string text;
  std::uint64_t next = 0;
  for (int n = 0; n < 5; ++n) {
    const auto piece = storage::read_log(path, next, 10);
    REQUIRE(piece.has_value());
    text += piece->text;
    next = piece->next;
    CHECK(piece->at_end == (next == 31));
  }
  CHECK(text == content(path));
}

TEST_CASE("attempt log: no piece of a long line begins or ends inside a character", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.log");
  const std::string text = "a\u00e9\u4e2d\u6587\U0001F600\u00e9\u00e9z\nlast \u4e2d\n";
  std::ofstream(path) << text;
  for (std::size_t most = 1; most <= text.size(); ++most) {
    INFO("at most " << most);
    std::string joined;
    std::uint64_t next = 0;
    while (next < text.size()) {
      const auto piece = storage::read_log(path, next, most);
      REQUIRE(piece.has_value());
      REQUIRE(piece->offset == next);
      REQUIRE(piece->next > next);
      REQUIRE(piece->text.size() < most + 4);
      CHECK(is_utf8_text(piece->text));
      joined += piece->text;
      next = piece->next;
    }
    CHECK(joined == text);
  }
  for (std::uint64_t offset = 0; offset <= text.size(); ++offset) {
    INFO("from " << offset);
    const auto piece = storage::read_log(path, offset, 1000);
    REQUIRE(piece.has_value());
    CHECK(piece->offset >= offset);
    CHECK(piece->offset < offset + 4);
    CHECK(piece->text == text.substr(piece->offset));
    CHECK(is_utf8_text(piece->text));
    CHECK(piece->at_end);
  }
}

TEST_CASE("attempt log: bytes that are no characters are passed by", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.log");
  const std::string text = "\x80\x80\x80\x80\x80\xff\xe4\xb8 \xf0\x9f\x98";
  std::ofstream(path) << text;
  std::string joined;
  for (std::uint64_t next = 0; next < text.size();) {
    const auto piece = storage::read_log(path, next, 1);
    REQUIRE(piece.has_value());
    REQUIRE(piece->next == next + 1);
    joined += piece->text;
    next = piece->next;
  }
  CHECK(joined == text);
}

TEST_CASE("attempt log: a file without any line end is cut and goes on", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  std::ofstream(path) << std::string(20'000, 'x');
  AttemptLog log(loop.clock, path, "UTC", 8192);
  log.line(Level::info, "next");
  const std::string text = content(path);
  CHECK(text.size() <= 8192);
  CHECK(text.starts_with("xxx"));
  CHECK(text.find("\n... ") != std::string::npos);
  CHECK(text.ends_with("next\n"));
}

TEST_CASE("attempt log: one that another program cuts meanwhile goes on, within its cap", "[storage]") {
  const sluice::test::TempFolder folder;
  const sluice::test::Loop loop;
  const std::string path = folder.file("a.log");
  for (const std::size_t written : {3U, 100U, 157U, 158U, 159U, 160U, 400U}) {
    CAPTURE(written);
    std::filesystem::remove(path);
    AttemptLog log(loop.clock, path, "UTC", 8192);
    for (std::size_t n = 0; n < written; ++n) log.line(Level::info, fmt::format("line {} end", n));
    std::filesystem::resize_file(path, 0);
    for (int n = 0; n < 300; ++n) log.line(Level::info, fmt::format("later {} end", n));
    CHECK(log.lost_lines() == 0);
    const std::string text = content(path);
    CHECK(text.size() <= 8192);
    CHECK(text.ends_with("later 299 end\n"));
    CHECK(text.find("could not be written") == std::string::npos);
  }
}
