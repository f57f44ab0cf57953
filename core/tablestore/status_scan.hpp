#pragma once
// Looks up runs in a status table. Reads only.

#include "core/base/clock.hpp"
#include "core/tablestore/status_table.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_api.hpp"

#include <string>
#include <vector>

namespace sluice::tablestore {

// The table, and the service that has it and the stream. Outlives the calls that get it.
struct StatusTable {
  StreamApi& streams;
  TableApi& tables;
  std::string name;
};

// Errors of all: those of the connection, corrupt. `stream` must outlive the calls.

// False: there is no such table. invalid_argument: it is another kind of table.
awaitable<Result<bool>> status_table_exists(const StatusTable& table);

// What the table holds of the run of `stream` that ended at `end`; all of it may be missing.
awaitable<Result<StatusRun>> read_run(const StatusTable& table, const std::string& stream, Instant end);

// The last ends of runs of `stream`, at most `count` of them, ascending.
awaitable<Result<std::vector<Instant>>> last_ends(const StatusTable& table, const std::string& stream,
                                                  std::size_t count);

}  // namespace sluice::tablestore
