#pragma once
// What the last look at every chain left waiting for a place or for another job, and whose attempts have
// ended since: so that an end costs a look at what it changed. Pure.

#include "scheduler/instance.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::scheduler {

// Of recurring instances only; backfills have their own turn. What the store says of an entry may have
// changed since: it is read again before it starts.
class ReadyList {
 public:
  struct Entry {
    InstanceId id;
    int priority = 0;
    std::int64_t row = 0;
    bool dry_run = false;
  };

  // Behind more ends than these one look at every chain costs less than one at each of theirs.
  static constexpr std::size_t kEndsMax = 100;

  // Something else than an end has changed, or may have: only a look at every chain will do.
  void doubt() noexcept { doubted_ = true; }
  bool doubted() const noexcept { return doubted_ || ended_.size() > kEndsMax; }

  // An attempt of the instance ended: its chain and what waits for its job may go on.
  void end(const InstanceId& id);

  // A look at every chain begins: forgets all.
  void clear();
  // Found by it: may start once there is a place; waits for the job `upstream`.
  void add(const Instance& instance);
  void block(const Instance& instance, const std::string& upstream);
  // Only the first of what is due in the chain was read.
  void cut_short(const std::string& chain) { cut_short_.insert(chain); }
  const std::set<std::string>& cut_short() const noexcept { return cut_short_; }

  // An instance whose chain has to be read again, each once. What waited for its job is an entry again.
  std::optional<InstanceId> take_ended();

  // In the order in which places are given; `after` need not be an entry any more.
  std::optional<Entry> first() const;
  std::optional<Entry> next(const Entry& after) const;
  void remove(const Entry& entry) { ready_.erase(entry); }

 private:
  struct ByTurn {
    bool operator()(const Entry& a, const Entry& b) const;
  };

  std::set<Entry, ByTurn> ready_;
  std::map<std::string, std::vector<Entry>> blocked_;  // by the job they wait for
  std::set<InstanceId> ended_;
  std::set<std::string> cut_short_;  // chains
  bool doubted_ = true;
};

}  // namespace sluice::scheduler
