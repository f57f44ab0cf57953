#include "core/job/references.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using namespace sluice;
using namespace sluice::job;
using sluice::test::TempFolder;

namespace {

std::string opened(const std::string& text) {
  const auto value = open_reference(text, "accessKey");
  return value ? *value : value.error().message();
}

std::string opened_file(const TempFolder& folder, const std::string& content) {
  std::ofstream(folder.file("key"), std::ios::binary) << content;
  return opened("file:" + folder.file("key"));
}

}  // namespace

TEST_CASE("references: text that refers to nothing is itself") {
  for (const std::string text : {"", "key", "${env:HOME", "${name}", "File:/etc/key", " file:/etc/key"}) {
    CHECK_FALSE(is_reference(text));
    CHECK(opened(text) == text);
  }
}

TEST_CASE("references: one line end behind a file's content is dropped, no more") {
  const TempFolder folder;
  CHECK(opened_file(folder, "secret") == "secret");
  CHECK(opened_file(folder, "secret\n") == "secret");
  CHECK(opened_file(folder, "secret\r\n") == "secret");
  CHECK(opened_file(folder, "secret\n\n") == "secret\n");
  CHECK(opened_file(folder, " secret ") == " secret ");
  CHECK(opened_file(folder, std::string(64 * 1024, 'k')) == std::string(64 * 1024, 'k'));
}

TEST_CASE("references: a file that is no key is an error that names it, and quotes nothing") {
  const TempFolder folder;
  const std::string path = folder.file("key");
  CHECK(opened_file(folder, "") == "accessKey: " + path + " is empty");
  CHECK(opened_file(folder, "\n") == "accessKey: " + path + " is empty");
  CHECK(opened_file(folder, "\r\n") == "accessKey: " + path + " is empty");
  CHECK(opened_file(folder, std::string(64 * 1024 + 1, 'k')) ==
        "accessKey: " + path + " is larger than 65536 bytes");
  CHECK(opened("file:" + folder.path().string()) ==
        "accessKey: read " + folder.path().string() + ": Is a directory");
  CHECK(opened("file:") == "accessKey: file: needs an absolute path, such as file:/etc/key");
}

TEST_CASE("references: a credential is a file of its folder, and an empty variable is none") {
  const TempFolder folder;
  std::ofstream(folder.file("ots")) << "secret\n";
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  CHECK(opened("credential:ots") == "secret");
  for (const std::string name : {"", ".", "..", "a/b", "/etc/passwd"})
    CHECK(opened("credential:" + name) == "accessKey: a credential's name is a file name without \"/\"");
  ::setenv("CREDENTIALS_DIRECTORY", "", 1);
  CHECK(opened("credential:ots").starts_with("accessKey: credential ots needs CREDENTIALS_DIRECTORY"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  ::setenv("SLUICE_TEST_EMPTY", "", 1);
  CHECK(opened("${env:SLUICE_TEST_EMPTY}") ==
        "accessKey: the environment variable SLUICE_TEST_EMPTY is empty; set it for the daemon");
  ::unsetenv("SLUICE_TEST_EMPTY");
}

TEST_CASE("references: a named pipe is no regular file, and nobody waits for its writer") {
  const TempFolder folder;
  REQUIRE(::mkfifo(folder.file("key").c_str(), 0600) == 0);
  CHECK(opened("file:" + folder.file("key")) ==
        "accessKey: read " + folder.file("key") + ": it is no regular file");
}
