#pragma once
// State files and jobs for the benchmarks of scheduler and storage.

#include "core/job/job.hpp"
#include "storage/async_state_store.hpp"

#include <string>
#include <vector>

namespace sluice::bench {

// `count` jobs as etc/jobs.d/orders.yaml declares one: every five minutes, three parameters.
std::vector<job::Job> orders_jobs(int count);

std::unique_ptr<storage::SqliteStateStore> open_state(const std::string& path);

// Where a window over `shards` shards of a stream ends; as large as the service's are.
pipeline::Positions positions_of(int shards, Instant at);

struct History {
  std::string job = "orders";
  int windows = 105'120;  // of five minutes: a year
  int shards = 4;
  Instant end{};  // slot of the last one
};

// Fills the state with windows that succeeded.
void add_history(storage::SqliteStateStore& store, const History& history);

// Resident memory of this process, bytes.
double resident_bytes();

}  // namespace sluice::bench
