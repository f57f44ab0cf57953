#include "scheduler/rebuild.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace sluice::scheduler {
namespace {

using objects::Manifest;
using objects::ManifestPosition;
using objects::ManifestShard;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;

// What the stream is about to lose is not counted upon: an export of it may come too late.
constexpr Duration kKeptMargin = std::chrono::hours(1);

enum class Side { start, end };

// `left_at`: where the window before it ended, which need not be where this one starts.
ShardPosition position_of(const ManifestShard& shard, Side side, const pipeline::Window& window,
                          std::optional<Instant> left_at) {
  const ManifestPosition& said = side == Side::start ? shard.start : shard.end;
  ShardPosition position;
  position.shard = shard.shard;
  position.kind = said.kind;
  position.time = said.time;
  position.last = said.last;
  if (said.kind == Kind::at_time) return position;
  position.polled = side == Side::start ? window.start : window.end;
  // No record was met in it so far: it is read on by time, from where its chain began or from a window
  // earlier, so that what came late is not left out.
  if (said.kind == Kind::iterator && !said.last) {
    const bool began_here = side == Side::end && shard.start.kind == Kind::at_time;
    const Instant read_before = std::min(window.start, left_at.value_or(window.start));
    position.polled = began_here ? shard.start.time : read_before - (window.end - window.start);
  }
  return position;
}

// A stream that was switched on later is another one than was read then.
void name_stream(pipeline::Positions& positions, const StreamToday& stream, Instant window_end) {
  const bool same = stream.enabled <= window_end;
  positions.stream = same ? stream.id : std::string(kUnknownStream);
  if (same) positions.enabled = stream.enabled;
  if (stream.retention <= pipeline::kRetentionMax) positions.retention = stream.retention;
}

pipeline::Positions positions_of(const Manifest& manifest, Side side,
                                 const std::optional<StreamToday>& stream, std::optional<Instant> left_at) {
  pipeline::Positions positions;
  if (!stream) return positions;
  for (const ManifestShard& shard : manifest.shards)
    positions.shards.push_back(position_of(shard, side, manifest.window, left_at));
  name_stream(positions, *stream, manifest.window.end);
  return positions;
}

// Where a window left its shards, by shard.
struct Left {
  std::map<std::string, ManifestPosition, std::less<>> shards;
  Instant window_end{};
};

Left left_by(const Manifest& manifest) {
  Left left;
  left.window_end = manifest.window.end;
  for (const ManifestShard& shard : manifest.shards) left.shards.emplace(shard.shard, shard.end);
  return left;
}

Left left_by(const CommittedEnd& committed) {
  Left left;
  left.window_end = committed.window_end;
  for (const ManifestShard& shard : objects::shards_between({}, committed.positions))
    left.shards.emplace(shard.shard, shard.end);
  return left;
}

// Why `next` does not go on from `left`; empty if it does.
std::string not_behind(const Left& left, const Manifest& next, const std::set<std::string>& listed) {
  std::set<std::string_view> named;
  for (const ManifestShard& shard : next.shards) {
    named.insert(shard.shard);
    const auto before = left.shards.find(shard.shard);
    const bool is_new = before == left.shards.end();
    const bool goes_on =
        is_new ? shard.start.kind == Kind::oldest && !shard.start.last : shard.start == before->second;
    if (goes_on) continue;
    return fmt::format("shard {} is not taken up where the window before it was left", shard.shard);
  }
  for (const auto& [shard, position] : left.shards) {
    // One that was read to its end, or has expired, is named no longer.
    if (named.contains(shard) || position.kind == Kind::ended || !listed.contains(shard)) continue;
    return fmt::format("shard {} is not named, but the window before it left it unfinished", shard);
  }
  return "";
}

// Shards are of one stream: one that was switched off and on has others.
bool is_restarted(const Manifest& manifest, const std::optional<StreamToday>& stream,
                  const std::optional<Left>& before) {
  if (!stream || !before) return false;
  const bool switched_on = before->window_end < stream->enabled && stream->enabled <= manifest.window.end;
  return switched_on && std::ranges::none_of(manifest.shards, [&](const ManifestShard& shard) {
           return before->shards.contains(shard.shard);
         });
}

ProvenWindow proven(FoundManifest found, const std::optional<StreamToday>& stream,
                    const std::optional<Left>& before) {
  const Manifest& manifest = *found.manifest;
  ProvenWindow window;
  const auto left_at = before ? std::optional(before->window_end) : std::nullopt;
  window.start = positions_of(manifest, Side::start, stream, left_at);
  window.outcome.end = positions_of(manifest, Side::end, stream, left_at);
  window.outcome.objects = manifest.objects;
  window.outcome.statistics.records = manifest.records;
  window.outcome.statistics.rows = manifest.rows + manifest.dirty_rows;
  window.outcome.statistics.dirty_rows = manifest.dirty_rows;
  for (const pipeline::ObjectInfo& object : manifest.objects)
    window.outcome.statistics.written_bytes += object.bytes;
  if (is_restarted(manifest, stream, before)) {
    window.outcome.gaps.push_back(
        pipeline::Gap{"", before->window_end, stream->enabled, "the stream was switched off and on again"});
  }
  window.instance = std::move(found.instance);
  window.instance.version = manifest.definition;
  window.proof = std::move(found.name);
  return window;
}

// Goes from the oldest manifest to the newest.
class Proving {
 public:
  Proving(const std::optional<StreamToday>& stream, const std::optional<CommittedEnd>& committed, Instant now)
      : stream_(stream), anchored_(committed.has_value()) {
    if (committed) left_ = left_by(*committed);
    if (!stream) return;
    listed_.insert(stream->shards.begin(), stream->shards.end());
    if (stream->retention > std::chrono::hours(0)) kept_from_ = now - stream->retention + kKeptMargin;
  }

