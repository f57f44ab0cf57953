#pragma once
// A stream with a status table, an original reader on it, and ours beside it.

#include "core/tablestore/hand_over.hpp"
#include "tests/support/original_reader.hpp"
#include "tests/support/stream_fixture.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

struct TakeOverFixture : StreamFixture {
  TakeOverFixture() : tables(stream), original(stream, tables) {
    source.status_table = "status";
    source.take_over = job::TakeOver::required;
    tables.add("status", tablestore::status_key());
    table_api = &tables;
  }

  // Windows as StreamFixture numbers them.
  Instant end_of(int number) const { return window(number).end; }

  OriginalReader::Taken run_original(int number) {
    return original.run(window(number).start, end_of(number));
  }

  // Hands the window over that ended at `end`.
  Result<void> give(int number, const pipeline::Positions& end) {
    std::optional<Result<void>> result;
    loop.run(give_to(result, number, end));
    return *result;
  }
  awaitable<void> give_to(std::optional<Result<void>>& result, int number, const pipeline::Positions& end) {
    const tablestore::StatusTable table{stream, tables, "status"};
    const pipeline::Window done = window(number);
    result = co_await tablestore::hand_over(table, "orders", done, end);
  }

  // The column of the original's checkpoint or job row.
  tablestore::AttributeCell& cell(const std::string& type, const std::string& value,
                                  const std::string& column) {
    for (auto& candidate : *original.find(type, value)) {
      if (candidate.name == column) return candidate;
    }
    throw std::logic_error("no column " + column);
  }
  tablestore::AttributeCell& checkpoint(int number, const std::string& shard, const std::string& column) {
    return cell("CheckpointForDataxReader", original.end_text(end_of(number)) + '\t' + shard, column);
  }
  tablestore::AttributeCell& job(int number, const std::string& column) {
    return cell("DataxJobDesc", original.end_text(end_of(number)), column);
  }
  void remove_row(const std::string& type, const std::string& value) {
    tables.tables["status"].erase(original.key(stream.stream_id, type, value));
  }
  void remove_checkpoint(int number, const std::string& shard) {
    remove_row("CheckpointForDataxReader", original.end_text(end_of(number)) + '\t' + shard);
  }
  void remove_job(int number) { remove_row("DataxJobDesc", original.end_text(end_of(number))); }

  FakeTable tables;
  OriginalReader original;
};

}  // namespace sluice::test
