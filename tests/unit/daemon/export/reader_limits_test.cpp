#include "daemon/export/reader_limits.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("reader limits: shards and ranges at once are the job's, or the readers' own") {
  job::Settings settings;
  CHECK(daemon::stream_limits(settings).shards_at_once == tablestore::StreamReaderLimits{}.shards_at_once);
  CHECK(daemon::scan_limits(settings).ranges_at_once == tablestore::TableScanLimits{}.ranges_at_once);
  settings.shards_at_once = 3;
  CHECK(daemon::stream_limits(settings).shards_at_once == 3);
  CHECK(daemon::scan_limits(settings).ranges_at_once == 3);
  settings.shards_at_once = 100;
  CHECK(daemon::stream_limits(settings).shards_at_once == 100);
}
