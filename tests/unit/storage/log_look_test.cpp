// What the write-ahead log beside a state file looks like, for logs that are built by hand.
#include "storage/state_check.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace sluice;
using storage::LogLook;

namespace {

constexpr std::uint32_t kLittle = 0x377f0682;  // the words of checksums are little-endian
constexpr std::uint32_t kBig = 0x377f0683;
constexpr std::uint32_t kSalt = 0x01020304;

std::string word(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((number >> shift) & 0xffU);
  return bytes;
}

struct Sum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::string bytes() const { return word(first) + word(second); }
};

// As SQLite's description of the format has it.
Sum add(Sum sum, std::string_view bytes, bool big) {
  const auto word_at = [&](std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t n = 0; n < 4; ++n) {
      const std::size_t place = big ? n : 3 - n;
      number = (number << 8U) | static_cast<unsigned char>(bytes[at + place]);
    }
    return number;
  };
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum.first += word_at(at) + sum.second;
    sum.second += word_at(at + 4) + sum.first;
  }
  return sum;
}

// One frame; `size` is not 0 for the last one of a commit.
struct Frame {
  std::uint32_t page = 1;
  std::uint32_t size = 0;
  std::uint32_t salt = kSalt;
  bool broken = false;
};

constexpr Frame kCommit{1, 1, kSalt, false};
constexpr Frame kBroken{1, 0, kSalt, true};

std::string log_of(const std::vector<Frame>& frames, std::uint32_t magic = kLittle,
                   std::uint32_t page_size = 512) {
  const bool big = (magic & 1U) != 0;
  const std::string head = word(magic) + word(3007000) + word(page_size) + word(0) + word(kSalt) + word(5);
  Sum sum = add({}, head, big);
  std::string log = head + sum.bytes();
  for (const Frame& frame : frames) {
    std::string page(page_size, 'x');
    const std::string numbers = word(frame.page) + word(frame.size);
    sum = add(add(sum, numbers, big), page, big);
    if (frame.broken) page[7] = 'y';
    log += numbers + word(frame.salt) + word(5) + sum.bytes() + page;
  }
  return log;
}

LogLook look(const std::string& bytes, std::uint64_t size = 512) {
  const sluice::test::TempFolder folder;
  std::ofstream(folder.file("log"), std::ios::binary) << bytes;
  return storage::look_at_log(folder.file("log"), size).value();
}

}  // namespace

TEST_CASE("log look: a log of a machine of either byte order and any page size is whole", "[storage]") {
  for (const std::uint32_t magic : {kLittle, kBig}) {
    for (const std::uint32_t page : {512U, 4096U, 65536U}) {
      CAPTURE(magic, page);
      CHECK(look(log_of({{}, kCommit, kCommit}, magic, page)) == LogLook::whole);
      CHECK(look(log_of({{}, kCommit, kBroken, kCommit, kCommit}, magic, page)) == LogLook::damaged);
    }
  }
  CHECK(look(log_of({})) == LogLook::whole);  // a header alone holds no commit
  CHECK(look("") == LogLook::none);
}

TEST_CASE("log look: what lies behind its end and is of an older use of it takes nothing away", "[storage]") {
  const Frame older{1, 1, kSalt - 1, false};
  CHECK(look(log_of({kCommit, older, older, older})) == LogLook::whole);
  const Frame no_page{0, 1, kSalt, false};
  CHECK(look(log_of({kCommit, kBroken, no_page, no_page, no_page})) == LogLook::cut);
  const std::string grown = log_of({kCommit, kCommit}) + std::string(10 * (24 + 512), '\0');
  CHECK(look(grown) == LogLook::whole);  // the file system's zeros after a power cut
}

TEST_CASE("log look: one commit behind a break is of a write that failed, two were durable", "[storage]") {
  CHECK(look(log_of({kCommit, kBroken})) == LogLook::cut);
  CHECK(look(log_of({kCommit, kBroken, {}, kCommit})) == LogLook::cut);
  CHECK(look(log_of({kCommit, kBroken, kCommit, kBroken, kCommit})) == LogLook::cut);
  CHECK(look(log_of({kCommit, kBroken, {}, kCommit, {}, kCommit})) == LogLook::damaged);
}

TEST_CASE("log look: a damaged header hides commits, a blank or short one holds none", "[storage]") {
  const std::string whole = log_of({kCommit, kCommit, kCommit}, kLittle, 4096);
  const std::string frames = whole.substr(32);
  std::vector<std::pair<std::string, std::string>> headers;
  headers.emplace_back("another magic", word(0x12345678) + whole.substr(4, 28));
  for (const std::uint32_t page : {0U, 256U, 1000U, 131072U})
    headers.emplace_back("page size " + std::to_string(page),
                         whole.substr(0, 8) + word(page) + whole.substr(12, 20));
  headers.emplace_back("another checksum", whole.substr(0, 24) + std::string(8, 'x'));
  for (const auto& [name, header] : headers) {
    CAPTURE(name);
    CHECK(look(header + frames) == LogLook::damaged);
    CHECK(look(header) == LogLook::cut);
  }
  CHECK(look(std::string(32, '\0') + std::string(8240, '\0')) == LogLook::cut);
  CHECK(look(whole.substr(0, 31)) == LogLook::cut);
}

TEST_CASE("log look: any log beside an empty state file is damage", "[storage]") {
  CHECK(look(log_of({kCommit}), 0) == LogLook::damaged);
  CHECK(look("x", 0) == LogLook::damaged);
  CHECK(look("", 0) == LogLook::none);
}

TEST_CASE("log look: a log that cannot be read is an error, not a missing one", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("log");
  CHECK(storage::look_at_log(path, 1).value() == LogLook::none);
  std::filesystem::create_symlink(path, path);
  const auto looped = storage::look_at_log(path, 1);
  REQUIRE_FALSE(looped);
  CHECK(looped.error().code() == Errc::io);
  CHECK(looped.error().message() == "read " + path + ": Too many levels of symbolic links");
}
