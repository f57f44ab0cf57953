#include "daemon/api/event_ring.hpp"

#include <catch2/catch.hpp>

using namespace sluice::daemon;

namespace {

constexpr std::size_t kAll = 1 << 20;

std::string read_all(const EventRing& ring, std::uint64_t from, std::string_view job = "") {
  return ring.read(from, job, kAll);
}

}  // namespace

TEST_CASE("event ring: events are read in order behind a place, each with its id") {
  EventRing ring("boot");
  ring.add("instance", "orders", R"({"n":1})");
  ring.add("job", "", R"({"n":2})");
  std::uint64_t place = 0;
  CHECK(ring.read(place, "", kAll) ==
        "id: boot-1\nevent: instance\ndata: {\"n\":1}\n\nid: boot-2\nevent: job\ndata: {\"n\":2}\n\n");
  CHECK(place == 2);
  CHECK(ring.read(place, "", kAll).empty());
  CHECK(read_all(ring, 1) == "id: boot-2\nevent: job\ndata: {\"n\":2}\n\n");
}

TEST_CASE("event ring: a reader of one job passes by the others' events and hears what concerns all") {
  EventRing ring("boot");
  ring.add("instance", "orders", "1");
  ring.add("instance", "stock", "2");
  ring.add("ready", "", "3");
  std::uint64_t place = 0;
  const std::string text = ring.read(place, "stock", kAll);
  CHECK(place == 3);
  CHECK(text.find("boot-1") == std::string::npos);
  CHECK(text.find("boot-2") != std::string::npos);
  CHECK(text.find("boot-3") != std::string::npos);
}

TEST_CASE("event ring: a piece is bounded, and the rest is read from where it ended") {
  EventRing ring("boot");
  for (int i = 0; i < 10; ++i) ring.add("instance", "", std::string(100, 'x'));
  std::uint64_t place = 0;
  CHECK(ring.read(place, "", 250).size() < 500);
  CHECK(place == 2);
  while (place < 10) CHECK_FALSE(ring.read(place, "", 250).empty());
}

TEST_CASE("event ring: the oldest make room by count and by bytes") {
  EventRing few("boot", 3, kAll);
  for (int i = 0; i < 5; ++i) few.add("instance", "", "x");
  CHECK(few.last() == 5);
  CHECK_FALSE(few.lost(2));
  CHECK(few.lost(1));
  EventRing small("boot", 1000, 1000);
  for (int i = 0; i < 100; ++i) small.add("instance", "", std::string(100, 'x'));
  CHECK(read_all(small, 100 - 7).size() <= 1000);
  CHECK(small.lost(100 - 8));
  small.add("instance", "", std::string(5000, 'x'));  // one is always there
  CHECK_FALSE(small.lost(100));
}

TEST_CASE("event ring: a reader goes on behind an id unless something behind it is gone") {
  EventRing ring("boot", 3, kAll);
  CHECK(ring.resume("boot-0") == std::uint64_t{0});
  for (int i = 0; i < 5; ++i) ring.add("instance", "", "x");
  CHECK(ring.resume("boot-2") == std::uint64_t{2});
  CHECK(ring.resume("boot-5") == std::uint64_t{5});
  for (const char* id : {"boot-1", "boot-6", "other-5", "boot-", "boot-5x", "boot--1", "boot", "", "-5",
                         "boot-99999999999999999999"}) {
    INFO(id);
    CHECK_FALSE(ring.resume(id).has_value());
  }
}
