#pragma once
// Incidents and deliveries as they lie in the tables. For the alert store only.

#include "scheduler/alert_store.hpp"
#include "storage/sqlite.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::storage {

inline constexpr std::string_view kIncidentColumns =
    "id, key, kind, facts_json, channels_json, opened_us, seen_us, recovered_us, acknowledged_us, "
    "acknowledged_by, notified_json, told, worse, event, closed";
// To be followed by deliveries d joined with notices n.
inline constexpr std::string_view kDeliveryColumns =
    "d.id, d.channel, d.state, d.tries, d.next_us, d.ended_us, d.error, n.id, n.incident_id, n.event, "
    "n.kind, "
    "n.facts_json, n.at_us, n.opened_us";

// The present row, columns as above. Throw ErrorException (corrupt) for what nobody wrote so.
scheduler::Incident read_incident(const Statement& row);
scheduler::Delivery read_delivery(const Statement& row);

std::string facts_text(const scheduler::AlertFacts& facts);
std::string channels_text(const std::vector<std::string>& channels);
std::string instants_text(const std::vector<Instant>& instants);

}  // namespace sluice::storage
