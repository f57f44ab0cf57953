#pragma once
// The change stream of one table as a pipeline::Reader.

#include "core/job/job.hpp"
#include "core/pipeline/reader.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_api.hpp"
#include "core/tablestore/window_read.hpp"

#include <string>
#include <vector>

namespace sluice::tablestore {

struct StreamReaderLimits {
  std::size_t shards_at_once = 32;
  std::size_t pages_bytes = 8 * 1024 * 1024;  // of received pages, all shards together
  std::size_t page_bytes = 256 * 1024;        // what one page is to hold
  std::size_t batch_rows = 512;
};

// Calls of plan() and read() must not overlap. Objects get their rows with the first one: a shard without
// rows opens no sink.
class StreamReader final : public pipeline::Reader {
 public:
  // `api`, `clock` and `tables` must outlive the reader. `tables` (for the status table) may be null where
  // nothing is taken over.
  StreamReader(StreamApi& api, Clock& clock, const job::TableStoreSource& source,
               StreamReaderLimits limits = {}, TableApi* tables = nullptr);

  awaitable<Result<pipeline::Positions>> plan(const pipeline::Window& window,
                                              const std::optional<pipeline::Positions>& previous,
                                              pipeline::Log& log) override;

  awaitable<Result<pipeline::ReadOutcome>> read(const pipeline::Window& window,
                                                const pipeline::ReadPlan& plan,
                                                pipeline::WindowWriter& writer,
                                                pipeline::Statistics& statistics,
                                                pipeline::Log& log) override;

 private:
  Result<void> check_source() const;
  awaitable<Result<StreamState>> survey();
  Result<void> check_key() const;
  Result<void> check_start(const StreamState& stream, const pipeline::Window& window,
                           pipeline::Log& log) const;
  void tell_retention(const pipeline::Positions& plan, Instant now, pipeline::Log& log) const;
  Result<pipeline::ReadPlan> fit(const pipeline::ReadPlan& plan, const StreamState& stream,
                                 const pipeline::Window& window) const;

  StreamApi& api_;
  Clock& clock_;
  TableApi* tables_;
  std::string status_table_;
  job::TakeOver take_over_;
  std::string table_;
  RowLayout layout_;
  Duration retention_warning_;  // 0: half of the retention
  WindowRules rules_;
  StreamReaderLimits limits_;
};

}  // namespace sluice::tablestore
