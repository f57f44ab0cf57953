#include "core/tablestore/stream_survey.hpp"

#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

// Answers DescribeStream with pages, one after the other and again from the first.
class PagedStream final : public StreamApi {
 public:
  explicit PagedStream(std::vector<StreamDescription> pages) : pages_(std::move(pages)) {}

  awaitable<Result<TableDescription>> describe_table(const std::string&) override {
    co_return Error(Errc::internal, "not asked for");
  }
  awaitable<Result<std::vector<StreamSummary>>> list_streams(const std::string&) override {
    co_return Error(Errc::internal, "not asked for");
  }
  awaitable<Result<StreamDescription>> describe_stream(const std::string&, const std::optional<std::string>&,
                                                       std::optional<std::int32_t>) override {
    co_return pages_[asked++ % pages_.size()];
  }
  awaitable<Result<std::string>> shard_iterator(const std::string&, const std::string&,
                                                std::optional<Instant>) override {
    co_return Error(Errc::internal, "not asked for");
  }
  awaitable<Result<StreamPage>> stream_records(const std::string&, std::optional<std::int32_t>) override {
    co_return Error(Errc::internal, "not asked for");
  }

  std::size_t asked = 0;

 private:
  std::vector<StreamDescription> pages_;
};

StreamDescription page(std::vector<std::string> shards, std::optional<std::string> next) {
  StreamDescription made;
  made.status = StreamStatus::active;
  for (std::string& shard : shards) made.shards.push_back(Shard{std::move(shard), {}, {}});
  made.next_shard_id = std::move(next);
  return made;
}

}  // namespace

TEST_CASE("stream survey: the shards of all pages are one list, also with pages that have none") {
  sluice::test::Loop loop;
  PagedStream stream({page({"a", "b"}, "c"), page({}, "d"), page({"d"}, {})});
  const auto shards = loop.run(list_shards(stream, "stream-1"));
  REQUIRE(shards.has_value());
  REQUIRE(shards->size() == 3);
  CHECK(shards->back().shard_id == "d");
}

TEST_CASE("stream survey: a list that never ends is refused, whatever its pages hold") {
  sluice::test::Loop loop;
  for (const auto& pages : std::vector<std::vector<StreamDescription>>{
           {page({}, "a")}, {page({}, "a"), page({}, "b")}, {page({"a"}, "b"), page({"b"}, "a")}}) {
    PagedStream stream(pages);
    const auto shards = loop.run(list_shards(stream, "stream-1"));
    REQUIRE(shards.has_error());
    CHECK(shards.error().code() == Errc::corrupt);
    CHECK(shards.error().message() == "list shards of stream stream-1: the list has no end");
    CHECK(stream.asked <= kPlanShardsMax + 1);
  }
}
