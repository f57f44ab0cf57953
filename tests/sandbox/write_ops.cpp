// PutRow, UpdateRow, DeleteRow and BatchWriteRow.
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/plain_buffer.hpp"
#include "tests/sandbox/row_change.hpp"
#include "tests/sandbox/row_filter.hpp"
#include "tests/sandbox/row_select.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr int kBatchRowsMax = 200;
constexpr std::size_t kRequestBytesMax = 4'194'304;

struct Write {
  pb::OperationType type;
  const std::string& row;
  const pb::Condition& condition;
  const pb::ReturnContent& return_content;
};

struct Written {
  std::int32_t read_units = 0;
  std::int32_t write_units = 0;
  std::string row;  // what return_content asked for
};

void check_condition(const Table& table, const Key& key, const Row* before, const pb::Condition& condition) {
  if (condition.row_existence() == pb::EXPECT_EXIST && before == nullptr)
    throw Refusal(403, "OTSConditionCheckFail", "Row does not exist which is expected existent");
  if (condition.row_existence() == pb::EXPECT_NOT_EXIST && before != nullptr)
    throw Refusal(403, "OTSConditionCheckFail", "Row exists which is expected nonexistent");
  if (!condition.has_column_condition() || condition.column_condition().empty()) return;
  if (pagination(condition.column_condition())) throw invalid("Invalid type of filter: 3.");
  const Row nothing;
  if (!passes(condition.column_condition(), filter_row(table, key, before != nullptr ? *before : nothing)))
    throw Refusal(403, "OTSConditionCheckFail", "Condition check failed.");
}

// Gives an auto-increment key column its value.
void assign_key(Table& table, Key& key, const Write& write) {
  const auto column = table.auto_increment();
  if (!column || key[*column].type != ValueType::auto_increment) return;
  if (write.type == pb::UPDATE) throw invalid("PKAutoIncr can't be used for update operations.");
  if (write.condition.row_existence() != pb::IGNORE)
    throw invalid(fmt::format("Invalid expect:{} when modify row with pk auto increment",
                              static_cast<int>(write.condition.row_existence())));
  if (!write.condition.column_condition().empty())
    throw invalid("Can't set condition when modify row with pk auto increment");
  key[*column] = Value::of(table.next_auto_increment());
}

RowChange decide(const Table& table, const Write& write, const WireRow& wire, const Row* before,
                 std::int64_t time_ms) {
  if (write.type == pb::PUT) return decide_put(table, wire, before, time_ms);
  if (write.type == pb::UPDATE) return decide_update(table, wire, before, time_ms);
  return decide_delete(table, wire, before);
}

std::string returned_row(const Table& table, const Write& write, const Key& key, const Row* after,
                         const pb::ReturnContent& content) {
  WireRow out;
  if (content.return_type() == pb::RT_PK) {
    out.key = table.wire_key(key);
  } else if (content.return_type() == pb::RT_AFTER_MODIFY && write.type == pb::UPDATE && after != nullptr) {
    Row newest;
    for (const std::string& name : content.return_column_names())
      if (const auto found = after->find(name); found != after->end()) newest[name] = {found->second.front()};
    out = table.wire_row(key, newest);
  } else {
    return {};
  }
  return plain_buffer::encode_row(out);
}

Written apply(Table& table, const Write& write, const WriteTime& at) {
  if (write.row.size() > kRequestBytesMax)
    throw invalid(fmt::format(
        "The total data size of PutRow request exceeds the limit, limit size: {} , data size: {}.",
        kRequestBytesMax, write.row.size()));
  WireRow wire = plain_buffer::decode_row(write.row);
  const std::size_t bytes = counted_bytes(wire);
  Key key = checked_key(table.meta(), wire.key, write.type == pb::PUT ? KeyUse::put : KeyUse::exact);
  assign_key(table, key, write);
  wire.key = table.wire_key(key);
  const Row* before = table.find(key);
  check_condition(table, key, before, write.condition);
  RowChange change = decide(table, write, wire, before, at.time_us / 1000);
  Written out;
  out.row = returned_row(table, write, key, change.after ? &*change.after : nullptr, write.return_content);
  const bool conditional =
      write.condition.row_existence() != pb::IGNORE || write.condition.has_column_condition();
  out.read_units = conditional ? 1 : 0;
  out.write_units = capacity_units(bytes);
  table.commit(key, std::move(change.after), change.record, at);
  return out;
}

