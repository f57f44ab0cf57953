#include "core/objects/part_numbers.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::objects {
namespace {

// Shards are known when their first rows come, in about the order of their index: behind the last one many
// more may follow.
constexpr std::size_t kUnknownBehind = 14;

}  // namespace

bool PartNumbers::begin(std::uint32_t index, std::size_t before, std::size_t behind) {
  const auto next = runs_.upper_bound(index);
  const int low = next == runs_.begin() ? 1 : std::prev(next)->second.next;
  const int high = next == runs_.end() ? last_ + 1 : next->second.first;
  if (high - low < 3) return false;             // one to join in front, one to send, one to join behind
  const std::size_t parts_before = before + 1;  // with those of the run in front that are still to come
  const std::size_t parts_behind = behind + 1 + (next == runs_.end() ? kUnknownBehind : 0);
  const auto room = static_cast<std::size_t>(high - low);
  const int share = static_cast<int>(room * parts_before / (parts_before + parts_behind));
  Run& run = runs_[index];
  run.first = low + std::clamp(share, 1, high - low - 2);
  run.next = run.first;
  return true;
}

int PartNumbers::end_of(std::map<std::uint32_t, Run>::const_iterator run) const {
  const auto next = std::next(run);
  return next == runs_.end() ? last_ + 1 : next->second.first;
}

bool PartNumbers::may_take(std::uint32_t index) const {
  const auto run = runs_.find(index);
  return run != runs_.end() && run->second.next < end_of(run) - 1;
}

std::optional<int> PartNumbers::take(std::uint32_t index) {
  if (!may_take(index)) return std::nullopt;
  return runs_.at(index).next++;
}

int PartNumbers::quarter(std::uint32_t index) const {
  const auto run = runs_.find(index);
  const int length = end_of(run) - run->second.first;
  return std::min(3, 4 * (run->second.next - run->second.first) / std::max(length, 1));
}

PartNumbers::Free PartNumbers::free_before(std::uint32_t index) const {
  const auto run = runs_.find(index);
  const int low = run == runs_.begin() ? 1 : std::prev(run)->second.next;
  return {low, run->second.first - low};
}

PartNumbers::Free PartNumbers::free_behind() const {
  const int low = runs_.empty() ? 1 : std::prev(runs_.end())->second.next;
  return {low, last_ + 1 - low};
}

}  // namespace sluice::objects
