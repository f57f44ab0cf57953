#pragma once
// One object for all shards (writeSingleObject): shard after shard, in order of index.

#include "core/objects/shard_writer.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::objects {

// Shards are read side by side but stand one behind the other in the object, so rows wait in memory for the
// commit. When too much waits, the shard with most of it goes over to sending parts, as many as it likes;
// what precedes and follows it keeps waiting. If the others alone outgrow limits.memory_bytes the window
// fails (refused_by_state).
class SingleObject {
 public:
  explicit SingleObject(UploadContext& context);
  ~SingleObject();
  SingleObject(const SingleObject&) = delete;
  SingleObject& operator=(const SingleObject&) = delete;

  pipeline::ShardSink& open(std::uint32_t index);

  // Makes the object visible. `touched` gets its name before it is asked for.
  awaitable<Result<void>> publish(std::vector<pipeline::ObjectInfo>& objects,
                                  std::vector<std::string>& touched);

 private:
  class Sink;
  struct Sent {
    std::vector<Part> parts;
    std::uint64_t bytes = 0;
    std::uint64_t crc64 = 0;
  };

  awaitable<Result<void>> hold_or_send(Sink& sink);
  void choose_streamer();
  awaitable<Result<void>> stream();
  awaitable<Result<void>> send(std::string_view bytes, int number, Sent& sent);
  awaitable<Result<void>> put_whole(std::string_view body);
  awaitable<Result<void>> complete(std::string_view before, std::string_view after);
  Error refusal() const;

  UploadContext& context_;
  std::map<std::uint32_t, std::unique_ptr<Sink>> sinks_;
  Sink* streamer_ = nullptr;
  format::ByteBuffer
      head_;  // the streamer's first bytes: with what precedes it they are never too few for a part
  std::string upload_id_;
  Sent streamed_;
  Sent whole_;
};

}  // namespace sluice::objects
