#pragma once
// What one look of the alert service has seen so far. For its own source files.

#include "daemon/alerts/alert_service.hpp"

namespace sluice::daemon {

// How long a closed incident is still told from a new one.
inline constexpr std::chrono::hours kKnownFor{24};

struct AlertService::Look {
  Instant now{};
  scheduler::Observation observed;
  std::map<std::string, std::string> known_marks;
  std::map<std::string, std::string> marks;  // to be stored with what comes of them
  std::vector<scheduler::Incident> known;
  std::set<std::string> watched;     // jobs
  std::set<std::string> unfinished;  // keys of backfills
};

}  // namespace sluice::daemon
