#pragma once
// What all that sends objects shares within one attempt.

#include "core/base/rate_limiter.hpp"
#include "core/base/task_group.hpp"
#include "core/format/compressor.hpp"
#include "core/format/row_encoder.hpp"
#include "core/objects/object_names.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/partition_text.hpp"
#include "core/objects/upload_memory.hpp"
#include "core/objects/window_mark.hpp"
#include "core/pipeline/writer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::objects {

// Sizes in bytes. OSS takes at most 10,000 parts of an object and refuses parts under 100 KiB, but for the
// last.
struct UploadLimits {
  std::size_t part_bytes = 1024 * 1024;
  std::size_t early_part_bytes_min = 100 * 1024;  // parts sent before they are full, when memory is short
  std::size_t early_parts_max = 1900;             // of one object; with the full ones always below 10,000
  std::uint64_t object_bytes_max = 8000ULL * 1024 * 1024;  // then a further object begins, at a row's end
  std::size_t memory_bytes = 24 * 1024 * 1024;             // over all shards
  std::size_t parts_at_once = 4;                           // of one object on their way
  std::size_t requests_at_once = 8;                        // of one attempt
  std::size_t partitions_max = 1000;                       // values of `partition` in one shard
  std::size_t draft_bytes = 1024;                          // what the object of each takes beside its bytes
};

// Everything outlives those who use it.
struct UploadContext {
  ObjectStore& store;
  RateLimiter& bytes_rate;
  RateLimiter& rows_rate;
  TaskGroup& tasks;
  UploadMemory& memory;
  const format::RowEncoder& encoder;
  format::Compressor* compressor;  // null: objects are not compressed
  const ObjectNames& names;
  const PartitionTexts& partitions;
  const WindowMark& mark;
  pipeline::Statistics& statistics;
  pipeline::DirtyRows& dirty;
  const UploadLimits& limits;
  const job::Target& target;
  ObjectTraits traits;                 // of the window's objects
  std::function<void()> relieve;       // sends what can be sent early, of whatever shard
  std::size_t shards = 0;              // with objects of their own
  std::uint64_t dirty_rows = 0;        // left out by this attempt
  std::vector<std::string> touched{};  // names that were, perhaps, written
  std::optional<Error> failure{};      // the first: the attempt is lost

  // What every object has in front of its rows: the mark of its encoding and the header line, as far as there
  // are any.
  void begin_object(format::ByteBuffer& out) const {
    out.append(encoder.object_prefix());
    if (!target.header.empty()) encoder.append_header(target.header, out);
  }
  void fail(const Error& error) {
    if (!failure) failure = error;
  }
  bool may_send() const noexcept { return memory.requests() < limits.requests_at_once; }
};

}  // namespace sluice::objects
