// The data path on one core: PlainBuffer record -> row -> CSV, and the checksum of what is uploaded.
// The counters are per second of CPU time; "records" have a key cell and the named number of attribute cells.

#include "core/base/crc64.hpp"
#include "core/format/csv.hpp"
#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/record_mapper.hpp"
#include "tests/support/record_writer.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace sluice;

constexpr std::int64_t kTime = 1'539'648'000'000'000;  // 2018-10-16, microseconds

// Cells of mixed types, as in an ordinary table: text, integers, doubles, booleans.
test::WireRecord sample(std::int64_t number, std::int64_t cells) {
  test::WireRecord record;
  record.key.push_back({"uid", "user-" + std::to_string(number), std::nullopt, std::nullopt});
  for (std::int64_t i = 0; i < cells; ++i) {
    test::WireValue value = std::string("some text, of 24 bytes..");
    if (i % 4 == 1) value = number * 1000 + i;
    if (i % 4 == 2) value = static_cast<double>(number) + 0.25;
    if (i % 4 == 3) value = i % 8 == 3;
    record.attributes.push_back({"column_" + std::to_string(i), value, kTime / 1000, std::nullopt});
  }
  record.sequence = pipeline::Sequence{0, kTime + number, 0};
  return record;
}

struct Input {
  explicit Input(std::int64_t cells) {
    columns.push_back("uid");
    for (std::int64_t i = 0; i < cells; ++i) columns.push_back("column_" + std::to_string(i));
    for (std::int64_t i = 0; i < 1000; ++i) {
      records.push_back(test::write_record(sample(i, cells)));
      bytes += records.back().size();
    }
  }
  std::vector<std::string> columns;
  std::vector<std::string> records;
  std::size_t bytes = 0;
};

void count(benchmark::State& state, const Input& input) {
  const auto rounds = state.iterations();
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(input.records.size()));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(input.bytes));
}

void decode(benchmark::State& state) {
  const Input input(state.range(0));
  tablestore::DecodedRecord record;
  for (auto _ : state) {
    for (const std::string& bytes : input.records) {
      if (tablestore::decode_record(bytes, record).has_error()) state.SkipWithError("decode");
    }
    benchmark::DoNotOptimize(record.cells.data());
  }
  count(state, input);
}

void decode_to_csv(benchmark::State& state) {
  const Input input(state.range(0));
  tablestore::RowLayout layout;
  for (const std::string& name : input.columns) layout.columns.push_back({name});
  const auto mapper = tablestore::make_mapper(layout, "shard");
  const format::CsvEncoder encoder{format::CsvForm()};
  pipeline::RowBatch batch(mapper->width());
  tablestore::DecodedRecord record;
  format::ByteBuffer out;
  for (auto _ : state) {
    batch.clear();
    out.truncate(0);
    for (const std::string& bytes : input.records) {
      if (tablestore::decode_record(bytes, record).has_error()) state.SkipWithError("decode");
      const auto mapped = mapper->append(tablestore::Action::put_row, record, batch);
      if (mapped.has_error()) state.SkipWithError("map");
    }
    if (!encoder.append(batch, 0, batch.rows(), out).problem.empty()) state.SkipWithError("encode");
    benchmark::DoNotOptimize(out.data());
  }
  count(state, input);
}

void checksum(benchmark::State& state) {
  const std::string bytes(1U << 20U, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(crc64(0, bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK(decode)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(decode_to_csv)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(checksum);

}  // namespace
