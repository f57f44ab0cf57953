#pragma once
// One table in memory that is read in pages, as a service answers: rows without any asked cell are passed
// over but count for the page.

#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_api.hpp"
#include "tests/support/in_flight.hpp"
#include "tests/support/record_writer.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

class FakeRows final : public tablestore::StreamApi, public tablestore::TableApi {
 public:
  struct Order {
    bool operator()(const tablestore::Key& a, const tablestore::Key& b) const {
      return tablestore::order(a, b) < 0;
    }
  };
  using Cells = std::vector<WireCell>;

  explicit FakeRows(Clock& clock) : clock_(clock) {}

  // A row of a table whose key is one integer.
  void put(std::int64_t key, Cells cells) { rows[integer_key(key)] = std::move(cells); }

  tablestore::Key integer_key(std::int64_t key) const {
    return {{primary_key.front().name, tablestore::KeyCell::Kind::integer, key, {}}};
  }

  awaitable<Result<tablestore::TableDescription>> describe_table(const std::string& name) override {
    if (auto error = co_await call("DescribeTable")) co_return *error;
    if (name != table) co_return Error(Errc::not_found, "describe table " + name + ": no such table");
    tablestore::TableDescription description;
    description.name = table;
    description.primary_key = primary_key;
    co_return description;
  }

  awaitable<Result<tablestore::RowPage>> get_range(const tablestore::RangeRequest& request) override {
    if (auto error = co_await call("GetRange")) co_return *error;
    if (tablestore::order(request.begin, request.end) >= 0) throw std::logic_error("an empty range is read");
    requests.push_back(request);
    tablestore::RowPage page;
    page.body.reserve(64);
    page.server_time = clock_.now() + server_time_skew;
    std::size_t left = static_cast<std::size_t>(request.limit.value_or(5000));
    if (page_rows) left = std::min(left, page_rows());
    for (auto row = rows.lower_bound(request.begin); row != rows.end() && Order()(row->first, request.end);
         ++row, --left) {
      if (left == 0) {
        page.next = row->first;
        break;
      }
      append(page.body, row->first, row->second, request.columns);
    }
    if (spoil) spoil(page);
    page.rows = page.body;
    co_return page;
  }

  awaitable<Result<std::vector<tablestore::Key>>> split_points(const std::string&,
                                                               std::int64_t part_bytes) override {
    if (auto error = co_await call("ComputeSplitPointsBySize")) co_return *error;
    asked_part_bytes.push_back(part_bytes);
    co_return points;
  }

  // What a full-table reader never asks for.
  awaitable<Result<void>> put_row(const std::string&, const tablestore::Key&,
                                  const std::vector<tablestore::AttributeCell>&) override {
    throw std::logic_error("a row is put");
  }
  awaitable<Result<void>> delete_row(const std::string&, const tablestore::Key&) override {
    throw std::logic_error("a row is deleted");
  }
  awaitable<Result<void>> create_table(const std::string&, const std::vector<tablestore::KeyColumn>&,
                                       std::chrono::seconds) override {
    throw std::logic_error("a table is created");
  }
  awaitable<Result<std::vector<tablestore::StreamSummary>>> list_streams(const std::string&) override {
    throw std::logic_error("streams are listed");
  }
  awaitable<Result<tablestore::StreamDescription>> describe_stream(const std::string&,
                                                                   const std::optional<std::string>&,
                                                                   std::optional<std::int32_t>) override {
    throw std::logic_error("a stream is described");
  }
  awaitable<Result<std::string>> shard_iterator(const std::string&, const std::string&,
                                                std::optional<Instant>) override {
    throw std::logic_error("an iterator is asked for");
  }
  awaitable<Result<tablestore::StreamPage>> stream_records(const std::string&,
                                                           std::optional<std::int32_t>) override {
    throw std::logic_error("records are read");
  }
  void observe(tablestore::StreamApiObserver* observer) override { observer_ = observer; }

  std::string table = "orders";
  std::vector<tablestore::KeyColumn> primary_key{{"pk", tablestore::KeyType::integer}};
  std::map<tablestore::Key, Cells, Order> rows;
  std::vector<tablestore::Key> points;     // split points
  std::function<std::size_t()> page_rows;  // the server's own limit; 5000 without
  std::function<Duration()> latency;       // of each request; none: answers at once
  Duration server_time_skew{0};            // of the answers
  std::function<std::optional<Error>(std::string_view operation)> fault;  // asked before each request
  std::function<void(tablestore::RowPage&)> spoil;                        // changes each page
  std::vector<std::string> calls;                                         // names of the operations, in order
  std::vector<tablestore::RangeRequest> requests;
  std::vector<std::int64_t> asked_part_bytes;
  int in_flight = 0;
  int in_flight_max = 0;

 private:
  awaitable<std::optional<Error>> call(std::string operation) {
    calls.push_back(operation);
    if (observer_ != nullptr) observer_->on_request(operation, 0);
    const InFlight counted(in_flight, in_flight_max);
    if (latency) co_await clock_.sleep_for(latency());
    std::optional<Error> error;
    if (fault) error = fault(operation);
    co_return error;
  }

  bool is_key(const std::string& column) const {
    return std::any_of(primary_key.begin(), primary_key.end(),
                       [&](const auto& known) { return known.name == column; });
  }

  void append(std::string& body, const tablestore::Key& key, const Cells& cells,
              const std::vector<std::string>& columns) const {
    WireRecord record;
    for (const tablestore::KeyCell& cell : key) {
      WireValue value = cell.text;
      if (cell.kind == tablestore::KeyCell::Kind::integer) value = cell.integer;
      record.key.push_back({cell.name, std::move(value), {}, {}});
    }
    for (const WireCell& cell : cells) {
      if (columns.empty() || std::find(columns.begin(), columns.end(), cell.name) != columns.end())
        record.attributes.push_back(cell);
    }
    const bool key_is_asked = columns.empty() || std::any_of(columns.begin(), columns.end(),
                                                             [&](const auto& name) { return is_key(name); });
    if (record.attributes.empty() && !key_is_asked) return;
    // Only the first row of a page has a header.
    body += body.empty() ? write_record(record) : write_record(record).substr(4);
  }

  Clock& clock_;
  tablestore::StreamApiObserver* observer_ = nullptr;
};

}  // namespace sluice::test
