#include "core/objects/object_names.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

pipeline::Window window_at(Instant start, std::string zone = "Asia/Shanghai") {
  pipeline::Window window;
  window.job = "orders";
  window.start = start;
  window.end = start + 5min;
  window.zone = std::move(zone);
  return window;
}

// 2018-10-15T16:10:00Z is 00:10 of the next day in Shanghai.
const Instant kStart = std::chrono::sys_days(std::chrono::year(2018) / 10 / 15) + 16h + 10min;

job::Target target_of(const std::string& object) {
  job::Target target;
  target.object = object;
  return target;
}

}  // namespace

TEST_CASE("object names hold the window in local time and the shard", "[object_names]") {
  const auto names = objects::ObjectNames::make(target_of("instance/table/20181015"), window_at(kStart));
  REQUIRE(names);
  CHECK(names->object(0) == "instance/table/20181015__20181016001000_20181016001500_0000.csv");
  CHECK(names->object(37) == "instance/table/20181015__20181016001000_20181016001500_0037.csv");
  CHECK(names->object(37, 2) == "instance/table/20181015__20181016001000_20181016001500_0037_2.csv");
  CHECK(names->prefix() == "instance/table/20181015__20181016001000_20181016001500_");
}

TEST_CASE("object names take a suffix with or without its point", "[object_names]") {
  job::Target target = target_of("t");
  target.suffix = "txt";
  CHECK(objects::ObjectNames::make(target, window_at(kStart))->object(1) ==
        "t__20181016001000_20181016001500_0001.txt");
  target.suffix = ".d.txt";
  CHECK(objects::ObjectNames::make(target, window_at(kStart))->object(1) ==
        "t__20181016001000_20181016001500_0001.d.txt");
  target.suffix = "";
  target.file_format = job::FileFormat::text;
  CHECK(objects::ObjectNames::make(target, window_at(kStart))->object(1) ==
        "t__20181016001000_20181016001500_0001");
}

TEST_CASE("object names of compressed objects say so behind the suffix, once", "[object_names]") {
  const auto name_of = [](job::Compression compression, const std::string& suffix, job::FileFormat format) {
    job::Target target = target_of("t");
    target.compression = compression;
    target.suffix = suffix;
    target.file_format = format;
    return objects::ObjectNames::make(target, window_at(kStart))->object(0).substr(37);
  };
  using job::Compression;
  using job::FileFormat;
  CHECK(name_of(Compression::gzip, "", FileFormat::csv) == ".csv.gz");
  CHECK(name_of(Compression::zstd, "", FileFormat::csv) == ".csv.zst");
  CHECK(name_of(Compression::gzip, "csv.gz", FileFormat::csv) == ".csv.gz");
  CHECK(name_of(Compression::gzip, ".dat", FileFormat::csv) == ".dat.gz");
  CHECK(name_of(Compression::gzip, "", FileFormat::text) == ".gz");
  CHECK(name_of(Compression::none, "", FileFormat::jsonl) == ".jsonl");
}

TEST_CASE("object names with `partition` hold its text, and no two are alike", "[object_names]") {
  job::Target target = target_of("t");
  target.partition_columns = 1;
  const auto names = objects::ObjectNames::make(target, window_at(kStart));
  REQUIRE(names);
  std::set<std::string> all;
  std::size_t count = 0;
  for (const std::string text : {"", "a", "2", "_2", "a_2", "a_2_1", "a_", "x,y", "%2F"}) {
    for (std::uint32_t part = 1; part <= 3; ++part) {
      const std::string name = names->object(5, part, text);
      CAPTURE(name);
      CHECK(names->contains(name));
      all.insert(name);
      ++count;
    }
  }
  CHECK(all.size() == count);
  CHECK(names->object(5, 1, "a").substr(37) == "_a.csv");
  CHECK(names->object(5, 2, "a").substr(37) == "_a_2.csv");
  CHECK(names->object(5, 1, "a_2").substr(37) == "_a_2_1.csv");
  CHECK_FALSE(names->contains(names->prefix() + "0005.csv"));
  CHECK_FALSE(names->contains(names->prefix() + "0005_a/b.csv"));
}

TEST_CASE("object names know their own and no others", "[object_names]") {
  const auto names = objects::ObjectNames::make(target_of("t"), window_at(kStart));
  REQUIRE(names);
  const std::string prefix = names->prefix();
  CHECK(names->contains(names->object(0)));
  CHECK(names->contains(names->object(9999, 12)));
  for (const char* rest : {"", "0000", "000.csv", "00000.csv", "0000.csv.bak", "0000_.csv", "0000_2",
                           "000x.csv", "0000_2.csvx", "0000_2_3.csv"}) {
    CAPTURE(rest);
    CHECK_FALSE(names->contains(prefix + rest));
  }
  CHECK_FALSE(names->contains("t__20181016001500_20181016002000_0000.csv"));
}

