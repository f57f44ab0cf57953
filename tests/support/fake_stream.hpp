#pragma once
// A change stream in memory: shards that are written, split, merged, trimmed and lost on command.

#include "core/base/random.hpp"
#include "core/tablestore/stream_api.hpp"
#include "tests/support/in_flight.hpp"
#include "tests/support/record_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

class FakeStream final : public tablestore::StreamApi {
 public:
  struct Entry {
    pipeline::Sequence sequence;
    tablestore::Action action = tablestore::Action::put_row;
    std::string bytes;
  };

  struct FakeShard {
    tablestore::Shard info;
    bool closed = false;
    Instant closed_at{};
    bool listed = true;
    std::vector<Entry> log;
    std::size_t trimmed = 0;  // entries from the front that are gone
  };

  explicit FakeStream(Clock& clock) : clock_(clock), enabled(clock.now()) {}

  // A shard without parents.
  std::string add_shard(std::string id = "") { return add({std::move(id), {}, {}}); }

  // Closes `parent` and adds two children.
  std::pair<std::string, std::string> split(const std::string& parent) {
    close(parent);
    const std::string first = add({"", parent, {}});
    return {first, add({"", parent, {}})};
  }

  std::string merge(const std::string& first, const std::string& second) {
    close(first);
    close(second);
    return add({"", first, second});
  }

  // Appends a record with the next place in the shard: the time is the clock's plus `record_time_skew`; where
  // that is not later than the record before, the row index or, after a step back, the epoch grows.
  pipeline::Sequence write(const std::string& id, WireRecord record,
                           tablestore::Action action = tablestore::Action::put_row) {
    FakeShard& target = shard(id);
    if (target.closed) throw std::logic_error("a closed shard is written");
    pipeline::Sequence sequence{1, (clock_.now() + record_time_skew).time_since_epoch().count(), 0};
    if (!target.log.empty()) {
      const pipeline::Sequence& last = target.log.back().sequence;
      sequence.epoch = last.epoch;
      if (sequence.time_us < last.time_us) sequence.epoch = last.epoch + 1;
      if (sequence.time_us == last.time_us) sequence.row_index = last.row_index + 1;
    }
    record.sequence = sequence;
    target.log.push_back({sequence, action, write_record(record)});
    return sequence;
  }

  // Appends a record with exactly this place, whatever stands before it.
  void write_at(const std::string& id, WireRecord record, pipeline::Sequence sequence) {
    record.sequence = sequence;
    shard(id).log.push_back({sequence, tablestore::Action::put_row, write_record(record)});
  }

  // The oldest `count` records of the shard are gone.
  void trim(const std::string& id, std::size_t count) { shard(id).trimmed = count; }

  // What is older than the retention goes: records from the front of their shards, and closed shards that
  // have none left.
  void expire() {
    const Instant horizon = clock_.now() - retention;
    for (FakeShard& candidate : shards) {
      while (candidate.trimmed < candidate.log.size() &&
             candidate.log[candidate.trimmed].sequence.time_us < horizon.time_since_epoch().count()) {
        ++candidate.trimmed;
      }
      const bool empty = candidate.trimmed == candidate.log.size();
      if (candidate.closed && empty && candidate.closed_at < horizon) candidate.listed = false;
    }
  }

  // Switched off and on again: another stream, without shards.
  void restart() {
    for (FakeShard& candidate : shards) candidate.listed = false;
    stream_id = fmt::format("{}_{}", table, shards.size());
    enabled = clock_.now();
  }

  // The shard has expired as a whole.
  void lose(const std::string& id) { shard(id).listed = false; }

  FakeShard& shard(const std::string& id) {
    for (FakeShard& candidate : shards) {
      if (candidate.info.shard_id == id) return candidate;
    }
    throw std::logic_error("no shard " + id);
  }

  awaitable<Result<tablestore::TableDescription>> describe_table(const std::string& name) override {
    if (auto error = co_await call("DescribeTable")) co_return *error;
    for (const tablestore::TableDescription& other : other_tables) {
      if (name == other.name) co_return other;
    }
    if (name != table) co_return Error(Errc::not_found, "describe table: no such table");
    if (is_time_series) co_return Error(Errc::invalid_argument, "describe table: a timeseries table");
    tablestore::TableDescription description;
    description.name = table;
    description.primary_key = primary_key;
    description.stream.enabled = is_on;
    description.stream.stream_id = stream_id;
    description.stream.retention = retention;
    description.stream.last_enabled = enabled;
    co_return description;
  }

  awaitable<Result<std::vector<tablestore::StreamSummary>>> list_streams(const std::string& name) override {
    if (auto error = co_await call("ListStream")) co_return *error;
    std::vector<tablestore::StreamSummary> streams;
    if (is_on && name == table) streams.push_back({stream_id, table, enabled});
    co_return streams;
  }

  awaitable<Result<tablestore::StreamDescription>> describe_stream(const std::string& stream,
                                                                   const std::optional<std::string>& start,
                                                                   std::optional<std::int32_t>) override {
    if (auto error = co_await call("DescribeStream")) co_return *error;
    if (stream != stream_id) co_return Error(Errc::not_found, "describe stream: no such stream");
    tablestore::StreamDescription page;
    page.stream_id = stream_id;
    page.table = table;
    page.retention = retention;
    page.status = status;
    page.is_time_series = is_time_series;
    bool started = !start.has_value();
    for (const FakeShard& candidate : shards) {
      started = started || candidate.info.shard_id == *start;
      if (!started || !candidate.listed) continue;
      if (page.shards.size() == shards_per_page) {
        page.next_shard_id = candidate.info.shard_id;
        break;
      }
      page.shards.push_back(candidate.info);
    }
    co_return page;
  }

