#pragma once
// Writes the windows of a job into an object store: all of a window's objects, or none (docs/oss-writer.md).

#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/upload_context.hpp"
#include "core/pipeline/writer.hpp"

#include <memory>
#include <vector>

namespace sluice::objects {

// The world as the writer sees it. Everything outlives the writer.
struct WriterPorts {
  StoreMaker open_store;
  std::string place;  // "bucket orders", for messages
  Clock& clock;
  Executor executor;
  std::size_t part_bytes_min = 0;  // of the store, where that is more than UploadLimits says
};

// `settings` gives the rates of uploads and rows. `written` are objects the ledger counts on: their window
// has succeeded before. Errors: invalid_argument for a target that cannot work (object, encoding, delimiter).
//
// Memory of one attempt: limits.memory_bytes, and for each shard less than limits.early_part_bytes_min that
// cannot be sent alone (twice as much with one single object), one batch, and with compression one block.
Result<std::unique_ptr<pipeline::Writer>> make_writer(const WriterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings,
                                                      const UploadLimits& limits = UploadLimits(),
                                                      std::vector<pipeline::ObjectInfo> written = {});

// The most bytes that an attempt of such a writer held at once. For tests and diagnostics.
std::size_t memory_peak(const pipeline::WindowWriter& writer);

}  // namespace sluice::objects
