#pragma once
// Writes the rows from which the original reader can go on behind one of our windows (docs/take-over.md).

#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/status_scan.hpp"

#include <string>

namespace sluice::tablestore {

// Makes `end`, where the shards of `source_table` stand behind `window`, a run of the original that ended at
// window.end. The original never finds it half written: its job row is taken away first and written last.
// Repeating it gives the same rows. Makes the status table if there is none. On error the run is not there,
// or, if the table could not be reached, as it was. Errors: conflict (a run of somebody else ended then; it
// is left alone), invalid_argument (another kind of table), corrupt (the place of a shard is not met again),
// trimmed, and those of the connection. All arguments must outlive the call.
awaitable<Result<void>> hand_over(const StatusTable& table, const std::string& source_table,
                                  const pipeline::Window& window, const pipeline::Positions& end);

}  // namespace sluice::tablestore
