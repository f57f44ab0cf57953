#include "daemon/export/csv_count.hpp"

#include <catch2/catch.hpp>

using sluice::daemon::count_csv_rows;

TEST_CASE("csv count: line ends inside quotes are no rows") {
  CHECK(count_csv_rows("") == 0);
  CHECK(count_csv_rows("a,b\n") == 1);
  CHECK(count_csv_rows("a,b\nc") == 2);
  CHECK(count_csv_rows("a,\"b\nc\"\nd,e\n") == 2);
  CHECK(count_csv_rows("\"he said \"\"no\n\"\"\"\nx\n") == 2);
}
