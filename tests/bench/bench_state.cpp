#include "tests/bench/bench_state.hpp"

#include "core/base/error.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace sluice::bench {
namespace {

job::DataSources sources() {
  job::DataSource ots;
  ots.type = "ots";
  ots.keys = {
      {"endpoint", "http://127.0.0.1:1"}, {"instanceName", "demo"}, {"accessId", "id"}, {"accessKey", "key"}};
  job::DataSource oss;
  oss.type = "oss";
  oss.keys = {
      {"endpoint", "http://127.0.0.1:1"}, {"bucket", "exports"}, {"accessId", "id"}, {"accessKey", "key"}};
  return {{"orders_ots", ots}, {"archive_oss", oss}};
}

scheduler::NewInstance window_at(const std::string& job, Instant slot) {
  scheduler::NewInstance planned;
  planned.id.job = job;
  planned.id.scheduled = slot;
  planned.zone = "Asia/Shanghai";
  planned.cycle = 1;
  planned.values = {{"start_time", "20181016000500"}, {"end_time", "20181016001000"}, {"date", "20181015"}};
  planned.window_start = slot - std::chrono::minutes(10);
  planned.window_end = slot - std::chrono::minutes(5);
  planned.version = "0123456789ab";
  return planned;
}

}  // namespace

std::vector<job::Job> orders_jobs(int count) {
  job::LoadedJobs loaded = job::load_job_file(SLUICE_SOURCE "/etc/jobs.d/orders.yaml", sources());
  for (const job::Problem& problem : loaded.problems) {
    if (problem.severity == job::Severity::error)
      throw ErrorException(Error(Errc::invalid_argument, to_string(problem)));
  }
  std::vector<job::Job> jobs(static_cast<std::size_t>(count), loaded.jobs.at(0));
  for (int n = 0; n < count; ++n) jobs[static_cast<std::size_t>(n)].name = fmt::format("orders-{:05}", n);
  return jobs;
}

std::unique_ptr<storage::SqliteStateStore> open_state(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return std::make_unique<storage::SqliteStateStore>(options);
}

pipeline::Positions positions_of(int shards, Instant at) {
  pipeline::Positions positions;
  positions.stream = "orders_1539648000000000";
  positions.enabled = at - std::chrono::days(30);
  positions.retention = std::chrono::hours(168);
  for (int n = 0; n < shards; ++n) {
    pipeline::ShardPosition shard;
    shard.shard = fmt::format("b6a5b4a2-6c2d-4a0e-9f0e-0000000000{:02}_1539648000000000", n);
    shard.kind = pipeline::ShardPosition::Kind::iterator;
    shard.iterator = fmt::format("AAAA{:060}AAAA{:060}", n, at.time_since_epoch().count());
    shard.last = pipeline::Sequence{0, at.time_since_epoch().count(), n};
    shard.next = pipeline::Sequence{0, at.time_since_epoch().count() + 1000, n};
    shard.polled = at;
    positions.shards.push_back(std::move(shard));
  }
  return positions;
}

void add_history(storage::SqliteStateStore& store, const History& history) {
  using std::chrono::minutes;
  constexpr int kBatch = 1000;
  storage::Database& database = store.database();
  for (int done = 0; done < history.windows; done += kBatch) {
    const int count = std::min(kBatch, history.windows - done);
    const Instant first = history.end - minutes(5) * (history.windows - 1 - done);
    storage::TransactionGroup group(database);
    std::vector<scheduler::NewInstance> rows;
    for (int n = 0; n < count; ++n) rows.push_back(window_at(history.job, first + minutes(5) * n));
    store.add_instances(rows);
    for (const scheduler::NewInstance& row : rows) {
      const std::int64_t id = store.instance(row.id).value().row;
      const auto attempt =
          store.begin_attempt(id, positions_of(history.shards, row.window_start), row.id.scheduled);
      scheduler::Outcome outcome;
      outcome.end = positions_of(history.shards, row.window_end);
      pipeline::ObjectInfo object;
      object.name = fmt::format("instance/orders/20181016/orders__{}.csv", id);
      object.bytes = 1000;
      object.rows = 10;
      outcome.objects = {object};
      outcome.statistics.rows = 10;
      store.succeed(*attempt, outcome, row.id.scheduled + std::chrono::seconds(2));
    }
    group.commit();
  }
  store.checkpoint();
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace sluice::bench