  // False: the chain ends before this one.
  bool add(FoundManifest found) {
    if (!found.manifest) {
      if (!doubtful_)
        doubtful_ = ChainBreak{found.name, found.instance.id.scheduled, found.manifest.error().message()};
      return true;
    }
    std::string reason = left_ && stream_ ? not_behind(*left_, *found.manifest, listed_) : "";
    if (!reason.empty()) {
      ChainBreak broken{found.name, found.instance.id.scheduled, std::move(reason)};
      if (doubtful_) broken = *doubtful_;
      if (!pass(std::move(broken))) return false;
    }
    if (doubtful_ && !stream_) tell_passed();
    // Whoever goes on from the same place shows that one between them, which is not believed, had no records.
    doubtful_.reset();
    const Left left = left_by(*found.manifest);
    proof_.windows.push_back(proven(std::move(found), stream_, left_));
    left_ = left;
    return true;
  }

  Proof finish() {
    if (doubtful_ && proof_.breaks.size() == passed_) {
      doubtful_->kept = !left_ || left_->window_end >= kept_from_;
      proof_.breaks.push_back(*std::move(doubtful_));
    }
    return std::move(proof_);
  }

 private:
  bool pass(ChainBreak broken) {
    const bool kept = left_->window_end >= kept_from_;
    broken.kept = kept;
    broken.passed = !kept && !anchored_;
    const bool passed = broken.passed;
    proof_.breaks.push_back(std::move(broken));
    if (!passed) return false;
    ++passed_;
    proof_.windows.clear();
    left_.reset();
    return true;
  }

  // The window of a table has nothing to do with the one before it.
  void tell_passed() {
    doubtful_->passed = true;
    proof_.breaks.push_back(*doubtful_);
    ++passed_;
  }

  const std::optional<StreamToday>& stream_;
  bool anchored_;
  std::set<std::string> listed_;
  Instant kept_from_{};  // the epoch: everything, where the retention is not known
  std::optional<Left> left_;
  std::optional<ChainBreak> doubtful_;
  std::size_t passed_ = 0;
  Proof proof_;
};

}  // namespace

Result<void> check_manifest(const Manifest& manifest, const NewInstance& instance) {
  const pipeline::Window& window = manifest.window;
  const bool same = window.job == instance.id.job && window.start == instance.window_start &&
                    window.end == instance.window_end && window.label.empty();
  if (!same) return Error(Errc::invalid_argument, "it is of another job or window than its name says");
  std::set<std::string_view> named;
  for (std::size_t place = 0; place < manifest.shards.size(); ++place) {
    const ManifestShard& shard = manifest.shards[place];
    if (shard.index != place || shard.shard.empty() || !named.insert(shard.shard).second) {
      return Error(Errc::invalid_argument,
                   fmt::format("its shards are not one after another: {} has index {} in place {}",
                               shard.shard, shard.index, place));
    }
  }
  return {};
}

Proof prove_windows(std::vector<FoundManifest> found, const std::optional<StreamToday>& stream,
                    const std::optional<CommittedEnd>& committed, Instant now) {
  Proving proving(stream, committed, now);
  std::vector<Instant> slots;
  for (const FoundManifest& one : found) slots.push_back(one.instance.id.scheduled);
  for (FoundManifest& one : found) {
    if (!proving.add(std::move(one))) break;
  }
  Proof proof = proving.finish();
  if (!proof.breaks.empty() && !proof.breaks.back().passed) {
    const Instant from = proof.breaks.back().slot;
    proof.again = static_cast<std::size_t>(
        std::count_if(slots.begin(), slots.end(), [&](Instant slot) { return slot >= from; }));
  }
  return proof;
}

pipeline::Positions ends_by_time(pipeline::Positions all, const StreamToday& stream, Instant window_end) {
  for (ShardPosition& shard : all.shards) {
    shard.kind = Kind::at_time;
    shard.time = window_end;
  }
  all.enabled = Instant{};
  name_stream(all, stream, window_end);
  return all;
}

}  // namespace sluice::scheduler
