// Objects in UTF-16: the byte order mark begins each of them and stands nowhere else.

#include "tests/support/catch_result.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using Bench = sluice::test::oss_window::WindowBench;

namespace {

const std::string kMark = "\xfe\xff";

std::string utf16(std::string_view ascii) {
  std::string text;
  for (const char byte : ascii) text.append(1, '\0').append(1, byte);
  return text;
}

job::Target utf16_target() {
  job::Target target = target_of();
  target.encoding = "UTF-16";
  target.header = {"id"};
  return target;
}

}  // namespace

TEST_CASE("object prefix: every object of a shard begins with it, before the header", "[object_prefix]") {
  Bench bench(utf16_target());
  bench.limits.object_bytes_max = 5000;
  const Shard shard = shard_of(0, 60, 100, 60);
  const auto objects = bench.run({shard});
  REQUIRE(objects);
  REQUIRE(objects->size() == 3);
  std::string joined;
  const std::string start = kMark + utf16("id\n");
  for (const pipeline::ObjectInfo& object : *objects) {
    const std::string& content = bench.fake.objects.at(object.name);
    CHECK(content.starts_with(start));
    CHECK(content.size() <= 5000);
    joined += content.substr(start.size());
  }
  CHECK(joined == utf16(content_of(shard)));
}

TEST_CASE("object prefix: one object for all shards has it once", "[object_prefix]") {
  job::Target target = utf16_target();
  target.write_single_object = true;
  Bench bench(target);
  const std::vector<Shard> shards = {shard_of(0, 3, 10, 2), shard_of(2, 5, 10, 7)};
  REQUIRE(bench.run(shards));
  CHECK(bench.fake.objects.at("t") == kMark + utf16("id\n" + content_of(shards[0]) + content_of(shards[1])));
}

TEST_CASE("object prefix: an object without rows has it, too", "[object_prefix]") {
  Bench bench(utf16_target());
  REQUIRE(bench.run({}));
  CHECK(bench.fake.objects.at(kPrefix + "0000.csv") == kMark + utf16("id\n"));
}
