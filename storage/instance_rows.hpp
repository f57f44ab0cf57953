#pragma once
// Instances, positions and their parts as they lie in the tables. For the state store only.

#include "scheduler/instance.hpp"
#include "storage/sqlite.hpp"

#include <string>
#include <string_view>

namespace sluice::storage {

// To be followed by a join of instances i with jobs j; read_instance() knows the order.
inline constexpr std::string_view kInstanceColumns =
    "i.id, j.name, i.slot_us, i.zone, i.cycle, i.values_json, i.window_start_us, i.window_end_us, i.version, "
    "i.state, i.reason, i.attempts, i.failures, i.retry_at_us, i.started_us, i.finished_us, i.rows_written, "
    "i.bytes_written, i.priority, i.dry_run, i.released";

// The present row, without objects.
scheduler::Instance read_instance(const Statement& row);

// Columns: instance_id, number, result, started_us, finished_us, error_code, error, statistics_json.
scheduler::Attempt read_attempt(const Statement& row);

// Throws ErrorException (corrupt) for a text that names no state.
scheduler::State parse_state(const std::string& text);

// [["name","value"], ...] in order of declaration.
std::string values_text(const job::ParameterValues& values);
std::string positions_text(const pipeline::Positions& positions);

// Throws ErrorException (corrupt) when the text is not what positions_text() writes.
pipeline::Positions parse_positions(std::string_view text);

}  // namespace sluice::storage
