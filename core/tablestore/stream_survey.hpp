#pragma once
// Asks the service what a table's stream looks like now.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/tablestore/shard_plan.hpp"
#include "core/tablestore/stream_api.hpp"

#include <string>
#include <vector>

namespace sluice::tablestore {

// The table's stream with all its shards. `api` and `table` must outlive the call. Errors: not_found (no such
// table, or its stream is off), unavailable (being switched on), corrupt, and those of the connection.
awaitable<Result<StreamState>> survey_stream(StreamApi& api, const std::string& table);

// The same of a time series table, which is not described as others are: what its stream tells must do. `api`
// asks as the reader of such a table. Errors also: invalid_argument (it is no time series table).
awaitable<Result<StreamState>> survey_time_series(StreamApi& api, const std::string& table);

// All shards of `stream`, over as many pages as it takes.
awaitable<Result<std::vector<Shard>>> list_shards(StreamApi& api, const std::string& stream);

}  // namespace sluice::tablestore
