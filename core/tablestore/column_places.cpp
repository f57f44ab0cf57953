#include "core/tablestore/column_places.hpp"

#include <utility>

namespace sluice::tablestore {

ColumnPlaces::ColumnPlaces(std::size_t places) : next_place_(places, kNone) {
  slots_.reserve(places);  // by_name_ points into it
}

void ColumnPlaces::add(std::string_view name, std::uint32_t place) {
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) {
    next_place_[place] = std::exchange(slots_[known->second].first_place, place);
    return;
  }
  slots_.push_back(Slot{std::string(name), place});
  by_name_.emplace(slots_.back().name, static_cast<std::uint32_t>(slots_.size() - 1));
}

std::uint32_t ColumnPlaces::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNone : found->second;
}

std::uint32_t ColumnPlaces::find_and_learn(std::string_view name, std::size_t cell_index) {
  if (cell_index >= usual_.size()) usual_.resize(cell_index + 1, kNone);
  const std::uint32_t slot = find(name);
  if (slot == kNone) return kNone;
  usual_[cell_index] = slot;
  slots_[slot].seen = true;
  return slot;
}

bool ColumnPlaces::seen(std::string_view name) const {
  const std::uint32_t slot = find(name);
  return slot != kNone && slots_[slot].seen;
}

}  // namespace sluice::tablestore
