#pragma once
// Prints the rows of windows instead of keeping them (plugin `stream`): to look at the data.

#include "core/base/clock.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/writer.hpp"
#include "core/stream/row_output.hpp"

#include <memory>

namespace sluice::stream {

// All outlive the writer.
struct PrinterPorts {
  Clock& clock;
  RowOutput& output;
};

// Rows appear at once and cannot be taken back: of an attempt that fails some may have been printed. Batches
// of shards that are read side by side alternate; within a shard rows are in order. There are no objects, so
// commit() gives none. `settings` gives the rates of bytes and rows. invalid_argument: as make_encoder().
Result<std::unique_ptr<pipeline::Writer>> make_writer(const PrinterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings);

}  // namespace sluice::stream
