#pragma once
// Writes the windows of a job into an object store: all of a window's objects, or none (docs/oss-writer.md).

#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/shard_writer.hpp"
#include "core/pipeline/writer.hpp"

#include <memory>

namespace sluice::objects {

// The world as the writer sees it. Everything outlives the writer.
struct WriterPorts {
  StoreMaker open_store;
  std::string place;  // "bucket orders", for messages
  Clock& clock;
  Executor executor;
};

// Memory of one attempt: limits.memory_bytes, and for each shard less than limits.early_part_bytes_min that
// cannot be sent alone, and one batch. `settings` gives the rate of uploads. Errors: invalid_argument for a
// target that cannot work (object, encoding, delimiter).
Result<std::unique_ptr<pipeline::Writer>> make_writer(const WriterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings,
                                                      const UploadLimits& limits = UploadLimits());

// The most bytes that an attempt of such a writer held at once. For tests and diagnostics.
std::size_t memory_peak(const pipeline::WindowWriter& writer);

}  // namespace sluice::objects
