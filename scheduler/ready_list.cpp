#include "scheduler/ready_list.hpp"

#include "scheduler/places.hpp"

namespace sluice::scheduler {
namespace {

ReadyList::Entry entry_of(const Instance& instance) {
  return {instance.id, instance.priority, instance.row, instance.dry_run};
}

}  // namespace

bool ReadyList::ByTurn::operator()(const Entry& a, const Entry& b) const {
  return comes_first(a.id, a.priority, b.id, b.priority);
}

void ReadyList::end(const InstanceId& id) {
  if (id.group == 0) ended_.insert(id);
}

void ReadyList::clear() {
  ready_.clear();
  blocked_.clear();
  ended_.clear();
  cut_short_.clear();
  doubted_ = false;
}

void ReadyList::add(const Instance& instance) { ready_.insert(entry_of(instance)); }

void ReadyList::block(const Instance& instance, const std::string& upstream) {
  blocked_[upstream].push_back(entry_of(instance));
}

// A dry run takes no place, so it is read again at once.
std::optional<InstanceId> ReadyList::take_ended() {
  if (ended_.empty()) return std::nullopt;
  InstanceId id = std::move(ended_.extract(ended_.begin()).value());
  auto waiting = blocked_.extract(id.job);
  if (!waiting) return id;
  for (Entry& entry : waiting.mapped()) {
    if (entry.dry_run) {
      ended_.insert(std::move(entry.id));
    } else {
      ready_.insert(std::move(entry));
    }
  }
  return id;
}

std::optional<ReadyList::Entry> ReadyList::first() const {
  if (ready_.empty()) return std::nullopt;
  return *ready_.begin();
}

std::optional<ReadyList::Entry> ReadyList::next(const Entry& after) const {
  const auto found = ready_.upper_bound(after);
  if (found == ready_.end()) return std::nullopt;
  return *found;
}

}  // namespace sluice::scheduler
