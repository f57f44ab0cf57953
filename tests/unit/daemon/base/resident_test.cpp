#include "daemon/base/resident.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace sluice;
using namespace sluice::daemon;

namespace {

// Pages of files that this process has resident, in KiB.
long resident_of_files() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "RssFile:" && status >> kib) return kib;
  }
  return -1;
}

}  // namespace

TEST_CASE("resident: the program's pages are let go of, and come back when they are used") {
  const long before = resident_of_files();
  REQUIRE(before > 0);
  let_go_of_program_pages();
  const long after = resident_of_files();
  CHECK(after > 0);
  CHECK(after < before);
}
