#pragma once
// Decides where each shard of a stream is to begin, and which shards may be read when. Pure.

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/stream_api.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::tablestore {

// The place of a shard in the plan is the number of its object, which has four digits.
inline constexpr std::size_t kPlanShardsMax = 10'000;

// A stream as the service shows it now.
struct StreamState {
  std::string table;
  std::string id;
  Instant enabled{};
  std::chrono::hours retention{0};
  std::vector<Shard> shards;
  std::vector<KeyColumn> primary_key{};  // of the table, in key order; empty for a time series table
};

// Lays `previous` over the stream's shards:
// - without `previous` every shard begins at window.start;
// - known shards go on, in their order; ended ones are dropped once the stream no longer lists them;
// - shards unknown so far begin at their oldest record, behind the known ones, parents first, then by id.
//   Their `polled` is that of the parents, or the earliest of all: what they hold was all there at that time;
// - a known shard that is not ended and no longer listed: it has nothing more if it was read to within the
//   retention and its children are there (only a closed shard without records drops out): it is dropped.
//   Otherwise Errc::trimmed, or with OnGap::proceed it stays, and reading it shows what is lost;
// - another stream id or switch-on time: Errc::stream_changed naming the lost interval, or with
// OnGap::proceed all
//   shards begin at their oldest record with `polled` before `enabled`; restart_gap() then tells the gap.
// `now` bounds lost intervals in error texts. Other errors: corrupt (a listing that makes no sense),
// unavailable (no shards yet), invalid_argument (more than kPlanShardsMax).
Result<pipeline::Positions> plan_positions(const StreamState& stream,
                                           const std::optional<pipeline::Positions>& previous,
                                           const pipeline::Window& window, job::OnGap on_gap, Instant now);

// True if positions of `positions` mean something in `stream`.
bool is_same_stream(const StreamState& stream, const pipeline::Positions& positions);

// Where a shard that `positions` lack begins.
pipeline::ShardPosition first_position(const Shard& shard, const pipeline::Positions& positions);

// Ids of the shards of `previous` that plan_positions() drops although they were not read to a seen end.
std::vector<std::string> drained_shards(const StreamState& stream, const pipeline::Positions& previous,
                                        Instant now);

// The gap of a plan that restarts on a stream switched off and on, if it is one.
std::optional<pipeline::Gap> restart_gap(const pipeline::Positions& plan);

// What the stream lacks of a first window, the one at whose start the shards of `plan` begin: all before it
// was switched on.
std::optional<pipeline::Gap> start_gap(const pipeline::Positions& plan, const pipeline::Window& window);

// For each shard of `plan`, the places of those of its parents that are in the plan too. A parent which is
// not has expired: it counts as read.
std::vector<std::vector<std::size_t>> parents_in(const pipeline::Positions& plan,
                                                 std::span<const Shard> listing);

// Shards of `listing` that `plan` lacks and whose parents, at least one of them in `plan`, all stand at their
// end: to be read in the same window. In order of (place of the first parent, shard id).
std::vector<pipeline::ShardPosition> released_children(const pipeline::Positions& plan,
                                                       std::span<const Shard> listing);

}  // namespace sluice::tablestore
