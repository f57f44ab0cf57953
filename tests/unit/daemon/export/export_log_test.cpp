#include "daemon/export/export_log.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

TEST_CASE("export log: whatever was left out or changed is told by reason") {
  pipeline::Statistics statistics;
  statistics.records = 7;
  statistics.rows = 4;
  statistics.dirty_rows = 2;
  statistics.ignored = {{"delete_row", 3}, {"non_finite_null", 12}};
  CHECK(describe(statistics, "Asia/Shanghai") ==
        std::vector<std::string>{"records 7, rows 4, late 0, shards 0 of 0 done", "dirty rows left out 2",
                                 "left out or changed: 3 x delete_row",
                                 "left out or changed: 12 x non_finite_null",
                                 "read 0 bytes in 0 requests, wrote 0 bytes, 0 retries"});
}

TEST_CASE("export log: rows of a whole table are told beside the records") {
  pipeline::Statistics statistics;
  statistics.table_rows = 9;
  CHECK(describe(statistics, "Asia/Shanghai").at(1) == "rows of the table 9");
  CHECK(describe(pipeline::Positions(), true, pipeline::Window()) == "start: the table as it is now");
}
