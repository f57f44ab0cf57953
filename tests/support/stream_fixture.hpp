#pragma once
// A stream reader on a fake stream and a virtual clock.

#include "core/tablestore/stream_reader.hpp"
#include "tests/support/collecting_writer.hpp"
#include "tests/support/fake_stream.hpp"
#include "tests/support/run.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

using Rows = std::map<std::uint32_t, std::vector<std::string>>;

// The clock stands one hour after midnight; windows are counted from midnight.
struct StreamFixture {
  static constexpr Duration kInterval = std::chrono::minutes(5);

  StreamFixture() : stream(loop.clock), writer(loop.clock) {
    loop.clock.advance(std::chrono::hours(1));
    source.table = "orders";
    source.columns = {job::Column{"pk"}, job::Column{"v"}};
  }

  pipeline::Window window(int number) const {
    return pipeline::Window{"orders", midnight + number * kInterval, midnight + (number + 1) * kInterval};
  }

  void write(const std::string& shard, std::int64_t key, Duration time,
             tablestore::Action action = tablestore::Action::put_row) {
    write_value(shard, key, time, "value", action);
  }
  void write_large(const std::string& shard, std::int64_t key, Duration time, std::size_t bytes) {
    write_value(shard, key, time, std::string(bytes, 'x'), tablestore::Action::put_row);
  }
  void write_value(const std::string& shard, std::int64_t key, Duration time, std::string value,
                   tablestore::Action action) {
    WireRecord record;
    record.key = {WireCell{"pk", key, {}, {}}};
    record.attributes = {WireCell{"v", std::move(value), 1000, {}}};
    stream.record_time_skew = midnight + time - loop.clock.now();
    stream.write(shard, record, action);
  }

  Result<pipeline::Positions> plan(int number, const std::optional<pipeline::Positions>& previous = {}) {
    tablestore::StreamReader reader(stream, loop.clock, source, limits, table_api);
    return loop.run(reader.plan(window(number), previous, log));
  }

  Result<pipeline::ReadOutcome> read(int number, const pipeline::Positions& start,
                                     std::optional<pipeline::Positions> until = {}) {
    tablestore::StreamReader reader(stream, loop.clock, source, limits, table_api);
    writer.rows.clear();
    statistics = pipeline::Statistics();
    CollectingWriter fresh(loop.clock);
    fresh.latency = writer.latency;
    fresh.fault = writer.fault;
    auto outcome = loop.run(
        reader.read(window(number), pipeline::ReadPlan{start, std::move(until)}, fresh, statistics, log));
    writer.rows = fresh.rows;
    writer.batches = fresh.batches;
    if (stream.in_flight != 0) throw std::logic_error("a request outlives the read");
    return outcome;
  }

  Loop loop;
  const Instant midnight = loop.clock.now();
  FakeStream stream;
  CollectingWriter writer;
  CollectingLog log;
  pipeline::Statistics statistics;
  job::TableStoreSource source;
  tablestore::StreamReaderLimits limits;
  tablestore::TableApi* table_api = nullptr;
};

}  // namespace sluice::test