  awaitable<Result<std::string>> shard_iterator(const std::string& stream, const std::string& name,
                                                std::optional<Instant> time) override {
    if (auto error = co_await call("GetShardIterator")) co_return *error;
    if (stream != stream_id || !exists(name))
      co_return Error(Errc::not_found, "get shard iterator: no such shard");
    const FakeShard& source = shard(name);
    if (time && empty_seeks) co_return std::string();
    std::size_t offset = source.trimmed;
    if (time) {
      const std::int64_t least = time->time_since_epoch().count();
      while (offset < source.log.size() && source.log[offset].sequence.time_us < least) ++offset;
    }
    co_return fmt::format("{}@{}", name, offset);
  }

  awaitable<Result<tablestore::StreamPage>> stream_records(const std::string& iterator,
                                                           std::optional<std::int32_t> limit) override {
    if (auto error = co_await call("GetStreamRecord")) co_return *error;
    const std::size_t at = iterator.rfind('@');
    const std::string name = iterator.substr(0, at);
    std::size_t offset = 0;
    std::from_chars(iterator.data() + at + 1, iterator.data() + iterator.size(), offset);
    if (!exists(name)) co_return Error(Errc::trimmed, "get records: the shard is gone");
    const FakeShard& source = shard(name);
    limit_asked = limit.value_or(1000);
    if (offset < source.trimmed)
      co_return Error(Errc::trimmed, "get records: requested data is already trimmed");
    co_return page_of(source, offset, static_cast<std::size_t>(limit_asked));
  }

  void observe(tablestore::StreamApiObserver* watcher) override { observer_ = watcher; }

  Clock& clock_;
  std::string table = "orders";
  std::vector<tablestore::KeyColumn> primary_key = {{"pk", tablestore::KeyType::integer}};
  std::string stream_id = "orders_1";
  Instant enabled;
  bool is_on = true;
  bool is_time_series = false;
  tablestore::StreamStatus status = tablestore::StreamStatus::active;
  std::chrono::hours retention{168};
  std::vector<FakeShard> shards;                           // in order of creation
  std::vector<tablestore::TableDescription> other_tables;  // without a stream

  Duration record_time_skew{0};         // of the machines that write, against the clock
  Duration server_time_skew{0};         // of the answers
  std::size_t records_per_page = 1000;  // the server's own limit
  std::size_t shards_per_page = 3;
  bool empty_seeks = false;           // seeks by time find nothing
  std::function<Duration()> latency;  // of each request; none: answers at once
  std::function<std::optional<Error>(std::string_view operation)> fault;  // asked before each request
  std::function<bool()> empty_page;  // true: answer with no records and "may have more"
  std::function<bool()> blank_page;  // true: answer with no records and another iterator for the same place
  std::int32_t limit_asked = 0;      // of the page that is being made, or was last
  std::function<void(std::size_t bytes)> on_page;  // told of each page's size
  std::vector<std::string> calls;                  // names of the operations, in order
  int in_flight = 0;
  int in_flight_max = 0;

 private:
  void close(const std::string& id) {
    shard(id).closed = true;
    shard(id).closed_at = clock_.now();
  }

  std::string add(tablestore::Shard info) {
    if (info.shard_id.empty()) info.shard_id = fmt::format("shard-{:03}", shards.size());
    FakeShard added;
    added.info = std::move(info);
    shards.push_back(std::move(added));
    return shards.back().info.shard_id;
  }

  bool exists(const std::string& name) const {
    return std::any_of(shards.begin(), shards.end(),
                       [&](const FakeShard& s) { return s.info.shard_id == name && s.listed; });
  }

  awaitable<std::optional<Error>> call(std::string operation) {
    calls.push_back(operation);
    if (observer_ != nullptr) observer_->on_request(operation, 0);
    const InFlight counted(in_flight, in_flight_max);
    if (latency) co_await clock_.sleep_for(latency());
    std::optional<Error> error;
    if (fault) error = fault(operation);
    co_return error;
  }

  tablestore::StreamPage page_of(const FakeShard& source, std::size_t offset, std::size_t limit) {
    tablestore::StreamPage page;
    page.server_time = clock_.now() + server_time_skew;
    std::size_t end = std::min(source.log.size(), offset + std::min(limit, records_per_page));
    const bool has_records = end > offset;
    const bool is_promise = has_records && empty_page && empty_page();
    const bool is_blank = has_records && blank_page && blank_page();
    if (is_promise) page.may_more = true;
    if (is_promise || is_blank) end = offset;
    std::size_t size = 64;  // beyond what a string keeps inside itself
    for (std::size_t i = offset; i < end; ++i) size += source.log[i].bytes.size();
    page.body.reserve(size);
    for (std::size_t i = offset; i < end; ++i) page.body += source.log[i].bytes;
    page.body.append(64, '\0');
    if (on_page) on_page(page.body.size());
    std::size_t start = 0;
    for (std::size_t i = offset; i < end; ++i) {
      const std::string& bytes = source.log[i].bytes;
      page.records.push_back({source.log[i].action, std::string_view(page.body).substr(start, bytes.size())});
      start += bytes.size();
    }
    if (!source.closed || end < source.log.size())
      page.next_iterator = is_blank ? fmt::format("{}@{}.{}", source.info.shard_id, end, ++blank_pages_)
                                    : fmt::format("{}@{}", source.info.shard_id, end);
    return page;
  }

  tablestore::StreamApiObserver* observer_ = nullptr;
  int blank_pages_ = 0;
};

}  // namespace sluice::test
