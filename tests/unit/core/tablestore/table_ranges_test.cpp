#include "core/tablestore/table_ranges.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

using Kind = KeyCell::Kind;
using job::KeyBound;

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = kMiB << 10;

Key number(std::int64_t value) { return {{"pk", Kind::integer, value, {}}}; }
Key text(const std::string& value) { return {{"pk", Kind::string, 0, value}}; }
Key both(Kind first, Kind second) { return {{"a", first, 0, {}}, {"b", second, 0, {}}}; }

const KeyRange kWhole{{{"pk", Kind::least, 0, {}}}, {{"pk", Kind::greatest, 0, {}}}};

TEST_CASE("table ranges: keys are ordered as the server sorts them", "[tablestore]") {
  // Each list ascends.
  for (const std::vector<Key>& keys :
       {std::vector<Key>{{{"pk", Kind::least, 0, {}}},
                         number(INT64_MIN),
                         number(-1),
                         number(0),
                         number(INT64_MAX),
                         {{"pk", Kind::greatest, 0, {}}}},
        std::vector<Key>{text(""), text("Z"), text("a"), text("aa"), text("\xe8\xa1\xa8"), text("\xff")},
        std::vector<Key>{both(Kind::least, Kind::least), both(Kind::least, Kind::greatest),
                         both(Kind::greatest, Kind::least), both(Kind::greatest, Kind::greatest)}}) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = 0; j < keys.size(); ++j) CHECK((order(keys[i], keys[j]) == (i <=> j)));
    }
  }
  const Key left{{"a", Kind::integer, 1, {}}, {"b", Kind::integer, 9, {}}};
  const Key right{{"a", Kind::integer, 2, {}}, {"b", Kind::integer, 0, {}}};
  CHECK((order(left, right) < 0));
}

TEST_CASE("table ranges: keys of different types have an order too, and only equal ones are equal",
          "[tablestore]") {
  const std::vector<Key> keys = {
      number(1), text("1"), {{"pk", Kind::binary, 0, "1"}}, {{"pk", Kind::least, 0, {}}}};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < keys.size(); ++j) {
      CHECK((order(keys[i], keys[j]) == 0) == (i == j));
      CHECK((order(keys[i], keys[j]) < 0) == (order(keys[j], keys[i]) > 0));
    }
  }
  CHECK((order(Key{}, number(1)) < 0));
}

TEST_CASE("table ranges: a bound of every type fits its column alone", "[tablestore]") {
  const std::pair<KeyType, KeyBound> fitting[] = {{KeyType::integer, {KeyBound::Kind::integer, 7, {}}},
                                                  {KeyType::string, {KeyBound::Kind::string, 0, "s"}},
                                                  {KeyType::binary, {KeyBound::Kind::binary, 0, "b"}}};
  const std::string names[] = {"INT", "STRING", "BINARY"};
  for (std::size_t column = 0; column < 3; ++column) {
    for (std::size_t bound = 0; bound < 3; ++bound) {
      job::TableStoreSource source;
      source.range_begin = {fitting[bound].second};
      const auto range = range_of(source, {{"a", fitting[column].first}});
      REQUIRE(range.has_value() == (column == bound));
      if (range) CHECK(range->begin.front().text == fitting[bound].second.text);
      if (!range)
        CHECK(range.error().message() ==
              "range.begin[0]: key column a takes " + names[column] + ", INF_MIN or INF_MAX");
    }
    job::TableStoreSource open;
    open.range_begin = {{KeyBound::Kind::least, 0, {}}};
    open.range_end = {{KeyBound::Kind::greatest, 0, {}}};
    CHECK(range_of(open, {{"a", fitting[column].first}}).has_value());
    std::swap(open.range_begin, open.range_end);
    CHECK(range_of(open, {{"a", fitting[column].first}}).has_error());
  }
}

TEST_CASE("table ranges: without bounds the whole table is read", "[tablestore]") {
  const auto range = range_of({}, {{"a", KeyType::string}, {"b", KeyType::integer}});
  REQUIRE(range.has_value());
  CHECK(*range == KeyRange{both(Kind::least, Kind::least), both(Kind::greatest, Kind::greatest)});
}

TEST_CASE("table ranges: bounds are filled up, the first outwards and the last outwards too",
          "[tablestore]") {
  job::TableStoreSource source;
  source.range_begin = {{KeyBound::Kind::string, 0, "m"}};
  source.range_end = {{KeyBound::Kind::string, 0, "m"}, {KeyBound::Kind::integer, 5, {}}};
  const auto range =
      range_of(source, {{"a", KeyType::string}, {"b", KeyType::integer}, {"c", KeyType::binary}});
  REQUIRE(range.has_value());
  CHECK(range->begin ==
        Key{{"a", Kind::string, 0, "m"}, {"b", Kind::least, 0, {}}, {"c", Kind::least, 0, {}}});
  CHECK(range->end ==
        Key{{"a", Kind::string, 0, "m"}, {"b", Kind::integer, 5, {}}, {"c", Kind::greatest, 0, {}}});
}

