// The client's operations on tables and their rows.

#include "core/tablestore/answer_message.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/ots.pb.h"
#include "core/tablestore/row_codec.hpp"

#include <fmt/format.h>

#include <cassert>

namespace sluice::tablestore {
namespace {

constexpr std::int64_t kSplitUnit = 1024 * 1024;  // the least that the server takes

ots::proto::PrimaryKeyType wire_type(KeyType type) {
  switch (type) {
    case KeyType::integer:
      return ots::proto::INTEGER;
    case KeyType::binary:
      return ots::proto::BINARY;
    case KeyType::string:
      break;
  }
  return ots::proto::STRING;
}

// The server leaves out the columns behind which a split point begins at the least value.
Result<Key> full_key(std::string_view bytes, const ots::proto::ComputeSplitPointsBySizeResponse& answer) {
  auto key = decode_key(bytes);
  if (key.has_error()) return key.error();
  for (int i = static_cast<int>(key->size()); i < answer.schema_size(); ++i) {
    key->push_back(KeyCell{answer.schema(i).name(), KeyCell::Kind::least, 0, {}});
  }
  return key;
}

}  // namespace

awaitable<Result<RowPage>> Client::get_range(const RangeRequest& range) {
  ots::proto::GetRangeRequest request;
  request.set_table_name(range.table);
  request.set_direction(ots::proto::FORWARD);
  for (const std::string& column : range.columns) request.add_columns_to_get(column);
  request.set_max_versions(1);
  if (range.limit) request.set_limit(*range.limit);
  request.set_inclusive_start_primary_key(encode_key(range.begin));
  request.set_exclusive_end_primary_key(encode_key(range.end));
  const Call call{"GetRange", fmt::format("get range of table {}", range.table), request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto page = decode_row_page(std::move(answer->body));
  if (!page) {
    co_return Error(page.error().code(), fmt::format("{}: {}, request {}", call.doing, page.error().message(),
                                                     answer->request_id));
  }
  page->server_time = answer->server_time;
  co_return page;
}

awaitable<Result<std::vector<Key>>> Client::split_points(const std::string& table, std::int64_t part_bytes) {
  assert(part_bytes > 0 && part_bytes % kSplitUnit == 0);
  ots::proto::ComputeSplitPointsBySizeRequest request;
  request.set_table_name(table);
  request.set_split_size(part_bytes / kSplitUnit);
  request.set_split_size_unit_in_byte(kSplitUnit);
  const Call call{"ComputeSplitPointsBySize", fmt::format("compute split points of table {}", table),
                  request.SerializeAsString()};
  auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  auto message = parse_answer<ots::proto::ComputeSplitPointsBySizeResponse>(answer->body, answer->request_id,
                                                                            call.doing);
  if (!message) co_return message.error();
  std::vector<Key> points;
  for (const std::string& bytes : message->split_points()) {
    auto key = full_key(bytes, *message);
    if (key.has_error()) {
      co_return Error(key.error().code(), fmt::format("{}: {}, request {}", call.doing, key.error().message(),
                                                      answer->request_id));
    }
    points.push_back(*std::move(key));
  }
  co_return points;
}

awaitable<Result<void>> Client::put_row(const std::string& table, const Key& key,
                                        const std::vector<AttributeCell>& cells) {
  ots::proto::PutRowRequest request;
  request.set_table_name(table);
  request.set_row(encode_row(key, cells));
  request.mutable_condition()->set_row_existence(ots::proto::IGNORE);
  const Call call{"PutRow", fmt::format("put row into table {}", table), request.SerializeAsString()};
  const auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  co_return Result<void>();
}

awaitable<Result<void>> Client::delete_row(const std::string& table, const Key& key) {
  ots::proto::DeleteRowRequest request;
  request.set_table_name(table);
  request.set_primary_key(encode_deletion(key));
  request.mutable_condition()->set_row_existence(ots::proto::IGNORE);
  const Call call{"DeleteRow", fmt::format("delete row of table {}", table), request.SerializeAsString()};
  const auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  co_return Result<void>();
}

awaitable<Result<void>> Client::create_table(const std::string& table,
                                             const std::vector<KeyColumn>& primary_key,
                                             std::chrono::seconds time_to_live) {
  ots::proto::CreateTableRequest request;
  request.mutable_table_meta()->set_table_name(table);
  for (const KeyColumn& column : primary_key) {
    auto* added = request.mutable_table_meta()->add_primary_key();
    added->set_name(column.name);
    added->set_type(wire_type(column.type));
  }
  auto* capacity = request.mutable_reserved_throughput()->mutable_capacity_unit();
  capacity->set_read(0);
  capacity->set_write(0);
  request.mutable_table_options()->set_time_to_live(static_cast<std::int32_t>(time_to_live.count()));
  request.mutable_table_options()->set_max_versions(1);
  const Call call{"CreateTable", fmt::format("create table {}", table), request.SerializeAsString()};
  const auto answer = co_await perform(call);
  if (!answer) co_return answer.error();
  co_return Result<void>();
}

}  // namespace sluice::tablestore
