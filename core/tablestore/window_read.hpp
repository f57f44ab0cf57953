#pragma once
// Reads all shards of one window: parents before children, many at once, the ones furthest behind first. A
// shard that has nothing more to give yet makes room for others while it waits.

#include "core/base/signal.hpp"
#include "core/pipeline/reader.hpp"
#include "core/tablestore/shard_plan.hpp"
#include "core/tablestore/shard_read.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tablestore {

struct WindowRules {
  bool seek_by_time = true;
  Duration settle{};
  job::OnGap on_gap = job::OnGap::fail;
  bool stands_alone = false;  // what the stream lacks of a first window is a gap
  std::size_t shards_at_once = 32;
};

class WindowRead {
 public:
  // All references must outlive the object. `plan` belongs to `stream`.
  WindowRead(Executor executor, const WindowParts& parts, const pipeline::Window& window,
             const WindowRules& rules, const StreamState& stream, pipeline::ReadPlan plan,
             pipeline::Log& log);

  // Once. When one shard fails, all others are cancelled and have ended before this returns.
  awaitable<Result<pipeline::ReadOutcome>> run();

 private:
  enum class Phase : std::uint8_t { waiting, reading, resting, done };

  // What the parents of a waiting shard mean for it: passed, when one of them has more to give in a later
  // window.
  enum class Standing : std::uint8_t { readable, blocked, passed };

  struct ShardState {
    Phase phase = Phase::waiting;
    std::unique_ptr<ShardRead> read;          // while reading and resting
    Duration ready_at{};                      // resting: when to go on, of the monotonic clock
    std::vector<std::size_t> parents;         // places in the plan
    std::optional<pipeline::Sequence> until;  // repeating: the last record to read
  };

  Result<void> prepare();
  void prepare_repeat();
  awaitable<Result<void>> read_generation();
  awaitable<Result<bool>> add_children();
  awaitable<Result<void>> work();
  awaitable<Result<void>> read_shard(std::size_t place);
  void begin_shard(std::size_t place);
  std::optional<std::size_t> take_next();
  std::optional<std::size_t> furthest_behind();
  Standing standing_of(std::size_t place) const;
  std::optional<std::size_t> first_rested() const;
  awaitable<void> wait_for_work();
  awaitable<Result<bool>> changed();
  void finish(std::size_t place);
  void pass_over(std::size_t place);
  bool any_in(Phase phase) const;
  void link_parents(std::span<const Shard> listing);
  void move_passed_over(pipeline::Positions& end) const;
  pipeline::ReadOutcome outcome() const;
  void warn_of_column(const std::string& name) const;

  const WindowParts& parts_;
  const pipeline::Window& window_;
  const WindowRules& rules_;
  const StreamState& stream_;
  pipeline::ReadPlan plan_;
  pipeline::Log& log_;

  std::vector<Shard> listing_;      // the newest
  pipeline::Positions now_;         // starts as the plan's start, becomes the window's end
  std::vector<ShardState> states_;  // one for each shard of now_
  std::vector<pipeline::Gap> gaps_;
  std::vector<bool> column_seen_;
  bool shard_ended_ = false;  // in the present generation
  Signal changed_;
};

}  // namespace sluice::tablestore