TEST_CASE("object names of a whole table hold its label and the window's start", "[object_names]") {
  pipeline::Window window = window_at(kStart);
  const auto ordinary = objects::ObjectNames::make(target_of("t"), window);
  window.label = "full";
  const auto names = objects::ObjectNames::make(target_of("t"), window);
  REQUIRE(names);
  CHECK(names->prefix() == "t__full_20181016001000_");
  CHECK(names->object(0) == "t__full_20181016001000_0000.csv");
  CHECK(names->object(7, 3) == "t__full_20181016001000_0007_3.csv");
  CHECK(names->contains(names->object(7, 3)));
  CHECK_FALSE(names->contains(ordinary->object(7)));
  CHECK_FALSE(ordinary->contains(names->object(7)));
  // Nor does one listing find the other's.
  CHECK_FALSE(names->object(7).starts_with(ordinary->prefix()));
  CHECK_FALSE(ordinary->object(7).starts_with(names->prefix()));

  job::Target single = target_of("t");
  single.write_single_object = true;
  const auto refused = objects::ObjectNames::make(single, window);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "name object: with writeSingleObject there is one name only; remove `writeSingleObject`");
}

TEST_CASE("object name of a single object is the given name", "[object_names]") {
  job::Target target = target_of("all/orders.csv");
  target.write_single_object = true;
  target.suffix = ".csv";
  const auto names = objects::ObjectNames::make(target, window_at(kStart));
  REQUIRE(names);
  CHECK(names->object(0) == "all/orders.csv");
  CHECK(names->contains("all/orders.csv"));
  CHECK_FALSE(names->contains("all/orders.csv2"));
}

TEST_CASE("object names differ in the two passes of a repeated hour", "[object_names]") {
  const Instant first = std::chrono::sys_days(std::chrono::year(2018) / 11 / 4) + 5h + 30min;  // 01:30 EDT
  const auto before = objects::ObjectNames::make(target_of("t"), window_at(first, "America/New_York"));
  const auto after = objects::ObjectNames::make(target_of("t"), window_at(first + 1h, "America/New_York"));
  REQUIRE(before);
  REQUIRE(after);
  CHECK(before->object(0) == "t__20181104013000_20181104013500_0000.csv");
  CHECK(after->object(0) == "t__20181104013000R_20181104013500R_0000.csv");
}

TEST_CASE("object names that OSS refuses are refused at once", "[object_names]") {
  for (const std::string& bad :
       {std::string(), std::string("/a"), std::string("\\a"), std::string(1000, 'x')}) {
    const auto names = objects::ObjectNames::make(target_of(bad), window_at(kStart));
    REQUIRE_FALSE(names);
    CHECK(names.error().code() == Errc::invalid_argument);
  }
  CHECK_FALSE(objects::ObjectNames::make(target_of("a"), window_at(kStart, "Nowhere/Here")));
}

TEST_CASE("object names are refused where the end of the window has no local time, or is too long by a byte",
          "[object_names]") {
  // The longest name has a partition's text and numbers of four digits.
  std::size_t longest = 0;
  for (std::size_t size = 1023; size > 0 && longest == 0; --size) {
    if (objects::ObjectNames::make(target_of(std::string(size, 'x')), window_at(kStart))) longest = size;
  }
  CHECK(longest > 700);
  CHECK_FALSE(objects::ObjectNames::make(target_of(std::string(longest + 1, 'x')), window_at(kStart)));
  job::Target target = target_of("t");
  target.manifest = "m";
  for (const std::string zone : {"Nowhere/Here", ""}) {
    const auto name = objects::manifest_name(target, window_at(kStart, zone));
    REQUIRE_FALSE(name);
    CHECK(name.error().code() == Errc::invalid_argument);
  }
  target.object = "";
  CHECK(objects::manifest_name(target, window_at(kStart)).error().message().starts_with("name object "));
  target = target_of("t");
  target.manifest = "\\m";
  CHECK(objects::manifest_name(target, window_at(kStart)).has_error());
}

TEST_CASE("object name of a manifest is of job and window, and no object of it", "[object_names]") {
  job::Target target = target_of("m/orders");
  target.manifest = "m";
  pipeline::Window window = window_at(kStart);
  CHECK(objects::manifest_name(target, window).value() == "m/orders__20181016001000_20181016001500.json");
  target.suffix = ".json";
  const auto names = objects::ObjectNames::make(target, window);
  CHECK_FALSE(names->contains(objects::manifest_name(target, window).value()));
  CHECK_FALSE(objects::manifest_name(target, window)->starts_with(names->prefix()));
  target.manifest = "proof/of/";
  window.label = "full";
  CHECK(objects::manifest_name(target, window).value() == "proof/of/orders__full_20181016001000.json");

  target = target_of("t");
  for (const std::string& bad : {std::string(), std::string("/a"), std::string(1000, 'x')}) {
    target.manifest = bad;
    const auto name = objects::manifest_name(target, window_at(kStart));
    REQUIRE_FALSE(name);
    CHECK(name.error().code() == Errc::invalid_argument);
  }
  // Only where the single object is named so.
  target.write_single_object = true;
  target.object = "m/orders__20181016001000_20181016001500.json";
  target.manifest = "m";
  CHECK(objects::manifest_name(target, window_at(kStart)).error().message() ==
        "name manifest m/orders__20181016001000_20181016001500.json: it reads like an object of the window; "
        "correct `manifest`");
}
