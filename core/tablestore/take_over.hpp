#pragma once
// Begins a chain where a run of the original reader ended (docs/take-over.md).

#include "core/job/job.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"
#include "core/tablestore/shard_plan.hpp"
#include "core/tablestore/status_scan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tablestore {

// What a run comes to.
struct TakenRun {
  // As a predecessor of the window, for plan_positions(). Parents first.
  pipeline::Positions positions;
  // Records of positions.shards that follow the iterator and were read as well.
  struct Passed {
    std::size_t place = 0;
    std::int64_t records = 0;  // > 0
  };
  std::vector<Passed> passed;
  std::vector<std::string> warnings;
};

// Decides, for a run that ended at window.start. Each shard goes on at its checkpoint. Errors: not_found
// (there is no such run); conflict, with TakeOver::required, when a shard lacks a checkpoint of the run's
// version. Otherwise such a shard begins by time, with a warning.
Result<TakenRun> take_run(const StatusRun& run, const StreamState& stream, const pipeline::Window& window,
                          job::TakeOver rule);

// Looks for the run that ends at window.start; `rule` is not `never`. Nothing, and a line in the log, if
// there is none and none is required. Writes nothing to the table. Errors: those of take_run() and of the
// connection, corrupt, invalid_argument. All arguments must outlive the call.
awaitable<Result<std::optional<pipeline::Positions>>> take_over(const StatusTable& table, job::TakeOver rule,
                                                                const StreamState& stream,
                                                                const pipeline::Window& window,
                                                                pipeline::Log& log);

}  // namespace sluice::tablestore
