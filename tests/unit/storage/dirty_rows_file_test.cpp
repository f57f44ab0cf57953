#include "storage/dirty_rows_file.hpp"

#include "storage/log_folders.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace sluice;
using storage::DirtyFileLimits;
using storage::DirtyRowsFile;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("dirty rows file: it comes with the first row, for owner and group only", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("orders/20181016/0015_1.dirty.jsonl");
  DirtyRowsFile file(path);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(file.keep("{\"row\":1}").value());
  CHECK(file.keep("{\"row\":2}").value());
  CHECK(content(path) == "{\"row\":1}\n{\"row\":2}\n");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0640U);
}

TEST_CASE("dirty rows file: a bare name needs no folder", "[storage]") {
  CHECK(storage::make_log_folders("orders.dirty.jsonl").has_value());
}

TEST_CASE("dirty rows file: an earlier file of the same name is replaced", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("0015_1.dirty.jsonl");
  { CHECK(DirtyRowsFile(path).keep("{\"row\":\"a long one of another time\"}").value()); }
  CHECK(DirtyRowsFile(path).keep("{}").value());
  CHECK(content(path) == "{}\n");
}

TEST_CASE("dirty rows file: rows and bytes are capped, and the last line still fits", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string by_rows = folder.file("rows.jsonl");
  DirtyRowsFile rows(by_rows, DirtyFileLimits{2, 1000});
  CHECK(rows.keep("a").value());
  CHECK(rows.keep("b").value());
  CHECK_FALSE(rows.keep("c").value());
  CHECK(rows.finish("1 more").has_value());
  CHECK(content(by_rows) == "a\nb\n1 more\n");

  const std::string by_bytes = folder.file("bytes.jsonl");
  DirtyRowsFile bytes(by_bytes, DirtyFileLimits{100, 10});
  CHECK(bytes.keep("12345678").value());
  CHECK_FALSE(bytes.keep("1").value());
  CHECK(content(by_bytes) == "12345678\n");
}

TEST_CASE("dirty rows file: what cannot be written is an error that names the file", "[storage]") {
  const sluice::test::TempFolder folder;
  std::ofstream(folder.file("plain")) << "x";
  DirtyRowsFile nowhere(folder.file("plain/0015_1.dirty.jsonl"));
  const auto no_folder = nowhere.keep("{}");
  REQUIRE(no_folder.has_error());
  CHECK(no_folder.error().message().starts_with("make folder " + folder.file("plain")));

  DirtyRowsFile full("/dev/full");
  const auto no_space = full.keep("{}");
  REQUIRE(no_space.has_error());
  CHECK(no_space.error().code() == Errc::disk_full);
  CHECK(no_space.error().message().starts_with("write /dev/full"));
}

TEST_CASE("dirty rows file: a link that someone put in its place is not followed", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("0015_1.dirty.jsonl");
  std::filesystem::create_symlink(folder.file("elsewhere"), path);
  CHECK(DirtyRowsFile(path).keep("{}").has_error());
  CHECK_FALSE(std::filesystem::exists(folder.file("elsewhere")));
}
