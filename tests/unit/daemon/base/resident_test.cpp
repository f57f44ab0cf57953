#include "daemon/base/resident.hpp"

#include "tests/support/own_memory.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

TEST_CASE("resident: the program's pages are let go of, and come back when they are used") {
  const long before = sluice::test::own_kib("RssFile:");
  REQUIRE(before > 0);
  let_go_of_program_pages();
  const long after = sluice::test::own_kib("RssFile:");
  CHECK(after > 0);
  CHECK(after < before);
}
