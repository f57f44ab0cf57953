#pragma once
// One object for all shards (writeSingleObject): shard after shard, in order of index.

#include "core/objects/object_bytes.hpp"
#include "core/objects/object_upload.hpp"
#include "core/objects/part_numbers.hpp"
#include "core/objects/upload_context.hpp"

#include <map>
#include <memory>
#include <optional>

namespace sluice::objects {

// Shards are read side by side but stand one behind the other in the object. What they give waits in memory;
// when too much does, the shard with most of it begins to send parts, each shard in its own run of part
// numbers. It keeps its first bytes back: with what precedes it they are never too few for a part. All that
// was kept back is joined at the commit.
class SingleObject {
 public:
  explicit SingleObject(UploadContext& context);
  ~SingleObject();
  SingleObject(const SingleObject&) = delete;
  SingleObject& operator=(const SingleObject&) = delete;

  pipeline::ShardSink& open(std::uint32_t index);

  // Makes the object visible; nothing where there are no rows and no object is wanted then.
  awaitable<Result<std::optional<pipeline::ObjectInfo>>> publish();

 private:
  class Sink;

  awaitable<Result<void>> hold_or_send(Sink& sink);
  std::size_t wanted_bytes(const Sink& sink) const;
  std::size_t sendable_bytes(const Sink& sink) const;
  bool start_part(Sink& sink, std::size_t size);
  bool begin_run(Sink& sink);
  void relieve(std::size_t bytes_left);
  format::ByteBuffer header() const;
  awaitable<Result<format::ByteBuffer>> join();
  awaitable<Result<void>> send_joined(format::ByteBuffer joined, PartNumbers::Free numbers);
  Error refusal() const;

  UploadContext& context_;
  std::map<std::uint32_t, std::unique_ptr<Sink>> sinks_;
  ObjectUpload upload_;
  PartNumbers numbers_;
  bool out_of_numbers_ = false;
};

}  // namespace sluice::objects
