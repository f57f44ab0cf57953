#pragma once
// The port to where windows come from. Implemented by core/tablestore.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/pipeline/log.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"
#include "core/pipeline/writer.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace sluice::pipeline {

struct ReadPlan {
  Positions start;                 // from Reader::plan(), stored before reading begins
  std::optional<Positions> until;  // set to repeat a committed window exactly: its end positions
};

struct ReadOutcome {
  Positions end;          // where the next window starts
  std::vector<Gap> gaps;  // only with onGap: continue
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Asks the stream for its shards and lays `previous` (the predecessor's end positions; nothing for the
  // first window of a chain) over them: known shards go on, new ones begin at their oldest record, in a first
  // window all begin at window.start. Shards of `previous` keep their order. Errors: not_found (table, or no
  // stream), stream_changed, trimmed, and those of the connection.
  virtual awaitable<Result<Positions>> plan(const Window& window, const std::optional<Positions>& previous,
                                            Log& log) = 0;

  // Reads every shard from plan.start up to the window's end and writes its rows to writer.open(index of the
  // shard in the plan). Returns when each shard has reached the end.
  virtual awaitable<Result<ReadOutcome>> read(const Window& window, const ReadPlan& plan,
                                              WindowWriter& writer, Statistics& statistics, Log& log) = 0;
};

}  // namespace sluice::pipeline
