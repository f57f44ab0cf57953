#pragma once
// Finds places in a shard by reading it: what our positions (iterator, last record) are to those who know
// iterators only.

#include "core/pipeline/position.hpp"
#include "core/tablestore/stream_api.hpp"

#include <cstdint>
#include <string>

namespace sluice::tablestore {

// An iterator at the record that follows position.last. Given back only after an answer that ended with that
// record, or that began behind it; where the record that follows was seen (position.next), it must be the
// same. `position` is of kind iterator and has a last record. Errors: those of the connection, trimmed;
// corrupt if a record is not met again. Arguments must outlive the call.
awaitable<Result<std::string>> iterator_behind(StreamApi& api, const pipeline::ShardPosition& position);

// The place of the `count`-th record (from 1) from `iterator` on. Errors: those of the connection, trimmed;
// corrupt if there are fewer.
awaitable<Result<pipeline::Sequence>> nth_record(StreamApi& api, const std::string& iterator,
                                                 std::int64_t count);

}  // namespace sluice::tablestore
