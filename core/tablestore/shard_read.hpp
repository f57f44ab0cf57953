#pragma once
// Reads one shard inside one window: carries out what ShardWalk decides, and hands the rows to the shard's
// sink.

#include "core/base/byte_budget.hpp"
#include "core/base/clock.hpp"
#include "core/pipeline/writer.hpp"
#include "core/tablestore/record_mapper.hpp"
#include "core/tablestore/shard_walk.hpp"
#include "core/tablestore/stream_api.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tablestore {

// How many records to ask for, so that a page holds about `bytes`. Learns from the pages seen.
class PageSizer {
 public:
  explicit PageSizer(std::size_t bytes) : bytes_(bytes) {}
  std::int32_t limit() const;
  void learn(std::size_t page_bytes, std::size_t records);
  // A page without records that has more behind it: those of other tables may count in its limit. It doubles
  // until a page has records.
  void pass_over() noexcept;

  // Memory to be granted to a page before it is asked for, and for one that came.
  std::size_t expected() const noexcept;
  std::size_t held(std::size_t page_bytes) const noexcept { return std::max(bytes_, page_bytes); }

 private:
  std::size_t bytes_;
  double record_bytes_ = 0;                      // moving mean; 0: nothing seen yet
  double passed_over_ = 1;                       // times the limit that is meant for our records
  std::size_t unknown_bytes_ = 4 * 1024 * 1024;  // of a page until then: the service sends no more
};

// What the shards of one window share. All of it outlives them.
struct WindowParts {
  StreamApi& api;
  Clock& clock;
  ByteBudget& budget;  // of received pages
  PageSizer& sizer;
  pipeline::WindowWriter& writer;
  pipeline::Statistics& statistics;
  const std::string& stream;
  const RowLayout& layout;
  std::size_t batch_rows;
};

class ShardRead {
 public:
  // `index`: the shard's place in the plan.
  ShardRead(const WindowParts& parts, WalkPlan plan, std::uint32_t index);

  // Reads on until the window is closed for this shard: 0, or until nothing more can be had for a while: how
  // long to wait before the next call. Holds next to no memory then. On error the rows handed over so far are
  // worthless.
  awaitable<Result<Duration>> advance();

  const ShardWalk& walk() const noexcept { return walk_; }
  std::uint64_t rows() const noexcept { return rows_; }
  // Of layout.columns, by place.
  bool seen(std::size_t column) const { return mapper_->seen(column); }

 private:
  // A page with the memory it was granted.
  struct Page {
    ByteBudget::Grant grant;
    StreamPage content;
  };

  awaitable<Result<void>> step(WalkStep step);
  awaitable<Result<void>> seek(std::optional<Instant> time);
  awaitable<Result<void>> probe();
  awaitable<Result<void>> read();
  awaitable<Result<StreamPage>> fetch(std::string iterator, ByteBudget::Grant& grant);
  void drop_ahead();
  awaitable<Result<void>> convert(const StreamPage& page);
  awaitable<Result<void>> convert_and_fetch(const StreamPage& page);
  awaitable<Result<void>> flush();
  Result<std::optional<pipeline::Sequence>> place_of(const StreamPage& page, std::size_t index);
  Result<void> take(const StreamRecord& record, bool& stop);
  void count(const WalkCounts& before);

  const WindowParts& parts_;
  std::uint32_t index_;
  ShardWalk walk_;
  bool passes_over_ = false;  // the search for the oldest record: others stand before it
  std::unique_ptr<RecordMapper> mapper_;
  pipeline::RowBatch batch_;
  DecodedRecord record_;
  pipeline::ShardSink* sink_ = nullptr;  // opened with the first row
  std::uint64_t rows_ = 0;

  // The answer to the request that was made while the page before was converted.
  std::optional<Result<StreamPage>> ahead_;
  std::string ahead_iterator_;
  ByteBudget::Grant ahead_grant_;
};

}  // namespace sluice::tablestore
