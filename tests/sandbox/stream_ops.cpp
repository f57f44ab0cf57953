// ListStream, DescribeStream, GetShardIterator and GetStreamRecord.
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/row_select.hpp"
#include "tests/sandbox/stream_position.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t kPageRecordsMax = 1000;
constexpr std::uint64_t kStreamPageBytesMax = 4U << 20U;
constexpr int kShardsMax = 100;
// Every so manieth search by time is answered in two steps, so that clients meet the token.
constexpr int kTokenEvery = 4;
// In a table group, records of other tables stand before every so manieth record.
constexpr std::int64_t kForeignEvery = 3;

Refusal trimmed() {
  return {404, "OTSTrimmedDataAccess", "Requested stream data is already trimmed or does not exist."};
}

Table& table_of(const OtsCall& call, const std::string& stream_id) {
  for (const auto& [name, table] : call.catalog.tables(call.instance))
    if (table->stream() != nullptr && table->stream()->id() == stream_id) return *table;
  throw Refusal(404, "OTSObjectNotExist", "Requested stream does not exist.");
}

ChangeStream& readable(Table& table) {
  if (table.stream()->take_enabling_request())
    throw Refusal(404, "OTSTableNotReady", "The table is not ready.");
  return *table.stream();
}

Shard& shard_of(ChangeStream& stream, const std::string& shard_id, std::int64_t time_us) {
  Shard* shard = stream.find(shard_id);
  if (shard == nullptr) throw Refusal(404, "OTSObjectNotExist", "Requested shard does not exist.");
  if (!stream.listed(*shard, time_us)) throw trimmed();
  return *shard;
}

bool is_hit(const OtsCall& call, FaultAction action) {
  return call.fault != nullptr && call.fault->action == action;
}

// Answers that a search by time takes.
std::int64_t search_steps(const OtsCall& call) {
  static int searches = 0;
  if (call.catalog.streams.search_steps > 0) return call.catalog.streams.search_steps;
  return ++searches % kTokenEvery == 0 ? 2 : 1;
}

void check_table_name(const Table& table, const pb::GetStreamRecordRequest& request) {
  const std::string& name = table.meta().table_name();
  if (request.has_table_name() && request.table_name() != name)
    throw invalid(fmt::format("The shard iterator does not belong to table {}.", request.table_name()));
  if (table.kind() == TableKind::grouped && !request.has_table_name())
    throw invalid("The table name must be given for a table in a table group.");
}

std::uint64_t page_limit(const OtsCall& call, const pb::GetStreamRecordRequest& request) {
  std::uint64_t limit = kPageRecordsMax;
  if (request.has_limit()) limit = std::min(limit, static_cast<std::uint64_t>(request.limit()));
  if (is_hit(call, FaultAction::short_page)) limit = std::min<std::uint64_t>(limit, call.fault->value);
  return limit;
}

// All but the records of a page of `records`, which are already encoded.
pb::GetStreamRecordResponse rest_of_page(const OtsCall& call, const Table& table, const Shard& shard,
                                         const Position& at, std::uint64_t records, bool withheld) {
  const StreamSettings& settings = call.catalog.streams;
  pb::GetStreamRecordResponse rest;
  Position next = at;
  next.number += static_cast<std::int64_t>(records);
  const bool at_end = static_cast<std::uint64_t>(next.number) == shard.log->size();
  if (records > 0)
    next.turn = 0;
  else if (settings.moving_iterators || (withheld && table.kind() == TableKind::grouped))
    ++next.turn;
  const bool ends = shard.closed && at_end && !withheld && !(settings.empty_end && records > 0);
  if (!ends) rest.set_next_shard_iterator(next.text());
  if (table.kind() == TableKind::grouped || settings.may_more_record)
    rest.set_may_more_record(records > 0 || (withheld && (!at_end || table.kind() == TableKind::grouped)));
  return rest;
}

}  // namespace

std::string list_stream(const OtsCall& call) {
  const auto request = call.parse<pb::ListStreamRequest>();
  if (request.has_table_name()) call.catalog.at(call.instance, request.table_name());
  pb::ListStreamResponse response;
  for (const auto& [name, table] : call.catalog.tables(call.instance)) {
    if (table->stream() == nullptr || (request.has_table_name() && request.table_name() != name)) continue;
    pb::Stream* stream = response.add_streams();
    stream->set_stream_id(table->stream()->id());
    stream->set_table_name(name);
    stream->set_creation_time(table->stream()->created_us());
  }
  return response.SerializeAsString();
}

