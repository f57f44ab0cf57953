#include "core/tablestore/stream_survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace sluice::tablestore {

namespace {

// All pages of the stream's description as one.
awaitable<Result<StreamDescription>> describe_whole(StreamApi& api, const std::string& stream) {
  std::vector<Shard> shards;
  std::optional<std::string> start;
  for (std::size_t pages = 1;; ++pages) {
    auto page = co_await api.describe_stream(stream, start, std::nullopt);
    if (page.has_error()) co_return page.error();
    if (page->status == StreamStatus::enabling) {
      co_return Error(Errc::unavailable,
                      fmt::format("list shards of stream {}: it is still being switched on", stream));
    }
    std::move(page->shards.begin(), page->shards.end(), std::back_inserter(shards));
    if (!page->next_shard_id) {
      page->shards = std::move(shards);
      co_return page;
    }
    const bool stands_still = page->next_shard_id == start;
    if (stands_still || shards.size() > kPlanShardsMax || pages > kPlanShardsMax) {
      co_return Error(Errc::corrupt, fmt::format("list shards of stream {}: the list has no end", stream));
    }
    start = page->next_shard_id;
  }
}

}  // namespace

awaitable<Result<StreamState>> survey_stream(StreamApi& api, const std::string& table) {
  auto described = co_await api.describe_table(table);
  if (described.has_error()) co_return described.error().in("read the stream of table " + table);
  const TableStream& stream = described->stream;
  if (!stream.enabled) {
    co_return Error(
        Errc::not_found,
        fmt::format("read the stream of table {}: the stream is off; switch it on in the console or with "
                    "UpdateTable (enable_stream: true, expiration_time: 168), changes are kept from then on",
                    table));
  }
  StreamState state;
  state.table = table;
  state.id = stream.stream_id;
  state.primary_key = described->primary_key;
  state.enabled = stream.last_enabled;
  state.retention = stream.retention;
  auto shards = co_await list_shards(api, state.id);
  if (shards.has_error()) co_return shards.error().in("read the stream of table " + table);
  state.shards = *std::move(shards);
  co_return state;
}

awaitable<Result<StreamState>> survey_time_series(StreamApi& api, const std::string& table) {
  const std::string doing = "read the stream of table " + table;
  auto streams = co_await api.list_streams(table);
  if (streams.has_error()) co_return streams.error().in(doing);
  const auto stream = std::find_if(streams->begin(), streams->end(),
                                   [&](const StreamSummary& listed) { return listed.table == table; });
  if (stream == streams->end()) {
    co_return Error(
        Errc::not_found,
        fmt::format("{}: it has none; switch it on in the console, changes are kept from then on", doing));
  }
  auto described = co_await describe_whole(api, stream->stream_id);
  if (described.has_error()) co_return described.error().in(doing);
  if (!described->is_time_series) {
    co_return Error(Errc::invalid_argument,
                    fmt::format("{}: it is no time series table; remove isTimeseriesTable", doing));
  }
  StreamState state;
  state.table = table;
  state.id = stream->stream_id;
  state.enabled = stream->created;
  state.retention = described->retention;
  state.shards = std::move(described->shards);
  co_return state;
}

awaitable<Result<std::vector<Shard>>> list_shards(StreamApi& api, const std::string& stream) {
  auto described = co_await describe_whole(api, stream);
  if (described.has_error()) co_return described.error();
  co_return std::move(described->shards);
}

}  // namespace sluice::tablestore
