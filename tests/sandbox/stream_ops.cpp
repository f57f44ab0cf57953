// ListStream, DescribeStream, GetShardIterator and GetStreamRecord.
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/row_select.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t kPageRecordsMax = 1000;
constexpr std::uint64_t kPageBytesMax = 4U << 20U;
constexpr int kShardsMax = 100;
// Every so manieth search by time is answered in two steps, so that clients meet the token.
constexpr int kTokenEvery = 4;

Refusal trimmed() {
  return {404, "OTSTrimmedDataAccess", "Requested stream data is already trimmed or does not exist."};
}

ChangeStream& stream_of(const OtsCall& call, const std::string& stream_id) {
  for (const auto& [name, table] : call.catalog.tables(call.instance))
    if (table->stream() != nullptr && table->stream()->id() == stream_id) return *table->stream();
  throw Refusal(404, "OTSObjectNotExist", "Requested stream does not exist.");
}

Shard& shard_of(ChangeStream& stream, const std::string& shard_id, std::int64_t time_us) {
  Shard* shard = stream.find(shard_id);
  if (shard == nullptr) throw Refusal(404, "OTSObjectNotExist", "Requested shard does not exist.");
  if (!stream.listed(*shard, time_us)) throw trimmed();
  return *shard;
}

// Iterators and tokens name a position for good; their text is opaque to clients.
struct Position {
  std::string kind;  // "it" or "tok"
  std::string stream;
  std::string shard;
  std::int64_t number = 0;  // a record, or the time a token searches

  std::string text() const { return base64_encode(fmt::format("{}|{}|{}|{}", kind, stream, shard, number)); }
};

Position parse_position(const std::string& text, std::string_view kind) {
  const Refusal malformed = invalid(fmt::format("Invalid shard iterator or token: {}.", text));
  const std::string plain = base64_decode(text).value_or("");
  Position out;
  const std::size_t a = plain.find('|');
  const std::size_t b = a == std::string::npos ? a : plain.find('|', a + 1);
  const std::size_t c = b == std::string::npos ? b : plain.find('|', b + 1);
  if (c == std::string::npos) throw malformed;
  out.kind = plain.substr(0, a);
  out.stream = plain.substr(a + 1, b - a - 1);
  out.shard = plain.substr(b + 1, c - b - 1);
  const char* end = plain.data() + plain.size();
  const auto parsed = std::from_chars(plain.data() + c + 1, end, out.number);
  if (out.kind != kind || parsed.ec != std::errc() || parsed.ptr != end) throw malformed;
  return out;
}

}  // namespace

std::string list_stream(const OtsCall& call) {
  const auto request = call.parse<pb::ListStreamRequest>();
  if (request.has_table_name()) call.table(request.table_name());
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
  const ChangeStream& stream = stream_of(call, request.stream_id());
  if (request.has_shard_limit() && request.shard_limit() <= 0)
    throw invalid("The limit must be greater than 0.");
  const int limit = request.has_shard_limit() ? std::min(request.shard_limit(), kShardsMax) : kShardsMax;
  pb::DescribeStreamResponse response;
  response.set_stream_id(stream.id());
  response.set_expiration_time(stream.hours());
  response.set_table_name(stream.id().substr(0, stream.id().rfind('_')));
  response.set_creation_time(stream.created_us());
  response.set_stream_status(pb::STREAM_ACTIVE);
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
  static int searches = 0;
  const auto request = call.parse<pb::GetShardIteratorRequest>();
  ChangeStream& stream = stream_of(call, request.stream_id());
  const std::int64_t time_us = call.catalog.clock.now();
  const Shard& shard = shard_of(stream, request.shard_id(), time_us);
  const std::uint64_t first = stream.first_readable(shard, time_us);
  pb::GetShardIteratorResponse response;
  std::uint64_t record = first;
  if (request.has_token() && !request.token().empty()) {
    const Position token = parse_position(request.token(), "tok");
    if (token.shard != shard.id || token.number != request.timestamp())
      throw invalid("The token belongs to another search.");
    record = std::max(first, shard.log->first_at(request.timestamp()));
  } else if (request.has_timestamp()) {
    record = std::max(first, shard.log->first_at(request.timestamp()));
    if (++searches % kTokenEvery == 0) {
      // The search is said to have come half the way only.
      record = first + (record - first) / 2;
      response.set_next_token(Position{"tok", stream.id(), shard.id, request.timestamp()}.text());
    }
  }
  response.set_shard_iterator(
      Position{"it", stream.id(), shard.id, static_cast<std::int64_t>(record)}.text());
  return response.SerializeAsString();
}

std::string get_stream_record(const OtsCall& call) {
  const auto request = call.parse<pb::GetStreamRecordRequest>();
  if (request.has_limit() && request.limit() <= 0) throw invalid("The limit must be greater than 0.");
  const Position at = parse_position(request.shard_iterator(), "it");
  ChangeStream& stream = stream_of(call, at.stream);
  const std::int64_t time_us = call.catalog.clock.now();
  const Shard& shard = shard_of(stream, at.shard, time_us);
  const auto from = static_cast<std::uint64_t>(at.number);
  if (from < stream.first_readable(shard, time_us)) throw trimmed();
  if (from > shard.log->size()) throw invalid("Invalid shard iterator: it lies behind the end of the shard.");
  const std::uint64_t limit =
      request.has_limit()
          ? std::min<std::uint64_t>(static_cast<std::uint64_t>(request.limit()), kPageRecordsMax)
          : kPageRecordsMax;
  StreamLog::Page page = shard.log->page(from, limit, kPageBytesMax);
  pb::GetStreamRecordResponse rest;  // all but the records, which are already encoded
  const std::uint64_t next = from + page.records;
  if (!shard.closed || next < shard.log->size())
    rest.set_next_shard_iterator(
        Position{"it", stream.id(), shard.id, static_cast<std::int64_t>(next)}.text());
  set_consumed(*rest.mutable_consumed(), capacity_units(page.fields.size()), 0);
  rest.AppendToString(&page.fields);
  return std::move(page.fields);
}

}  // namespace sluice::sandbox
