#pragma once
// Step 4 of the state file: incidents, notices, deliveries, and what alerts remember.

#include <string_view>

namespace sluice::storage {

// A delivery is kept as long as its incident. Only pending ones are in the index that is asked at every turn.
inline constexpr std::string_view kAlertTables = R"sql(
CREATE TABLE incidents(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  facts_json TEXT NOT NULL,
  channels_json TEXT NOT NULL,
  opened_us INTEGER NOT NULL,
  seen_us INTEGER NOT NULL,
  recovered_us INTEGER,
  acknowledged_us INTEGER,
  acknowledged_by TEXT NOT NULL DEFAULT '',
  notified_json TEXT NOT NULL,
  told INTEGER NOT NULL,
  worse INTEGER NOT NULL,
  event INTEGER NOT NULL,
  closed INTEGER NOT NULL
) STRICT;
CREATE INDEX incidents_current ON incidents(id) WHERE closed = 0;
CREATE INDEX incidents_seen ON incidents(seen_us);
CREATE INDEX incidents_open ON incidents(id) WHERE recovered_us IS NULL;
CREATE TABLE notices(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER REFERENCES incidents(id),
  event TEXT NOT NULL,
  kind TEXT NOT NULL,
  facts_json TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  opened_us INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_by_incident ON notices(incident_id);
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id INTEGER NOT NULL REFERENCES notices(id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  next_us INTEGER NOT NULL,
  ended_us INTEGER,
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deliveries_pending ON deliveries(id) WHERE state = 'pending';
CREATE INDEX deliveries_failed ON deliveries(id) WHERE state = 'failed';
CREATE INDEX deliveries_by_notice ON deliveries(notice_id);
CREATE TABLE alert_marks(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace sluice::storage
