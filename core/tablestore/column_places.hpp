#pragma once
// Which places of a row show a column of the record.

#include "core/pipeline/row.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::tablestore {

class ColumnPlaces {
 public:
  // No column of this name is configured.
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // `places`: of a row. None shows anything yet.
  explicit ColumnPlaces(std::size_t places);
  ColumnPlaces(ColumnPlaces&&) = delete;  // by_name_ points into slots_

  // The column `name` is shown at `place`, and wherever else it was added. At most once for each place.
  void add(std::string_view name, std::uint32_t place);

  // The column's slot, or kNone.
  std::uint32_t find(std::string_view name) const;

  // find() for the cell at `cell_index` of a record; the column then counts as seen. Records of one table
  // mostly carry the same cells in the same order, so the slot that fitted there last time is tried before
  // the hash table.
  std::uint32_t find_usual(std::string_view name, std::size_t cell_index) {
    if (cell_index < usual_.size()) {
      const std::uint32_t usual = usual_[cell_index];
      if (usual != kNone && slots_[usual].name == name) return usual;
    }
    return find_and_learn(name, cell_index);
  }

  // Writes `value` to all places of the slot.
  void set(pipeline::Value* row, std::uint32_t slot, const pipeline::Value& value) const {
    for (std::uint32_t place = slots_[slot].first_place; place != kNone; place = next_place_[place]) {
      row[place] = value;
    }
  }

  void mark_seen(std::uint32_t slot) { slots_[slot].seen = true; }
  bool seen(std::string_view name) const;

  // Slots are numbered from 0.
  std::size_t slots() const noexcept { return slots_.size(); }

 private:
  // A distinct configured name and the places in the row that show it, as a chain through next_place_.
  struct Slot {
    std::string name;
    std::uint32_t first_place;
    bool seen = false;
  };

  std::uint32_t find_and_learn(std::string_view name, std::size_t cell_index);

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> next_place_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;  // keys live in slots_
  std::vector<std::uint32_t> usual_;  // cell index -> slot found there last time, or kNone
};

}  // namespace sluice::tablestore
