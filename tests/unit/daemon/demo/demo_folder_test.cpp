#include "daemon/demo/demo_folder.hpp"

#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::DemoFolder;

TEST_CASE("demo folder: one that a demo uses is refused, and nothing in it is removed") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.path("demo");
  {
    const auto first = DemoFolder::make(path);
    REQUIRE(first);
    REQUIRE(first->configure("http://127.0.0.1:1", 0));
    const std::string state = folder.write("demo/state/state.db", "of the first");
    const auto second = DemoFolder::make(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Errc::conflict);
    CHECK(second.error().message() ==
          "use " + path + ": another demo runs in it; stop that one, or name another folder");
    CHECK(sluice::test::read_file(state) == "of the first");
  }
  REQUIRE(DemoFolder::make(path));
  CHECK_FALSE(std::filesystem::exists(path + "/state"));
}

TEST_CASE("demo folder: a start that failed can be repeated") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.path("demo");
  REQUIRE(DemoFolder::make(path));
  folder.write("demo/sandbox.log", "it did not start");
  CHECK(DemoFolder::make(path));
}

TEST_CASE("demo folder: files that are no demo's stay") {
  const sluice::test::TempFolder folder;
  const std::string file = folder.write("state/state.db", "of somebody");
  const auto made = DemoFolder::make(folder.path());
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == Errc::conflict);
  CHECK(sluice::test::read_file(file) == "of somebody");
}
