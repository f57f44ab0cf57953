// The encoders on one core. Bytes are those that come out, but for compression, where they are the plain ones
// that go in; rows have 8 cells.

#include "core/format/compressor.hpp"
#include "core/format/copy_and_look.hpp"
#include "core/format/make_encoder.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using pipeline::Value;
using pipeline::ValueType;

constexpr std::size_t kRows = 1000;
constexpr std::size_t kCells = 8;

enum class Content { mixed, plain, quoted, chinese, dates };

constexpr std::string_view kPlain = "some text, of 24 bytes..";
constexpr std::string_view kQuoted = "say \"hello\", and\nanother line";
constexpr std::string_view kChinese =
    "\xe6\x9d\xad\xe5\xb7\x9e\xe5\xb8\x82\xe8\xa5\xbf\xe6\xb9\x96\xe5\x8c\xba 12 \xe5\x8f\xb7";

Value cell_of(Content content, std::size_t row, std::size_t column) {
  Value value;
  value.type = ValueType::string;
  value.text = content == Content::quoted ? kQuoted : content == Content::chinese ? kChinese : kPlain;
  if (content == Content::plain) value.text.remove_prefix(11);  // without the comma
  if (content == Content::dates) {
    value.type = ValueType::date;
    value.integer = 1'539'648'000'000 + static_cast<std::int64_t>(row * kCells + column);
  }
  if (content != Content::mixed || column % 4 == 0) return value;
  value.text = {};
  if (column % 4 == 1) {
    value.type = ValueType::integer;
    value.integer = static_cast<std::int64_t>(row * 1000 + column);
  } else if (column % 4 == 2) {
    value.type = ValueType::real;
    value.real = static_cast<double>(row) + 0.25;
  } else {
    value.type = ValueType::boolean;
    value.boolean = column == 3;
  }
  return value;
}

pipeline::RowBatch rows_of(Content content) {
  pipeline::RowBatch batch(kCells);
  for (std::size_t row = 0; row < kRows; ++row) {
    Value* const values = batch.append_row();
    for (std::size_t column = 0; column < kCells; ++column) values[column] = cell_of(content, row, column);
  }
  return batch;
}

std::unique_ptr<format::RowEncoder> encoder_of(job::FileFormat file_format, const char* encoding) {
  job::Target target;
  target.file_format = file_format;
  target.encoding = encoding;
  for (std::size_t i = 0; i < kCells; ++i) target.columns.push_back("column_" + std::to_string(i));
  auto made = format::make_encoder(target);
  if (!made) throw std::runtime_error(made.error().message());
  return std::move(*made);
}

void encode(benchmark::State& state, job::FileFormat file_format, const char* encoding, Content content) {
  const pipeline::RowBatch batch = rows_of(content);
  const auto encoder = encoder_of(file_format, encoding);
  format::ByteBuffer out;
  for (auto _ : state) {
    out.truncate(0);
    if (!encoder->append(batch, 0, batch.rows(), out).problem.empty()) state.SkipWithError("encode");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

BENCHMARK_CAPTURE(encode, csv_mixed, job::FileFormat::csv, "UTF-8", Content::mixed);
BENCHMARK_CAPTURE(encode, csv_plain, job::FileFormat::csv, "UTF-8", Content::plain);
BENCHMARK_CAPTURE(encode, csv_quoted, job::FileFormat::csv, "UTF-8", Content::quoted);
BENCHMARK_CAPTURE(encode, csv_dates, job::FileFormat::csv, "UTF-8", Content::dates);
BENCHMARK_CAPTURE(encode, csv_chinese, job::FileFormat::csv, "UTF-8", Content::chinese);
BENCHMARK_CAPTURE(encode, csv_chinese_gbk, job::FileFormat::csv, "GBK", Content::chinese);
BENCHMARK_CAPTURE(encode, csv_plain_gbk, job::FileFormat::csv, "GBK", Content::plain);
BENCHMARK_CAPTURE(encode, csv_chinese_utf16, job::FileFormat::csv, "UTF-16", Content::chinese);
BENCHMARK_CAPTURE(encode, jsonl_mixed, job::FileFormat::jsonl, "UTF-8", Content::mixed);
BENCHMARK_CAPTURE(encode, jsonl_plain, job::FileFormat::jsonl, "UTF-8", Content::plain);
BENCHMARK_CAPTURE(encode, jsonl_quoted, job::FileFormat::jsonl, "UTF-8", Content::quoted);
BENCHMARK_CAPTURE(encode, jsonl_chinese, job::FileFormat::jsonl, "UTF-8", Content::chinese);

// The pass over one field, by each of the ways that this processor has: range(0) is the way, range(1) the
// bytes.
void copy_and_look(benchmark::State& state) {
  format::CopyAndLookChoice choices[3];
  const std::size_t count = format::copy_and_look_choices(choices);
  const auto choice = static_cast<std::size_t>(state.range(0));
  if (choice >= count) return state.SkipWithError("not on this processor");
  const std::string from(static_cast<std::size_t>(state.range(1)), 'x');
  std::string to = from;
  const format::Marks marks(',', '"', '"');
  for (auto _ : state) {
    benchmark::DoNotOptimize(choices[choice].function(from.data(), from.size(), to.data(), marks));
    benchmark::ClobberMemory();
  }
  state.SetLabel(choices[choice].name);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(from.size()));
}
BENCHMARK(copy_and_look)->ArgsProduct({{0, 1, 2}, {6, 24, 100, 1000}});

// Plain bytes of an ordinary table.
std::string typical_csv(std::size_t bytes) {
  std::string text;
  std::uint64_t random = 88172645463325252U;
  const auto next = [&](std::uint64_t below) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random % below;
  };
  constexpr std::string_view kStates[] = {"paid", "open", "shipped", "returned"};
  for (std::uint64_t row = 0; text.size() < bytes; ++row) {
    text += "order-" + std::to_string(1'000'000 + row) + ",user-" + std::to_string(next(50'000)) + ',';
    text +=
        std::string(kStates[next(4)]) + ',' + std::to_string(next(100'000)) + '.' + std::to_string(next(100));
    text += ",2018-10-16 " + std::to_string(10 + next(14)) + ':' + std::to_string(10 + next(50)) + ":00,";
    text += next(2) == 0 ? "true," : "false,";
    for (int i = 0; i < 8; ++i) text += static_cast<char>('a' + next(26));
    text += ",null\n";
  }
  text.resize(bytes);
  return text;
}

void compress(benchmark::State& state, job::Compression compression) {
  const std::string plain = typical_csv(16 * format::kBlockBytes);
  const auto compressor = format::make_compressor(compression);
  format::ByteBuffer out;
  for (auto _ : state) {
    out.truncate(0);
    for (std::size_t at = 0; at < plain.size(); at += format::kBlockBytes)
      compressor->append_frame(std::string_view(plain).substr(at, format::kBlockBytes), out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
  state.counters["ratio"] = static_cast<double>(plain.size()) / static_cast<double>(out.size());
}
BENCHMARK_CAPTURE(compress, gzip, job::Compression::gzip);
BENCHMARK_CAPTURE(compress, zstd, job::Compression::zstd);

}  // namespace
