#include "core/objects/part_numbers.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <vector>

using namespace sluice;
using objects::PartNumbers;

TEST_CASE("part numbers: they ascend with the shard, whoever begins when", "[part_numbers]") {
  const auto seed = Catch::rngSeed() + 17;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    PartNumbers numbers(200);
    std::map<std::uint32_t, std::vector<int>> taken;
    for (int step = 0; step < 300; ++step) {
      const auto shard = static_cast<std::uint32_t>(random() % 20);
      if (!numbers.has(shard) && !numbers.begin(shard, random() % 3, random() % 3)) continue;
      if (const auto number = numbers.take(shard)) taken[shard].push_back(*number);
    }
    int last = 0;
    for (const auto& [shard, own] : taken) {
      const PartNumbers::Free free = numbers.free_before(shard);
      REQUIRE(free.count >= 1);
      REQUIRE(free.first > last);
      REQUIRE(free.first + free.count == own.front());
      for (const int number : own) {
        REQUIRE(number > last);
        last = number;
      }
    }
    REQUIRE(last < 200);
    REQUIRE(numbers.free_behind().first > last);
    REQUIRE(numbers.free_behind().count >= 1);
  }
}

TEST_CASE("part numbers: shards that come one after the other have room for long", "[part_numbers]") {
  PartNumbers numbers;
  std::uint32_t shard = 0;
  int parts = 0;
  // Each takes what one of 50 MiB needs.
  for (; shard < 1000 && numbers.begin(shard, 0, 0); ++shard) {
    int own = 0;
    while (own < 20 && numbers.take(shard)) ++own;
    if (own < 20) break;
    parts += own;
  }
  CHECK(shard >= 40);
  CHECK(parts >= 800);
}

TEST_CASE("part numbers: sixteen shards known from the start share what there is", "[part_numbers]") {
  PartNumbers numbers;
  std::vector<bool> running(16, false);
  std::mt19937_64 random(3);
  for (std::uint32_t left = 16; left > 0;) {
    const auto shard = static_cast<std::uint32_t>(random() % 16);
    if (running[shard]) continue;
    std::size_t before = 0;
    std::size_t behind = 0;
    for (std::uint32_t i = shard; i-- > 0 && !running[i];) ++before;
    for (std::uint32_t i = shard + 1; i < 16 && !running[i]; ++i) ++behind;
    REQUIRE(numbers.begin(shard, before, behind));
    running[shard] = true;
    --left;
  }
  for (std::uint32_t shard = 0; shard < 16; ++shard) {
    int own = 0;
    while (numbers.take(shard)) ++own;
    CAPTURE(shard);
    CHECK(own >= 100);
    CHECK(numbers.quarter(shard) == 3);
  }
}

TEST_CASE("part numbers: one that finds no room is told so", "[part_numbers]") {
  PartNumbers numbers(5);
  REQUIRE(numbers.begin(3, 0, 0));
  CHECK_FALSE(numbers.begin(2, 0, 0));
  CHECK_FALSE(numbers.has(2));
  while (numbers.take(3)) continue;
  CHECK_FALSE(numbers.may_take(3));
  CHECK_FALSE(numbers.begin(4, 0, 0));
  CHECK(numbers.free_behind().count == 1);
}
