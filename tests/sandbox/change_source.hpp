#pragma once
// Random changes from a seed: keys, cells and actions, the same for the same seed whatever the platform.

#include "tests/sandbox/stream_log.hpp"
#include "tests/sandbox/table.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sluice::sandbox {

enum class CellKind { string, integer, real, boolean, binary };

struct ChangeMix {
  std::uint64_t seed = 1;
  std::vector<std::string> columns;
  std::vector<CellKind> kinds;   // of the columns, in turn
  std::size_t string_bytes = 0;  // strings are at least so long
  /// Weights of the actions.
  std::uint32_t puts = 70;
  std::uint32_t updates = 20;
  std::uint32_t deletes = 10;
};

class ChangeSource {
 public:
  ChangeSource(const pb::TableMeta& meta, ChangeMix mix)
      : meta_(meta), mix_(std::move(mix)), random_(mix_.seed) {}

  struct Change {
    RowAction action = RowAction::put;
    Key key;
    std::vector<Cell> cells;
  };
  /// A put has every column; an update some of them, now and then as a deletion; a delete none. Cells carry
  /// the version `version_ms`.
  Change next(std::int64_t version_ms);

  /// Values that cut the first key column of such changes into `parts` about equal ranges.
  std::vector<Value> bounds(std::uint64_t parts) const;

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  RowAction choose_action();
  Key key_of(std::uint64_t row) const;
  Value first_key_value(std::uint64_t spread, std::uint64_t row) const;
  Value value_of(CellKind kind);
  std::string text_of(std::uint64_t dice) const;
  Cell cell_of(std::size_t column, std::int64_t version_ms);

  const pb::TableMeta& meta_;
  ChangeMix mix_;
  std::mt19937_64 random_;
  std::uint64_t rows_made_ = 0;
};

}  // namespace sluice::sandbox
