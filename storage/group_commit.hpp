#pragma once
// Many calls, one sync: what waits for the state file at the same time becomes durable together.

#include "core/base/worker_thread.hpp"
#include "storage/sqlite.hpp"

namespace sluice::storage {

// Enough to share a sync among a burst of attempts; an answer is late by at most this and the sync.
inline constexpr std::size_t kCallsTogether = 500;
inline constexpr std::chrono::milliseconds kTogetherFor{20};

// For a worker thread through which alone `database` is used, and which it outlives. The calls of a group
// share a TransactionGroup: each sees what the calls before it wrote, fails or is refused by itself, and is
// answered once all is durable. A group that cannot be made durable is undone and each call made again by
// itself, so that each gets the answer it would have had alone.
CallsTogether commit_together(Database& database, std::size_t most = kCallsTogether,
                              std::chrono::milliseconds longest = kTogetherFor);

}  // namespace sluice::storage
