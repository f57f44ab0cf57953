#pragma once
// One window through the OSS writer into the fake bucket, with parts of 1000 bytes.

#include "core/base/run_all.hpp"
#include "core/objects/window_writer.hpp"
#include "core/oss/store.hpp"
#include "core/pipeline/dirty_limit.hpp"
#include "tests/support/fake_oss_transport.hpp"
#include "tests/support/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test::oss_window {

inline const std::string kPrefix = "t__20181016080000_20181016080500_";

inline job::Target target_of(job::WriteMode mode = job::WriteMode::truncate) {
  job::Target target;
  target.endpoint = "http://127.0.0.1:9001";
  target.bucket = "bucket-1";
  target.access_id = "LTAI";
  target.access_key = Secret("canary-key-7731");
  target.object = "t";
  target.write_mode = mode;
  return target;
}

inline objects::UploadLimits small_limits() {
  objects::UploadLimits limits;
  limits.part_bytes = 1000;
  limits.early_part_bytes_min = 100;
  limits.object_bytes_max = 50'000;
  limits.memory_bytes = 4000;
  limits.draft_bytes = 0;
  return limits;
}

class RecordingLog final : public pipeline::Log {
 public:
  void line(pipeline::Level, std::string_view text) noexcept override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Rows of each shard, cut into batches.
struct Shard {
  std::uint32_t index = 0;
  std::vector<std::vector<std::string>> batches;  // a text per row, columns parted by ","
  std::size_t columns = 1;
};

// A row that cannot be written.
inline const std::string kDirty = "!";

inline Shard shard_of(std::uint32_t index, std::size_t rows, std::size_t row_bytes,
                      std::size_t rows_per_batch) {
  Shard shard;
  shard.index = index;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % rows_per_batch == 0) shard.batches.emplace_back();
    std::string text = fmt::format("{}.{}.", index, row);
    text.resize(std::max(text.size(), row_bytes - 1), 'x');
    shard.batches.back().push_back(std::move(text));
  }
  return shard;
}

inline std::string content_of(const Shard& shard) {
  std::string text;
  for (const auto& batch : shard.batches) {
    for (const auto& row : batch) text += row == kDirty ? "" : row + "\n";
  }
  return text;
}

inline void append_row(const std::string& text, pipeline::RowBatch& batch) {
  pipeline::Value* const values = batch.append_row();
  std::string_view rest = text;
  for (std::size_t column = 0; column < batch.columns(); ++column) {
    pipeline::Value& value = values[column];
    value.type = pipeline::ValueType::string;
    value.text = rest.substr(0, column + 1 < batch.columns() ? rest.find(',') : std::string_view::npos);
    rest.remove_prefix(std::min(value.text.size() + 1, rest.size()));
  }
  if (text != kDirty) return;
  values[0].type = pipeline::ValueType::real;
  values[0].real = std::numeric_limits<double>::infinity();
}

struct WindowBench {
  explicit WindowBench(job::Target target_ = target_of(), objects::UploadLimits limits_ = small_limits())
      : target(std::move(target_)), limits(limits_) {
    fake.part_bytes_min = limits.early_part_bytes_min;
    window.job = "orders";
    window.start = loop.clock.now();
    window.end = window.start + std::chrono::minutes(5);
  }

  awaitable<Result<void>> feed(pipeline::WindowWriter& writer, const Shard& shard) {
    pipeline::ShardSink& sink = writer.open(shard.index);
    for (const auto& texts : shard.batches) {
      pipeline::RowBatch batch(shard.columns);
      for (const auto& text : texts) append_row(text, batch);
      const Result<void> written = co_await sink.write(batch);
      if (!written) co_return written.error();
    }
    co_return Result<void>();
  }

  // All shards at once, as a reader does it: the first failure ends the others.
  awaitable<Result<void>> feed_all(pipeline::WindowWriter& writer, const std::vector<Shard>& shards) {
    std::vector<awaitable<Result<void>>> feeds;
    for (const Shard& shard : shards) feeds.push_back(feed(writer, shard));
    co_return co_await run_all(std::move(feeds));
  }
  awaitable<void> feed_into(pipeline::WindowWriter& writer, const Shard& shard, Result<void>& first) {
    const Result<void> fed = co_await feed(writer, shard);
    if (!fed && first) first = fed.error();
  }

  Result<objects::WriterPorts> writer_ports(const job::Target& to) {
    auto open_store = oss::make_store_maker({fake, loop.clock, random}, to);
    if (!open_store) return open_store.error();
    return objects::WriterPorts{std::move(*open_store), "bucket " + to.bucket, loop.clock,
                                loop.io.get_executor(), part_bytes_min};
  }
  Result<std::unique_ptr<pipeline::Writer>> make_writer(const job::Target& to,
                                                        const objects::UploadLimits& upload_limits) {
    const auto ports = writer_ports(to);
    if (!ports) return ports.error();
    return objects::make_writer(*ports, to, settings, upload_limits, in_ledger);
  }
  std::unique_ptr<pipeline::WindowWriter> begin() {
    writers.push_back(make_writer(target, limits).value());
    return writers.back()->begin(window, statistics, log, *dirty_rows);
  }

  // prepare, write, commit; abort on an error.
  awaitable<Result<std::vector<pipeline::ObjectInfo>>> attempt(const std::vector<Shard>& shards) {
    const auto made = make_writer(target, limits);
    if (!made) co_return made.error();
    const auto writer = (*made)->begin(window, statistics, log, *dirty_rows);
    Result<void> result = co_await writer->prepare();
    if (result) result = co_await feed_all(*writer, shards);
    if (result) {
      writer->describe(facts);
      Result<std::vector<pipeline::ObjectInfo>> objects = co_await writer->commit();
      if (objects) co_return objects;
      result = objects.error();
    }
    co_await writer->abort();
    co_return result.error();
  }
  Result<std::vector<pipeline::ObjectInfo>> run(const std::vector<Shard>& shards) {
    return loop.run(attempt(shards));
  }

  Loop loop;
  FakeOssTransport fake;
  SeededRandom random{3};
  job::Target target;
  job::Settings settings;
  objects::UploadLimits limits;
  pipeline::Window window;
  pipeline::Statistics statistics;
  RecordingLog log;
  pipeline::DirtyLimit dirty{settings.error_limit, {}, statistics, log};
  pipeline::DirtyRows* dirty_rows = &dirty;
  std::vector<pipeline::ObjectInfo> in_ledger;  // what the ledger counts on
  pipeline::WindowFacts facts;
  std::size_t part_bytes_min = 0;                            // of the store
  std::vector<std::unique_ptr<pipeline::Writer>> writers{};  // of begin()
};

}  // namespace sluice::test::oss_window
