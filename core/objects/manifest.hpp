#pragma once
// The manifest of a window: what its objects hold, and how that is proved (docs/oss-writer.md).

#include "core/base/error.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::objects {

// Between two records of a shard. Of a stored position only what a repeated window has as well: no page of
// the server, no time of asking.
struct ManifestPosition {
  pipeline::ShardPosition::Kind kind = pipeline::ShardPosition::Kind::oldest;
  Instant time{};                          // at_time only
  std::optional<pipeline::Sequence> last;  // last record that belongs to the past
  friend bool operator==(const ManifestPosition&, const ManifestPosition&) = default;
};

struct ManifestShard {
  std::uint32_t index = 0;  // its place in the window's plan: the NNNN of its objects
  std::string shard;
  ManifestPosition start;
  ManifestPosition end;
  friend bool operator==(const ManifestShard&, const ManifestShard&) = default;
};

struct Manifest {
  std::string definition;                     // job::Job::version
  pipeline::Window window;                    // label: "full" for the whole table's rows
  std::vector<ManifestShard> shards;          // ascending by index; none of a table
  std::uint64_t records = 0;                  // of the stream, in the window
  std::uint64_t rows = 0;                     // in the objects
  std::uint64_t dirty_rows = 0;               // left out of them
  std::vector<pipeline::ObjectInfo> objects;  // in the order of their rows; may be none
};

// A manifest is not longer than this.
inline constexpr std::size_t kManifestBytesMax = 64 * 1024 * 1024;

// The shards of two lists of positions; one that `start` does not hold was found on the way and begins at its
// oldest record.
std::vector<ManifestShard> shards_between(const pipeline::Positions& start, const pipeline::Positions& end);

// JSON with a line end behind it, the same text for the same content.
std::string to_text(const Manifest& manifest);

// Reads what to_text() writes. Of a text from outside nothing is believed: invalid_argument names the member
// that is missing, of another kind or out of bounds, a version that is not known, and totals that do not
// agree with the objects.
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace sluice::objects