TEST_CASE("table ranges: bounds that cannot be are refused, naming place and way out", "[tablestore]") {
  const std::vector<KeyColumn> key{{"a", KeyType::string}};
  job::TableStoreSource source;
  const auto refusal = [&] {
    const auto range = range_of(source, key);
    REQUIRE(range.has_error());
    CHECK(range.error().code() == Errc::invalid_argument);
    return range.error().message();
  };
  source.range_begin = {{KeyBound::Kind::integer, 1, {}}};
  CHECK(refusal() == "range.begin[0]: key column a takes STRING, INF_MIN or INF_MAX");
  source.range_begin = {{KeyBound::Kind::string, 0, "b"}, {}};
  CHECK(refusal() == "range.begin: has 2 columns, the table's key has 1");
  source.range_begin = {{KeyBound::Kind::string, 0, "b"}};
  source.range_end = {{KeyBound::Kind::string, 0, "b"}};
  CHECK(refusal() == "range.end: must lie behind range.begin; the range is empty");
  source.range_end = {{KeyBound::Kind::binary, 0, "b"}};
  CHECK(refusal() == "range.end[0]: key column a takes STRING, INF_MIN or INF_MAX");
}

TEST_CASE("table ranges: parts are as large as it takes to have few of them", "[tablestore]") {
  CHECK(part_bytes_for(1, 128) == 64 * kMiB);  // at most 8 GiB: never less than this
  CHECK(part_bytes_for(2, 128) == 128 * kMiB);
  CHECK(part_bytes_for(3, 128) == 192 * kMiB);
  CHECK(part_bytes_for(3, 100) == 246 * kMiB);  // rounded up
  CHECK(part_bytes_for(100'000, 128) == 6250 * kGiB);
}

TEST_CASE("table ranges: a table is cut at the points inside its range", "[tablestore]") {
  const auto ranges = cut(kWhole, {number(10), number(20)}, 128);
  REQUIRE(ranges.has_value());
  CHECK(*ranges == std::vector<KeyRange>{
                       {kWhole.begin, number(10)}, {number(10), number(20)}, {number(20), kWhole.end}});
  const KeyRange part{number(10), number(20)};
  CHECK(*cut(part, {number(5), number(10), number(15), number(20), number(25)}, 128) ==
        std::vector<KeyRange>{{number(10), number(15)}, {number(15), number(20)}});
  CHECK(*cut(part, {}, 128) == std::vector<KeyRange>{part});
  CHECK(*cut(kWhole, {number(10), number(20)}, 1) == std::vector<KeyRange>{kWhole});
}

TEST_CASE("table ranges: too many points are thinned out evenly and the ranges still join", "[tablestore]") {
  for (std::size_t count = 0; count < 50; ++count) {
    std::vector<Key> points;
    for (std::size_t i = 1; i <= count; ++i) points.push_back(number(static_cast<std::int64_t>(i)));
    for (std::size_t most = 1; most < 12; ++most) {
      const auto ranges = cut(kWhole, points, most);
      REQUIRE(ranges.has_value());
      REQUIRE(ranges->size() == std::min(most, count + 1));
      CHECK(ranges->front().begin == kWhole.begin);
      CHECK(ranges->back().end == kWhole.end);
      for (std::size_t i = 1; i < ranges->size(); ++i) {
        CHECK((*ranges)[i - 1].end == (*ranges)[i].begin);
        CHECK((order((*ranges)[i].begin, (*ranges)[i].end) < 0));
        const bool inner = i + 1 < ranges->size();
        if (!inner) continue;
        const auto width = (*ranges)[i].end.front().integer - (*ranges)[i].begin.front().integer;
        CHECK(static_cast<std::size_t>(width) >= (count + 1) / most);
        CHECK(static_cast<std::size_t>(width) <= (count + 1) / most + 1);
      }
    }
  }
}

TEST_CASE("table ranges: split points that do not ascend are not believed", "[tablestore]") {
  for (const auto& points :
       {std::vector<Key>{number(2), number(1)}, std::vector<Key>{number(1), number(1)}}) {
    const auto ranges = cut(kWhole, points, 128);
    REQUIRE(ranges.has_error());
    CHECK(ranges.error().code() == Errc::corrupt);
    CHECK(ranges.error().message() == "cut the table: split point 1 is not behind the one before it");
  }
}

}  // namespace
