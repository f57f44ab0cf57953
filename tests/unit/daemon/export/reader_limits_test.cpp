#include "daemon/export/reader_limits.hpp"

#include "core/s3/store.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("reader limits: shards and ranges at once are the job's, or the readers' own") {
  job::Settings settings;
  CHECK(daemon::stream_limits(settings).shards_at_once == tablestore::StreamReaderLimits{}.shards_at_once);
  CHECK(daemon::scan_limits(settings, {}).ranges_at_once == tablestore::TableScanLimits{}.ranges_at_once);
  settings.shards_at_once = 3;
  CHECK(daemon::stream_limits(settings).shards_at_once == 3);
  CHECK(daemon::scan_limits(settings, {}).ranges_at_once == 3);
  settings.shards_at_once = 100;
  CHECK(daemon::stream_limits(settings).shards_at_once == 100);
}

TEST_CASE("reader limits: the ranges of a table keep little memory until the commit, whatever the target") {
  const auto ranges_max = [](const job::Target& target) {
    return daemon::scan_limits(job::Settings(), target).ranges_max;
  };
  job::Target target;
  for (const auto kind : {job::TargetKind::oss, job::TargetKind::localfile, job::TargetKind::stream}) {
    target.kind = kind;
    CHECK(ranges_max(target) == 128);
  }
  // Of each range less than a least part waits.
  target.kind = job::TargetKind::s3;
  CHECK(ranges_max(target) > 1);
  CHECK(ranges_max(target) * s3::kPartBytesMin <= 32 * 1024 * 1024);
  for (const auto kind : {job::TargetKind::oss, job::TargetKind::s3}) {
    target.kind = kind;
    target.write_single_object = true;
    CHECK(ranges_max(target) == 1);
  }
}
