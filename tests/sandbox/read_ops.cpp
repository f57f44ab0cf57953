// GetRow, BatchGetRow and GetRange.
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/plain_buffer.hpp"
#include "tests/sandbox/row_select.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr int kBatchRowsMax = 100;
constexpr std::size_t kPageRowsMax = 5000;
constexpr std::size_t kPageBytesMax = 4'194'304;

Key read_key(const Table& table, const std::string& bytes, KeyUse use) {
  const WireRow wire = plain_buffer::decode_row(bytes);
  if (!wire.cells.empty()) throw invalid("Attribute column cannot be given while reading data.");
  if (wire.delete_marker) throw invalid("Delete marker cannot be given.");
  for (const Cell& cell : wire.key)
    if (cell.value->type == ValueType::auto_increment)
      throw invalid("PKAutoIncr can't be used for read operations.");
  return checked_key(table.meta(), wire.key, use);
}

struct ReadRow {
  std::string bytes;  // empty: no such row
  std::int32_t units = 1;
};

ReadRow read_one(const Table& table, const std::string& key_bytes, const Selection& selection,
                 std::int64_t time_ms) {
  const Key key = read_key(table, key_bytes, KeyUse::exact);
  ReadRow out;
  const Row* row = table.find(key);
  if (row == nullptr) return out;
  const auto chosen = select(table, key, *row, selection, time_ms);
  if (!chosen) return out;
  out.units = capacity_units(counted_bytes(*chosen));
  out.bytes = plain_buffer::encode_row(*chosen);
  return out;
}

struct RangePage {
  std::string rows;
  std::size_t scanned_bytes = 0;
  std::size_t scanned = 0;
  std::size_t returned = 0;

  bool full(std::size_t limit) const {
    return returned >= limit || scanned >= kPageRowsMax || scanned_bytes >= kPageBytesMax;
  }
  void add(const Table& table, const Key& key, const Row& row, const Selection& selection,
           std::int64_t time_ms) {
    ++scanned;
    scanned_bytes += counted_bytes(table.wire_row(key, row));
    const auto chosen = select(table, key, row, selection, time_ms);
    if (!chosen) return;
    if (rows.empty()) plain_buffer::append_header(rows);
    plain_buffer::append_row(*chosen, std::nullopt, rows);
    ++returned;
  }
};

// Fills the page from [first, last); returns the key to go on with, if any.
template <class Iterator>
std::optional<Key> fill(RangePage& page, Iterator first, Iterator last, std::size_t limit, const Table& table,
                        const Selection& selection, std::int64_t time_ms) {
  for (; first != last; ++first) {
    if (page.full(limit)) return first->first;
    page.add(table, first->first, first->second, selection, time_ms);
  }
  return std::nullopt;
}

std::optional<Key> read_range(RangePage& page, const Table& table, const pb::GetRangeRequest& request,
                              const Selection& selection, std::int64_t time_ms) {
  const Key start = read_key(table, request.inclusive_start_primary_key(), KeyUse::range_bound);
  const Key end = read_key(table, request.exclusive_end_primary_key(), KeyUse::range_bound);
  if (request.has_limit() && request.limit() <= 0) throw invalid("The limit must be greater than 0.");
  const std::size_t limit = request.has_limit() ? static_cast<std::size_t>(request.limit()) : kPageRowsMax;
  const Table::Rows& rows = table.rows();
  if (request.direction() == pb::FORWARD) {
    if (compare(start, end) >= 0) throw invalid("Begin key must less than end key in FORWARD");
    return fill(page, rows.lower_bound(start), rows.lower_bound(end), limit, table, selection, time_ms);
  }
  if (compare(start, end) <= 0) throw invalid("Begin key must more than end key in BACKWARD");
  const auto first = std::make_reverse_iterator(rows.upper_bound(start));
  const auto last = std::make_reverse_iterator(rows.upper_bound(end));
  return fill(page, first, last, limit, table, selection, time_ms);
}

}  // namespace

std::string encoded_key(const Table& table, const Key& key) {
  WireRow row;
  row.key = table.wire_key(key);
  return plain_buffer::encode_row(row);
}

std::string get_row(const OtsCall& call) {
  const auto request = call.parse<pb::GetRowRequest>();
  const Selection selection(request);
  const Table& table = call.table(request.table_name());
  ReadRow row = read_one(table, request.primary_key(), selection, call.catalog.clock.now() / 1000);
  pb::GetRowResponse response;
  set_consumed(*response.mutable_consumed(), row.units, 0);
  response.set_row(std::move(row.bytes));
  return response.SerializeAsString();
}

std::string batch_get_row(const OtsCall& call) {
  const auto request = call.parse<pb::BatchGetRowRequest>();
  int asked_rows = 0;
  std::set<std::string> names;
  for (const auto& asked : request.tables()) {
    asked_rows += asked.primary_key_size();
    if (!names.insert(asked.table_name()).second)
      throw invalid(fmt::format("Duplicated table name: {}.", asked.table_name()));
    const std::set<std::string> keys(asked.primary_key().begin(), asked.primary_key().end());
    if (keys.size() != static_cast<std::size_t>(asked.primary_key_size()))
      throw invalid("Duplicate rows detected in MultiGet.");
  }
  if (asked_rows == 0) throw invalid("No row specified in the request of BatchGetRow.");
  if (asked_rows > kBatchRowsMax)
    throw invalid(fmt::format("Rows count exceeds the upper limit:{}.", kBatchRowsMax));
  pb::BatchGetRowResponse response;
  for (const auto& asked : request.tables()) {
    const Selection selection(asked);
    const Table& table = call.table(asked.table_name());
    auto* answered = response.add_tables();
    answered->set_table_name(asked.table_name());
    for (const std::string& key : asked.primary_key()) {
      auto* result = answered->add_rows();
      try {
        ReadRow row = read_one(table, key, selection, call.catalog.clock.now() / 1000);
        result->set_is_ok(true);
        set_consumed(*result->mutable_consumed(), row.units, 0);
        if (!row.bytes.empty()) result->set_row(std::move(row.bytes));
      } catch (const Refusal& refusal) {
        result->set_is_ok(false);
        result->mutable_error()->set_code(refusal.code);
        result->mutable_error()->set_message(refusal.what());
      }
    }
  }
  return response.SerializeAsString();
}

std::string get_range(const OtsCall& call) {
  const auto request = call.parse<pb::GetRangeRequest>();
  const Selection selection(request);
  const Table& table = call.table(request.table_name());
  RangePage page;
  const std::optional<Key> next =
      read_range(page, table, request, selection, call.catalog.clock.now() / 1000);
  pb::GetRangeResponse response;
  set_consumed(*response.mutable_consumed(), capacity_units(page.scanned_bytes), 0);
  response.set_rows(std::move(page.rows));
  if (next) response.set_next_start_primary_key(encoded_key(table, *next));
  response.set_data_block_type(pb::DBT_PLAIN_BUFFER);
  response.set_compress_type(pb::CPT_NONE);
  return response.SerializeAsString();
}

}  // namespace sluice::sandbox
