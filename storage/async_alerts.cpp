#include "storage/sqlite_alerts.hpp"

// Each call runs on the thread of the store; what it needs lives in the frame of the method, which waits.
namespace sluice::storage {

awaitable<std::vector<scheduler::ChainFacts>> AsyncAlertStore::chain_facts(Instant now) {
  auto work = [&](Database& database) { return SqliteAlerts(database, &skips_).chain_facts(now); };
  co_return co_await store_.with_database(work);
}

awaitable<std::optional<scheduler::Instance>> AsyncAlertStore::first_open_of_cycle(std::string chain,
                                                                                   int cycle,
                                                                                   Instant before) {
  auto work = [&](Database& database) {
    return SqliteAlerts(database).first_open_of_cycle(chain, cycle, before);
  };
  co_return co_await store_.with_database(work);
}

awaitable<std::vector<scheduler::Incident>> AsyncAlertStore::current_incidents(Instant since) {
  auto work = [&](Database& database) { return SqliteAlerts(database).current_incidents(since); };
  co_return co_await store_.with_database(work);
}

awaitable<std::vector<std::int64_t>> AsyncAlertStore::apply(std::vector<scheduler::AlertChange> changes,
                                                            std::map<std::string, std::string> marks,
                                                            Instant now, scheduler::Forget forget) {
  auto work = [&](Database& database) { return SqliteAlerts(database).apply(changes, marks, now, forget); };
  co_return co_await store_.with_database(work);
}

awaitable<std::map<std::string, std::string>> AsyncAlertStore::marks() {
  auto work = [](Database& database) { return SqliteAlerts(database).marks(); };
  co_return co_await store_.with_database(work);
}

awaitable<Result<void>> AsyncAlertStore::acknowledge(std::int64_t incident, scheduler::AuditEntry entry) {
  auto work = [&](Database& database) { return SqliteAlerts(database).acknowledge(incident, entry); };
  co_return co_await store_.with_database(work);
}

awaitable<std::int64_t> AsyncAlertStore::add_test(std::string channel, Instant now) {
  auto work = [&](Database& database) { return SqliteAlerts(database).add_test(channel, now); };
  co_return co_await store_.with_database(work);
}

awaitable<std::vector<scheduler::Delivery>> AsyncAlertStore::pending() {
  auto work = [](Database& database) { return SqliteAlerts(database).pending(); };
  co_return co_await store_.with_database(work);
}

awaitable<void> AsyncAlertStore::record(scheduler::Delivery delivery) {
  auto work = [&](Database& database) { SqliteAlerts(database).record(delivery); };
  co_await store_.with_database(work);
}

awaitable<std::vector<scheduler::Incident>> AsyncAlertStore::incidents(scheduler::IncidentQuery query) {
  auto work = [&](Database& database) { return SqliteAlerts(database).incidents(query); };
  co_return co_await store_.with_database(work);
}

awaitable<std::optional<scheduler::Incident>> AsyncAlertStore::incident(std::int64_t id) {
  auto work = [&](Database& database) { return SqliteAlerts(database).incident(id); };
  co_return co_await store_.with_database(work);
}

awaitable<std::vector<scheduler::Delivery>> AsyncAlertStore::deliveries(std::int64_t incident) {
  auto work = [&](Database& database) { return SqliteAlerts(database).deliveries(incident); };
  co_return co_await store_.with_database(work);
}

awaitable<std::optional<scheduler::Delivery>> AsyncAlertStore::delivery(std::int64_t id) {
  auto work = [&](Database& database) { return SqliteAlerts(database).delivery(id); };
  co_return co_await store_.with_database(work);
}

}  // namespace sluice::storage
