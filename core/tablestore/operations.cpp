// The client's operations on streams: requests from arguments, results from answers.

#include "core/base/utf8.hpp"
#include "core/pipeline/json_reader.hpp"
#include "core/tablestore/answer_message.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/ots.pb.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::tablestore {
namespace {

// A search by time takes a few rounds; a server that never ends it must not hold us for ever.
constexpr int kSearchRoundsMax = 1000;

// The epoch, which is a time that is not known, for one that no clock shows: state with it could not be read.
Instant from_microseconds(std::int64_t us) {
  return pipeline::is_believable(us) ? Instant(Duration(us)) : Instant{};
}

// A retention below zero would make a loss of everything; it is one that is not known.
std::chrono::hours retention_of(std::int32_t hours) { return std::chrono::hours(std::max(hours, 0)); }

KeyType key_type(ots::proto::PrimaryKeyType type) {
  switch (type) {
    case ots::proto::INTEGER:
      return KeyType::integer;
    case ots::proto::BINARY:
      return KeyType::binary;
    case ots::proto::STRING:
      break;
  }
  return KeyType::string;
}

TableDescription to_description(const ots::proto::DescribeTableResponse& message) {
  TableDescription description;
  description.name = message.table_meta().table_name();
  for (const auto& column : message.table_meta().primary_key()) {
    description.primary_key.push_back(KeyColumn{column.name(), key_type(column.type())});
  }
  const auto& details = message.stream_details();
  if (details.enable_stream()) {
    description.stream.enabled = true;
    description.stream.stream_id = details.stream_id();
    description.stream.retention = retention_of(details.expiration_time());
    description.stream.last_enabled = from_microseconds(details.last_enable_time());
  }
  return description;
}

StreamDescription to_description(const ots::proto::DescribeStreamResponse& message) {
  StreamDescription description;
  description.stream_id = message.stream_id();
  description.table = message.table_name();
  description.created = from_microseconds(message.creation_time());
  description.retention = retention_of(message.expiration_time());
  description.status =
      message.stream_status() == ots::proto::STREAM_ACTIVE ? StreamStatus::active : StreamStatus::enabling;
  description.is_time_series = message.is_timeseries_data_table();
  for (const auto& shard : message.shards()) {
    Shard& added = description.shards.emplace_back();
    added.shard_id = shard.shard_id();
    if (shard.has_parent_id()) added.parent_id = shard.parent_id();
    if (shard.has_parent_sibling_id()) added.parent_sibling_id = shard.parent_sibling_id();
  }
  if (message.has_next_shard_id()) description.next_shard_id = message.next_shard_id();
  return description;
}

}  // namespace

awaitable<Result<TableDescription>> Client::describe_table(const std::string& table) {
  ots::proto::DescribeTableRequest request;
  request.set_table_name(table);
  const Call call{"DescribeTable", fmt::format("describe table {}", table), request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto message =
      parse_answer<ots::proto::DescribeTableResponse>(answer->body, answer->request_id, call.doing);
  if (!message) co_return message.error();
  co_return to_description(*message);
}

awaitable<Result<std::vector<StreamSummary>>> Client::list_streams(const std::string& table) {
  ots::proto::ListStreamRequest request;
  request.set_table_name(table);
  const Call call{"ListStream", fmt::format("list streams of {}", table), request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto message = parse_answer<ots::proto::ListStreamResponse>(answer->body, answer->request_id, call.doing);
  if (!message) co_return message.error();
  std::vector<StreamSummary> streams;
  for (const auto& stream : message->streams()) {
    StreamSummary& added = streams.emplace_back();
    added.stream_id = stream.stream_id();
    added.table = stream.table_name();
    added.created = from_microseconds(stream.creation_time());
  }
  co_return streams;
}

awaitable<Result<StreamDescription>> Client::describe_stream(
    const std::string& stream, const std::optional<std::string>& inclusive_start_shard,
    std::optional<std::int32_t> limit) {
  ots::proto::DescribeStreamRequest request;
  request.set_stream_id(stream);
  if (inclusive_start_shard) request.set_inclusive_start_shard_id(*inclusive_start_shard);
  if (limit) request.set_shard_limit(*limit);
  if (options_.time_series) request.set_support_timeseries_data_table(true);
  const Call call{"DescribeStream", fmt::format("describe stream {}", stream), request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto message =
      parse_answer<ots::proto::DescribeStreamResponse>(answer->body, answer->request_id, call.doing);
  if (!message) co_return message.error();
  co_return to_description(*message);
}

awaitable<Result<std::string>> Client::shard_iterator(const std::string& stream, const std::string& shard,
                                                      std::optional<Instant> time) {
  ots::proto::GetShardIteratorRequest request;
  request.set_stream_id(stream);
  request.set_shard_id(shard);
  if (time) request.set_timestamp(time->time_since_epoch().count());
  const std::string doing = fmt::format("get iterator of shard {} of stream {}", shard, stream);
  for (int round = 0; round < kSearchRoundsMax; ++round) {
    const Call call{"GetShardIterator", doing, request.SerializeAsString()};
    auto answer = co_await perform(call);
    if (!answer) co_return answer.error();
    auto message =
        parse_answer<ots::proto::GetShardIteratorResponse>(answer->body, answer->request_id, doing);
    if (!message) co_return message.error();
    if (!message->has_next_token() || message->next_token().empty()) {
      if (is_utf8_text(message->shard_iterator())) co_return message->shard_iterator();
      co_return Error(Errc::corrupt,
                      fmt::format("{}: it is not text, request {}", doing, answer->request_id));
    }
    request.set_token(message->next_token());
  }
  co_return Error(Errc::unavailable,
                  fmt::format("{}: the server's search did not end in {} rounds", doing, kSearchRoundsMax));
}

awaitable<Result<StreamPage>> Client::stream_records(const std::string& iterator,
                                                     std::optional<std::int32_t> limit) {
  ots::proto::GetStreamRecordRequest request;
  request.set_shard_iterator(iterator);
  if (limit) request.set_limit(*limit);
  // Needed for a table in a table group only; for others it says no more than the iterator.
  if (!options_.table.empty()) request.set_table_name(options_.table);
  const std::string doing =
      options_.table.empty() ? "get stream records" : fmt::format("get stream records of {}", options_.table);
  const Call call{"GetStreamRecord", doing, request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto page = decode_page(std::move(answer->body));
  if (!page)
    co_return Error(page.error().code(),
                    fmt::format("{}: {}, request {}", doing, page.error().message(), answer->request_id));
  page->server_time = answer->server_time;
  co_return page;
}

}  // namespace sluice::tablestore