std::string describe_stream(const OtsCall& call) {
  const auto request = call.parse<pb::DescribeStreamRequest>();
  Table& table = table_of(call, request.stream_id());
  const std::string& name = table.meta().table_name();
  const bool time_series = table.kind() == TableKind::time_series;
  if (time_series && !request.support_timeseries_data_table())
    throw not_for_time_series(name, call.operation);
  if (request.has_shard_limit() && request.shard_limit() <= 0)
    throw invalid("The limit must be greater than 0.");
  ChangeStream& stream = *table.stream();
  const int limit = request.has_shard_limit() ? std::min(request.shard_limit(), kShardsMax) : kShardsMax;
  pb::DescribeStreamResponse response;
  response.set_stream_id(stream.id());
  response.set_expiration_time(stream.hours());
  response.set_table_name(name);
  response.set_creation_time(stream.created_us());
  response.set_stream_status(stream.take_enabling_request() ? pb::STREAM_ENABLING : pb::STREAM_ACTIVE);
  if (request.support_timeseries_data_table()) response.set_is_timeseries_data_table(time_series);
  const std::int64_t time_us = call.catalog.clock.now();
  bool started = !request.has_inclusive_start_shard_id();
  for (const Shard& shard : stream.shards()) {
    started = started || shard.id == request.inclusive_start_shard_id();
    if (!started || !stream.listed(shard, time_us)) continue;
    if (response.shards_size() == limit) {
      response.set_next_shard_id(shard.id);
      break;
    }
    pb::StreamShard* out = response.add_shards();
    out->set_shard_id(shard.id);
    if (!shard.parent.empty()) out->set_parent_id(shard.parent);
    if (!shard.parent_sibling.empty()) out->set_parent_sibling_id(shard.parent_sibling);
  }
  if (!started) throw invalid(fmt::format("Invalid shard id: {}.", request.inclusive_start_shard_id()));
  return response.SerializeAsString();
}

std::string get_shard_iterator(const OtsCall& call) {
  const auto request = call.parse<pb::GetShardIteratorRequest>();
  ChangeStream& stream = readable(table_of(call, request.stream_id()));
  const std::int64_t time_us = call.catalog.clock.now();
  const Shard& shard = shard_of(stream, request.shard_id(), time_us);
  if (is_hit(call, FaultAction::expire_iterator)) throw trimmed();
  const std::uint64_t first = stream.first_readable(shard, time_us);
  pb::GetShardIteratorResponse response;
  std::uint64_t record = first;
  if (request.has_timestamp()) {
    std::int64_t steps_left = 0;
    if (request.has_token() && !request.token().empty()) {
      const Position token = parse_position(request.token(), "tok");
      if (token.shard != shard.id || token.number != request.timestamp())
        throw invalid("The token belongs to another search.");
      steps_left = token.turn - 1;
    } else {
      steps_left = search_steps(call) - 1;
    }
    record = std::max(first, shard.log->first_at(request.timestamp()));
    if (steps_left > 0) {
      // The search is said to have come half the way only.
      record = first + (record - first) / 2;
      response.set_next_token(Position{"tok", stream.id(), shard.id, request.timestamp(), steps_left}.text());
    }
  }
  const Position found{"it", stream.id(), shard.id, static_cast<std::int64_t>(record)};
  response.set_shard_iterator(is_hit(call, FaultAction::no_iterator) ? "" : found.text());
  return response.SerializeAsString();
}

std::string get_stream_record(const OtsCall& call) {
  const auto request = call.parse<pb::GetStreamRecordRequest>();
  if (request.has_limit() && request.limit() <= 0) throw invalid("The limit must be greater than 0.");
  const Position at = parse_position(request.shard_iterator(), "it");
  Table& table = table_of(call, at.stream);
  check_table_name(table, request);
  ChangeStream& stream = readable(table);
  const std::int64_t time_us = call.catalog.clock.now();
  const Shard& shard = shard_of(stream, at.shard, time_us);
  const auto from = static_cast<std::uint64_t>(at.number);
  if (from < stream.first_readable(shard, time_us) || is_hit(call, FaultAction::expire_iterator))
    throw trimmed();
  if (from > shard.log->size()) throw invalid("Invalid shard iterator: it lies behind the end of the shard.");
  const bool foreign = table.kind() == TableKind::grouped && at.turn == 0 && at.number % kForeignEvery == 0;
  const bool withheld = foreign || is_hit(call, FaultAction::empty_page);
  StreamLog::Page page;
  if (!withheld) page = shard.log->page(from, page_limit(call, request), kStreamPageBytesMax);
  pb::GetStreamRecordResponse rest = rest_of_page(call, table, shard, at, page.records, withheld);
  set_consumed(*rest.mutable_consumed(), capacity_units(page.fields.size()), 0);
  rest.AppendToString(&page.fields);
  return std::move(page.fields);
}

}  // namespace sluice::sandbox
