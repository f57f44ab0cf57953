#pragma once
// The port to where windows go. Implemented by core/objects and core/stream.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/pipeline/dirty.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/row.hpp"
#include "core/pipeline/window.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::pipeline {

// Takes the rows of one shard, in order.
class ShardSink {
 public:
  virtual ~ShardSink() = default;

  // Encodes the batch before it first suspends or returns: the batch's views may die right after.
  // Waits when too much is in memory. Errors are final: the window is lost and abort() follows.
  virtual awaitable<Result<void>> write(const RowBatch& rows) = 0;
};

// What a window was made of, for those who check its objects.
struct WindowFacts {
  std::string definition;     // job::Job::version
  std::uint64_t records = 0;  // of the stream, in the window
  Positions start;
  Positions end;
};

// One attempt at one window. Calls: prepare, open + write..., describe, then commit or abort, each once;
// abort may also follow a commit. Nothing is visible to readers of the target before commit().
class WindowWriter {
 public:
  virtual ~WindowWriter() = default;

  // Checks the target (bucket exists, nonConflict) and removes what an interrupted attempt left behind.
  virtual awaitable<Result<void>> prepare() = 0;

  // The sink of the shard with this place in the plan (0-based, below 10,000). Opened at most once each.
  // Owned by the writer.
  virtual ShardSink& open(std::uint32_t index) = 0;

  // Told before commit() by those who know; a manifest shows it.
  virtual void describe(const WindowFacts& /*facts*/) {}

  // Completes all objects; the result is in order of index. On error some may be visible; abort() removes
  // them.
  virtual awaitable<Result<std::vector<ObjectInfo>>> commit() = 0;

  // Takes everything of this attempt back: open uploads, completed objects, also those of a commit. Tries
  // all, logs what it could not do. After has_replaced() complete objects stay.
  virtual awaitable<void> abort() = 0;

  // True once commit() has begun to delete what its objects stand for, all of which are complete by then:
  // the same rows may be nowhere else.
  virtual bool has_replaced() const noexcept { return false; }

  // After abort(): true if objects of this attempt are still there, or may be.
  virtual bool left_behind() const noexcept { return false; }
};

class Writer {
 public:
  virtual ~Writer() = default;

  // `statistics`, `log` and `dirty` outlive the WindowWriter.
  virtual std::unique_ptr<WindowWriter> begin(const Window& window, Statistics& statistics, Log& log,
                                              DirtyRows& dirty) = 0;

  // The name the object of shard `index` gets in this window.
  virtual std::string object_name(const Window& window, std::uint32_t index) const = 0;
};

}  // namespace sluice::pipeline
