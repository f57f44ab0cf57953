#pragma once
// Tables in memory, beside a FakeStream that describes them.

#include "core/tablestore/table_api.hpp"
#include "tests/support/fake_stream.hpp"

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct KeyLess {
  static int rank(const tablestore::KeyCell& cell) {
    if (cell.kind == tablestore::KeyCell::Kind::least) return 0;
    return cell.kind == tablestore::KeyCell::Kind::greatest ? 2 : 1;
  }
  bool operator()(const tablestore::Key& a, const tablestore::Key& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const auto& x, const auto& y) {
                                          if (rank(x) != rank(y)) return rank(x) < rank(y);
                                          if (rank(x) != 1) return false;
                                          return std::tie(x.integer, x.text) < std::tie(y.integer, y.text);
                                        });
  }
};

class FakeTable final : public tablestore::TableApi {
 public:
  using Cells = std::vector<tablestore::AttributeCell>;
  using Rows = std::map<tablestore::Key, Cells, KeyLess>;

  // `stream` describes the tables made here, and must outlive this.
  explicit FakeTable(FakeStream& stream) : stream_(stream) {}

  awaitable<Result<tablestore::RowPage>> get_range(const tablestore::RangeRequest& request) override {
    calls.emplace_back("GetRange");
    if (auto error = refuse("GetRange", request.table)) co_return *error;
    tablestore::RowPage page;
    page.body = std::string(64, '\0');  // beyond what a string keeps inside itself
    std::size_t count = 0;
    const std::size_t most = std::min(rows_per_page, static_cast<std::size_t>(request.limit.value_or(5000)));
    for (const auto& [key, cells] : tables.at(request.table)) {
      if (KeyLess()(key, request.begin) || !KeyLess()(key, request.end)) continue;
      if (count == most) {
        page.next = key;
        break;
      }
      if (count++ == 0) page.body += wire_length(0x75);
      page.body += wire_row(key, cells, request.columns);
    }
    page.rows = std::string_view(page.body).substr(64);
    page.server_time = stream_.clock_.now();
    co_return page;
  }

  awaitable<Result<std::vector<tablestore::Key>>> split_points(const std::string&, std::int64_t) override {
    co_return std::vector<tablestore::Key>();
  }

  awaitable<Result<void>> put_row(const std::string& table, const tablestore::Key& key,
                                  const Cells& cells) override {
    calls.push_back("PutRow " + text_of(key));
    if (auto error = refuse("PutRow", table)) co_return *error;
    tables[table][key] = cells;
    co_return answer("PutRow");
  }

  awaitable<Result<void>> delete_row(const std::string& table, const tablestore::Key& key) override {
    calls.push_back("DeleteRow " + text_of(key));
    if (auto error = refuse("DeleteRow", table)) co_return *error;
    tables[table].erase(key);
    co_return answer("DeleteRow");
  }

  awaitable<Result<void>> create_table(const std::string& table,
                                       const std::vector<tablestore::KeyColumn>& primary_key,
                                       std::chrono::seconds time_to_live) override {
    calls.push_back(fmt::format("CreateTable {} {} s", table, time_to_live.count()));
    if (fault) {
      if (auto error = fault("CreateTable")) co_return *error;
    }
    if (tables.contains(table)) co_return Error(Errc::conflict, "create table: it exists");
    add(table, primary_key);
    co_return answer("CreateTable");
  }

  // A table that is there from the start.
  void add(const std::string& table, const std::vector<tablestore::KeyColumn>& primary_key) {
    tables[table];
    tablestore::TableDescription description;
    description.name = table;
    description.primary_key = primary_key;
    stream_.other_tables.push_back(std::move(description));
  }

  // What was written, in order; nothing that only read.
  std::vector<std::string> writes() const {
    std::vector<std::string> found;
    for (const std::string& call : calls) {
      if (call != "GetRange") found.push_back(call);
    }
    return found;
  }

  std::map<std::string, Rows> tables;
  std::size_t rows_per_page = 5000;
  std::vector<std::string> calls;                                         // "PutRow (a, b, c)", in order
  std::function<std::optional<Error>(std::string_view operation)> fault;  // before: nothing is done
  std::function<std::optional<Error>(std::string_view operation)> lost_answer;  // after a write was done

 private:
  static std::string text_of(const tablestore::Key& key) {
    std::string text;
    for (const auto& cell : key) text += (text.empty() ? "" : ", ") + cell.text;
    return "(" + text + ")";
  }

  std::optional<Error> refuse(std::string_view operation, const std::string& table) const {
    std::optional<Error> error;
    if (fault) error = fault(operation);
    if (!error && !tables.contains(table))
      error = Error(Errc::not_found, fmt::format("{}: no table {}", operation, table));
    return error;
  }

  Result<void> answer(std::string_view operation) const {
    if (lost_answer) {
      if (const auto error = lost_answer(operation)) return *error;
    }
    return {};
  }

  // The row as a page has it: no header, no place in a log.
  static std::string wire_row(const tablestore::Key& key, const Cells& cells,
                              const std::vector<std::string>& columns) {
    const auto wanted = [&](const std::string& name) {
      return columns.empty() || std::find(columns.begin(), columns.end(), name) != columns.end();
    };
    WireRecord row;
    for (const auto& cell : key) {
      WireValue value = cell.text;
      if (cell.kind == tablestore::KeyCell::Kind::integer) value = cell.integer;
      row.key.push_back(WireCell{cell.name, value, {}, {}});
    }
    for (const auto& cell : cells) {
      if (!wanted(cell.name)) continue;
      WireValue value = cell.text;
      if (cell.kind == tablestore::AttributeCell::Kind::integer) value = cell.integer;
      if (cell.kind == tablestore::AttributeCell::Kind::binary) value = Blob{cell.text};
      row.attributes.push_back(WireCell{cell.name, value, 1'500'000'000'000, {}});
    }
    return write_record(row).substr(4);
  }

  FakeStream& stream_;
};

}  // namespace sluice::test
