#include "core/tablestore/table_reader.hpp"

#include "core/tablestore/traffic.hpp"

namespace sluice::tablestore {

TableReader::TableReader(StreamApi& streams, TableApi& tables, Clock& clock, job::TableStoreSource source,
                         Instant not_before, TableScanLimits limits)
    : streams_(streams),
      tables_(tables),
      clock_(clock),
      source_(std::move(source)),
      not_before_(not_before),
      limits_(limits) {}

// Finds out early what would stop the read.
awaitable<Result<pipeline::Positions>> TableReader::plan(const pipeline::Window&,
                                                         const std::optional<pipeline::Positions>&,
                                                         pipeline::Log& log) {
  const Traffic traffic(streams_, nullptr, log);
  TableScan scan(streams_, tables_, clock_, source_, limits_);
  const auto range = co_await scan.survey();
  if (range.has_error()) co_return range.error();
  co_return pipeline::Positions();
}

awaitable<Result<pipeline::ReadOutcome>> TableReader::read(const pipeline::Window&, const pipeline::ReadPlan&,
                                                           pipeline::WindowWriter& writer,
                                                           pipeline::Statistics& statistics,
                                                           pipeline::Log& log) {
  TableScan scan(streams_, tables_, clock_, source_, limits_);
  const auto done = co_await scan.run(not_before_, writer, statistics, log);
  if (done.has_error()) co_return done.error();
  co_return pipeline::ReadOutcome();
}

}  // namespace sluice::tablestore
