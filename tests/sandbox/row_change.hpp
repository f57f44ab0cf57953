#pragma once
// Decides what a write does to a row: the new state and the record of the change. Nothing is stored here.

#include "tests/sandbox/stream_log.hpp"
#include "tests/sandbox/table.hpp"

#include <cstdint>
#include <optional>

namespace sluice::sandbox {

struct RowChange {
  std::optional<Row> after;  // nothing: the row is gone
  ChangeRecord record;
};

/// All throw Refusal for requests the service would refuse. `wire.key` must hold the final key.
RowChange decide_put(const Table& table, const WireRow& wire, const Row* before, std::int64_t now_ms);
RowChange decide_update(const Table& table, const WireRow& wire, const Row* before, std::int64_t now_ms);
RowChange decide_delete(const Table& table, const WireRow& wire, const Row* before);

}  // namespace sluice::sandbox
