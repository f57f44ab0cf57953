#pragma once
// Until when the daemon ran, in the state file: the methods of scheduler::CatchUpStore, synchronous, each one
// transaction. AsyncCatchUp puts it behind the port.

#include "scheduler/catch_up_store.hpp"
#include "storage/sqlite.hpp"

namespace sluice::storage {

// Cheap to make for one call.
class SqliteCatchUp {
 public:
  explicit SqliteCatchUp(Database& database) : database_(database) {}

  std::optional<Instant> watched_until();
  void watch(Instant until);
  std::vector<scheduler::Absence> absences();
  void change_absences(const std::vector<scheduler::Absence>& added, const std::vector<std::string>& ended);
  std::vector<std::string> planned_jobs();
  std::vector<Instant> never_started(const std::string& chain, Instant from, Instant to);

 private:
  Database& database_;
};

}  // namespace sluice::storage
