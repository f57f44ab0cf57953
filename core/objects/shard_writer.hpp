#pragma once
// The objects of one shard: rows become bytes, bytes become parts, parts wait for the commit.

#include "core/base/rate_limiter.hpp"
#include "core/base/task_group.hpp"
#include "core/format/row_encoder.hpp"
#include "core/objects/object_names.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/upload_memory.hpp"
#include "core/pipeline/writer.hpp"

#include <deque>
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
};

// What the shards of one attempt share. Everything outlives them.
struct UploadContext {
  ObjectStore& store;
  RateLimiter& limiter;
  TaskGroup& tasks;
  UploadMemory& memory;
  const format::RowEncoder& encoder;
  const ObjectNames& names;
  pipeline::Statistics& statistics;
  pipeline::DirtyRows& dirty;
  const UploadLimits& limits;
  std::vector<std::string> header;
  ObjectTraits traits;
  std::function<void()> relieve;  // sends what can be sent early, of whatever shard
};

// At most one request on its way; the next part fills meanwhile. An object that never fills a part is put
// whole at the commit.
class ShardWriter final : public pipeline::ShardSink {
 public:
  ShardWriter(UploadContext& context, std::uint32_t index) : context_(context), index_(index) {}

  awaitable<Result<void>> write(const pipeline::RowBatch& rows) override;

  // True while there is no object, that is: no rows.
  bool empty() const noexcept { return drafts_.empty(); }

  // Begins the first object, with the header line only.
  void begin_object();

  // Bytes that send_early() would send; 0 if it may not.
  std::size_t early_bytes() const;
  void send_early();

  // First half of the commit: sends the rest of all objects that are more than one part.
  awaitable<Result<void>> finish();

  // Second half: makes the objects visible, in order. `touched` gets each name before it is asked for.
  awaitable<Result<void>> publish(std::vector<pipeline::ObjectInfo>& objects,
                                  std::vector<std::string>& touched);

 private:
  struct Draft {
    std::string name;
    format::ByteBuffer tail;  // encoded, not on its way yet
    std::string upload_id;    // empty: no part was sent so far
    std::vector<Part> parts;
    std::uint64_t bytes = 0;  // encoded in all
    std::uint64_t rows = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t crc64 = 0;  // of the bytes sent
    std::size_t early_parts = 0;
    bool closed = false;  // full: a further object took over
  };
  class Flight;

  Result<void> encode(const pipeline::RowBatch& rows);
  Result<void> encode_by_row(const pipeline::RowBatch& rows, std::size_t first);
  Result<void> drop(const pipeline::RowBatch& rows, std::size_t row, const format::Encoded& encoded);
  void count(Draft& draft, std::size_t bytes, std::size_t rows);
  bool start_due();
  void start(Draft& draft, std::size_t size);
  awaitable<Result<void>> send_due();
  awaitable<void> fly(Draft& draft, format::ByteBuffer bytes);
  awaitable<Result<void>> send_parts(Draft& draft, std::string_view bytes);
  awaitable<Result<void>> put_whole(Draft& draft);

  UploadContext& context_;
  std::uint32_t index_;
  std::deque<Draft> drafts_;     // a deque: tasks keep references while it grows
  std::uint64_t rows_seen_ = 0;  // before the batch at hand
  bool flying_ = false;
  std::optional<Error> failure_;
};

}  // namespace sluice::objects
