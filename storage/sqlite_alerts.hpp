#pragma once
// The alert store on SQLite: one method per method of scheduler::AlertStore, same contracts, each one
// transaction.

#include "scheduler/alert_store.hpp"
#include "storage/async_state_store.hpp"
#include "storage/sqlite.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::storage {

// What can be asked of the tables, synchronously, on the thread of the database.
class SqliteAlerts {
 public:
  // Incidents that are over, their notices and deliveries are forgotten after this time.
  static constexpr std::chrono::hours kKept{24 * 90};

  // Skipped instances of each chain: all of them, and those that catch-up skipped. Which are which is read
  // again only when their number has changed, for there may be very many.
  struct Skips {
    std::uint64_t all = 0;
    std::uint64_t by_catch_up = 0;
  };
  using SkipCache = std::map<std::int64_t, Skips>;

  explicit SqliteAlerts(Database& database, SkipCache* skips = nullptr)
      : database_(database), skips_(skips) {}

  std::vector<scheduler::ChainFacts> chain_facts(Instant now);
  std::optional<scheduler::Instance> first_open_of_cycle(const std::string& chain, int cycle, Instant before);
  std::vector<scheduler::Incident> current_incidents(Instant since);
  std::vector<std::int64_t> apply(const std::vector<scheduler::AlertChange>& changes,
                                  const std::map<std::string, std::string>& marks, Instant now,
                                  scheduler::Forget forget = scheduler::Forget::old);
  std::map<std::string, std::string> marks();
  Result<void> acknowledge(std::int64_t incident, const scheduler::AuditEntry& entry);
  std::int64_t add_test(const std::string& channel, Instant now);
  std::vector<scheduler::Delivery> pending();
  void record(const scheduler::Delivery& delivery);
  std::vector<scheduler::Incident> incidents(const scheduler::IncidentQuery& query);
  std::optional<scheduler::Incident> incident(std::int64_t id);
  std::vector<scheduler::Delivery> deliveries(std::int64_t incident);
  std::optional<scheduler::Delivery> delivery(std::int64_t id);

 private:
  void add_open(scheduler::ChainFacts& facts, std::int64_t job_id, Instant now);
  scheduler::Instance instance(std::int64_t row);
  std::int64_t store(const scheduler::Incident& incident);
  std::int64_t add_notice(const scheduler::Notice& notice);
  void add_delivery(std::int64_t notice, const std::string& channel, Instant now);
  void forget_old(Instant now);

  std::uint64_t skipped_by_catch_up(std::int64_t job_id, std::uint64_t all);

  Database& database_;
  SkipCache* skips_;
};

// Behind the port, on the thread of the state store, which outlives this.
class AsyncAlertStore final : public scheduler::AlertStore {
 public:
  explicit AsyncAlertStore(AsyncStateStore& store) : store_(store) {}

  awaitable<std::vector<scheduler::ChainFacts>> chain_facts(Instant now) override;
  awaitable<std::optional<scheduler::Instance>> first_open_of_cycle(std::string chain, int cycle,
                                                                    Instant before) override;
  awaitable<std::vector<scheduler::Incident>> current_incidents(Instant since) override;
  awaitable<std::vector<std::int64_t>> apply(std::vector<scheduler::AlertChange> changes,
                                             std::map<std::string, std::string> marks, Instant now,
                                             scheduler::Forget forget) override;
  awaitable<std::map<std::string, std::string>> marks() override;
  awaitable<Result<void>> acknowledge(std::int64_t incident, scheduler::AuditEntry entry) override;
  awaitable<std::int64_t> add_test(std::string channel, Instant now) override;
  awaitable<std::vector<scheduler::Delivery>> pending() override;
  awaitable<void> record(scheduler::Delivery delivery) override;
  awaitable<std::vector<scheduler::Incident>> incidents(scheduler::IncidentQuery query) override;
  awaitable<std::optional<scheduler::Incident>> incident(std::int64_t id) override;
  awaitable<std::vector<scheduler::Delivery>> deliveries(std::int64_t incident) override;
  awaitable<std::optional<scheduler::Delivery>> delivery(std::int64_t id) override;

 private:
  AsyncStateStore& store_;
  SqliteAlerts::SkipCache skips_;  // touched on the store's thread only
};

}  // namespace sluice::storage
