#include "core/base/read_file.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sluice;
using sluice::test::TempFolder;

namespace {

std::string told(const std::string& path) {
  const auto text = read_file(path, 100);
  return text ? *text : text.error().message();
}

}  // namespace

TEST_CASE(
    "read file: the bytes up to the limit, and what the system says of "
    "what cannot be read") {
  const TempFolder folder;
  const std::string path = folder.file("a");
  CHECK(told(path) == "read " + path + ": No such file or directory");
  CHECK(read_file(path, 100).error().code() == Errc::not_found);
  std::ofstream(path, std::ios::binary) << std::string("a\0\r\n", 4);
  CHECK(told(path) == std::string("a\0\r\n", 4));
  CHECK(read_file(path, 2).value() == std::string("a\0", 2));
  CHECK(told(folder.path().string()) == "read " + folder.path().string() + ": Is a directory");
  CHECK(told("/dev/null").empty());
  CHECK(read_file("/dev/zero", 3).value() == std::string(3, '\0'));
}

TEST_CASE(
    "read file: pipes and sockets are refused, whether somebody writes "
    "there or not") {
  const TempFolder folder;
  const std::string path = folder.file("x.yaml");
  const std::string refusal = "read " + path + ": it is no regular file";
  SECTION("a named pipe without a writer") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(told(path) == refusal);
    CHECK(read_file(path, 1).error().code() == Errc::invalid_argument);
  }
  SECTION("a named pipe that is held open") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const std::fstream held(path, std::ios::in | std::ios::out | std::ios::binary);
    REQUIRE(held.is_open());
    CHECK(told(path) == refusal);
  }
  SECTION("a socket") {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(told(path) == refusal);
    ::close(listener);
  }
}

TEST_CASE("read file: a pipe that the process was given is read to its end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "name: x", 7) == 7);
  ::close(ends[1]);
  CHECK(told(fmt::format("/dev/fd/{}", ends[0])) == "name: x");
  ::close(ends[0]);
}
