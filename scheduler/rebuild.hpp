#pragma once
// Which windows the manifests of a job prove to be exported, for a state file that does not know of them (any
// more): the chain can go on behind the newest of these. Pure; docs/decisions/013-state-from-manifests.md has
// the reasons.

#include "core/objects/manifest.hpp"
#include "scheduler/instance.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

// No stream has this id: positions in it are none that can be read from. Going on from them is refused, or is
// a gap, as the job wants it, and a window that began there is not run again.
inline constexpr std::string_view kUnknownStream = "not known";

// The manifest of one slot.
struct FoundManifest {
  NewInstance instance;                // the slot, as planning puts it down
  std::string name;                    // of the manifest
  Result<objects::Manifest> manifest;  // or why it is not believed
};

// What has to hold of a manifest before it is believed: it is of the job and the window of `instance`, its
// shards are numbered in order and each is named once. invalid_argument says what does not.
Result<void> check_manifest(const objects::Manifest& manifest, const NewInstance& instance);

// The stream as it is now.
struct StreamToday {
  std::string id;
  Instant enabled{};                  // when it was last switched on
  std::chrono::hours retention{0};    // 0: not known
  std::vector<std::string> shards{};  // those it lists
};

struct ProvenWindow {
  NewInstance instance;
  std::string proof;  // name of its manifest, or of an object
  pipeline::Positions start;
  Outcome outcome;
  std::string rerun{};  // not empty: it is to run again, for this reason
};

// A manifest that does not go on where the one before it ended, or is not believed.
struct ChainBreak {
  std::string manifest;
  Instant slot{};
  std::string reason;
  // The chain is taken up behind it: what lies before is not kept by the stream any more, so that running
  // windows again would not bring it.
  bool passed = false;
  // Not passed: whether the stream still keeps what the windows from here on need to be exported again.
  bool kept = true;
};

struct Proof {
  std::vector<ProvenWindow> windows;  // oldest first; each begins where the one before it ended
  std::vector<ChainBreak> breaks;     // oldest first; at most the last one is not passed
  std::size_t again = 0;              // manifests that are not counted upon: their windows run again
};

// `found` ascends by slot. Without `stream` the job exports tables, whose windows have no positions.
//
// With `committed` the chain must go on from there, and ends with the first break. Without, it begins with
// the oldest manifest, and anew behind each break before which the stream keeps nothing any more.
Proof prove_windows(std::vector<FoundManifest> found, const std::optional<StreamToday>& stream,
                    const std::optional<CommittedEnd>& committed, Instant now);

// Positions from which each shard is read by time, from `window_end` on: of a window without a manifest.
// `all` is where a chain that begins there would begin.
pipeline::Positions ends_by_time(pipeline::Positions all, const StreamToday& stream, Instant window_end);

}  // namespace sluice::scheduler
