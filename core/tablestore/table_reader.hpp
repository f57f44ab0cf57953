#pragma once
// A table as it is now, as a pipeline::Reader: plugin ots, and what fullTableFirst loads.

#include "core/job/job.hpp"
#include "core/pipeline/reader.hpp"
#include "core/tablestore/table_scan.hpp"

namespace sluice::tablestore {

// A table has no past: every read, also of a committed window, exports it as it is then. Positions are empty.
class TableReader final : public pipeline::Reader {
 public:
  // All references must outlive the reader. `streams` and `tables` are two sides of one client. A read begins
  // when the server's clock shows `not_before`.
  TableReader(StreamApi& streams, TableApi& tables, Clock& clock, job::TableStoreSource source,
              Instant not_before = Instant{}, TableScanLimits limits = {});

  awaitable<Result<pipeline::Positions>> plan(const pipeline::Window& window,
                                              const std::optional<pipeline::Positions>& previous,
                                              pipeline::Log& log) override;

  awaitable<Result<pipeline::ReadOutcome>> read(const pipeline::Window& window,
                                                const pipeline::ReadPlan& plan,
                                                pipeline::WindowWriter& writer,
                                                pipeline::Statistics& statistics,
                                                pipeline::Log& log) override;

 private:
  StreamApi& streams_;
  TableApi& tables_;
  Clock& clock_;
  job::TableStoreSource source_;
  Instant not_before_;
  TableScanLimits limits_;
};

}  // namespace sluice::tablestore
