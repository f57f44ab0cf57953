#pragma once
// The part numbers of one object that several shards fill at once, one behind the other.

#include <cstdint>
#include <map>
#include <optional>

namespace sluice::objects {

// Parts stand in order of their numbers, so each shard that sends gets a run of them between the runs of its
// neighbours. Behind each run, and before the first, one number at least stays free: for what is joined at
// the end. Pure.
class PartNumbers {
 public:
  struct Free {
    int first = 1;
    int count = 0;
  };

  explicit PartNumbers(int last = 10'000) : last_(last) {}

  // Gives shard `index` a run. `before` and `behind`: shards known so far between it and its neighbours with
  // runs, which may want theirs later. False if there is no room.
  bool begin(std::uint32_t index, std::size_t before, std::size_t behind);
  bool has(std::uint32_t index) const { return runs_.contains(index); }

  // The next number of the run; nothing: it is used up.
  std::optional<int> take(std::uint32_t index);
  bool may_take(std::uint32_t index) const;
  // How much of the run is used, in quarters: 0 .. 3.
  int quarter(std::uint32_t index) const;

  // What is free in front of the run of `index`, and behind the last run.
  Free free_before(std::uint32_t index) const;
  Free free_behind() const;
  bool empty() const noexcept { return runs_.empty(); }

 private:
  struct Run {
    int first = 1;
    int next = 1;
  };
  int end_of(std::map<std::uint32_t, Run>::const_iterator run) const;

  int last_;
  std::map<std::uint32_t, Run> runs_;  // by shard; numbers ascend with it
};

}  // namespace sluice::objects