template <class PbRequest, class PbResponse>
std::string single(const OtsCall& call, pb::OperationType type,
                   const std::string& (PbRequest::*row)() const) {
  const auto request = call.parse<PbRequest>();
  const Write write{type, (request.*row)(), request.condition(), request.return_content()};
  Written written = apply(call.table(request.table_name()), write, call.catalog.clock.next_request());
  PbResponse response;
  set_consumed(*response.mutable_consumed(), written.read_units, written.write_units);
  if (!written.row.empty()) response.set_row(std::move(written.row));
  return response.SerializeAsString();
}

// Refusals of the batch as a whole.
void check_batch(const OtsCall& call, const pb::BatchWriteRowRequest& request) {
  if (request.tables_size() == 0) throw invalid("No row is specified in BatchWriteRow.");
  std::set<std::string> names;
  int rows = 0;
  for (const auto& table : request.tables()) {
    if (!names.insert(table.table_name()).second)
      throw invalid(fmt::format("Duplicated table name: {}.", table.table_name()));
    if (table.rows_size() == 0)
      throw invalid(fmt::format("No operation is specified for table:{}.", table.table_name()));
    call.table(table.table_name());
    rows += table.rows_size();
    std::set<std::string> keys;
    for (const auto& row : table.rows()) {
      if (keys.insert(row.row_change()).second) continue;
      if (row.condition().row_existence() != pb::IGNORE)
        throw invalid("Repeated rows do not support row exist expectation check in BatchModify.");
      if (!row.condition().column_condition().empty())
        throw invalid("Repeated rows do not support row condition check in BatchModify.");
    }
  }
  if (rows > kBatchRowsMax)
    throw invalid(fmt::format("Rows count exceeds the upper limit:{}.", kBatchRowsMax));
  if (call.body.size() > kRequestBytesMax)
    throw invalid(fmt::format(
        "The total data size of BatchWriteRow request exceeds the limit, limit size: {} , data size: {}.",
        kRequestBytesMax, call.body.size()));
}

}  // namespace

std::string put_row(const OtsCall& call) {
  return single<pb::PutRowRequest, pb::PutRowResponse>(call, pb::PUT, &pb::PutRowRequest::row);
}

std::string update_row(const OtsCall& call) {
  return single<pb::UpdateRowRequest, pb::UpdateRowResponse>(call, pb::UPDATE,
                                                             &pb::UpdateRowRequest::row_change);
}

std::string delete_row(const OtsCall& call) {
  return single<pb::DeleteRowRequest, pb::DeleteRowResponse>(call, pb::DELETE,
                                                             &pb::DeleteRowRequest::primary_key);
}

std::string batch_write_row(const OtsCall& call) {
  const auto request = call.parse<pb::BatchWriteRowRequest>();
  check_batch(call, request);
  const WriteTime at = call.catalog.clock.next_request();
  pb::BatchWriteRowResponse response;
  for (const auto& asked : request.tables()) {
    Table& table = call.table(asked.table_name());
    auto* answered = response.add_tables();
    answered->set_table_name(asked.table_name());
    for (const auto& row : asked.rows()) {
      auto* result = answered->add_rows();
      try {
        const Write write{row.type(), row.row_change(), row.condition(), row.return_content()};
        Written written = apply(table, write, at);
        result->set_is_ok(true);
        set_consumed(*result->mutable_consumed(), written.read_units, written.write_units);
        if (!written.row.empty()) result->set_row(std::move(written.row));
      } catch (const Refusal& refusal) {
        result->set_is_ok(false);
        result->mutable_error()->set_code(refusal.code);
        result->mutable_error()->set_message(refusal.what());
      }
    }
  }
  return response.SerializeAsString();
}

}  // namespace sluice::sandbox
