#pragma once
// Which keys of a table are read, and the ranges they are cut into. Pure.

#include "core/base/error.hpp"
#include "core/job/job.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_row.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::tablestore {

// Half open.
struct KeyRange {
  Key begin;
  Key end;
  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

// The keys that `source` asks for of a table with this key. invalid_argument: bounds that do not fit the key,
// or an end that is not behind the beginning.
Result<KeyRange> range_of(const job::TableStoreSource& source, const std::vector<KeyColumn>& primary_key);

// Split points this far apart tell the size of a table in few of them.
inline constexpr std::int64_t kCoarsePartBytes = std::int64_t{8} << 30;

// How far apart the split points should be for at most about `ranges_max` ranges, of a table that has `parts`
// parts of kCoarsePartBytes. A multiple of 1 MiB, and never less than 64 MiB: small ranges cost more than
// they give.
std::int64_t part_bytes_for(std::size_t parts, std::size_t ranges_max);

// Cuts `whole` at those of `points` that lie inside, evenly thinned out where more than `ranges_max` (> 0)
// ranges would come of it. corrupt: points that do not ascend.
Result<std::vector<KeyRange>> cut(const KeyRange& whole, const std::vector<Key>& points,
                                  std::size_t ranges_max);

}  // namespace sluice::tablestore
