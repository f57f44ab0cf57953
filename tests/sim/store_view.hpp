#pragma once
// A state store as the oracles see it: at once, without a turn of the loop, beside the scheduler's own calls.

#include "storage/sqlite_state_store.hpp"
#include "tests/support/memory_state_store.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

class StoreView {
 public:
  virtual ~StoreView() = default;

  // The instances of a chain by slot, those with slot >= from.
  virtual void each(const std::string& chain, Instant from,
                    const std::function<void(const Instance&)>& look) = 0;
  virtual std::optional<Instance> find(const InstanceId& id) = 0;
  // Instances of the chain that are not done, with slot < before.
  virtual std::size_t open_before(const std::string& chain, Instant before) = 0;
  virtual std::optional<Instance> first(const std::string& chain) = 0;
  virtual std::optional<Instance> newest(const std::string& chain) = 0;
  // The newest ones with slot < to, newest first.
  virtual std::vector<Instance> recent(const std::string& chain, Instant to, std::size_t limit) = 0;
  virtual std::vector<std::string> chains() = 0;
  virtual std::optional<pipeline::Positions> start(std::int64_t row) = 0;
  virtual std::optional<pipeline::Positions> end(std::int64_t row) = 0;
  virtual std::size_t open_attempts(std::int64_t row) = 0;
};

class MemoryView final : public StoreView {
 public:
  explicit MemoryView(MemoryStateStore& store) : store_(store) {}

  void each(const std::string& chain, Instant from,
            const std::function<void(const Instance&)>& look) override {
    const auto found = store_.jobs_.find(chain);
    if (found == store_.jobs_.end()) return;
    for (auto slot = found->second.slots.lower_bound(from); slot != found->second.slots.end(); ++slot)
      look(store_.records_.at(slot->second).instance);
  }
  std::optional<Instance> find(const InstanceId& id) override {
    const std::int64_t* row = store_.find_row(id);
    if (row == nullptr) return std::nullopt;
    return store_.records_.at(*row).instance;
  }
  // Looks at every row: the store's own index of what is open is not believed.
  std::size_t open_before(const std::string& chain, Instant before) override {
    const auto found = store_.jobs_.find(chain);
    if (found == store_.jobs_.end()) return 0;
    std::size_t open = 0;
    for (const auto& [slot, row] : found->second.slots) {
      if (slot >= before) break;
      open += is_done(store_.records_.at(row).instance.state) ? 0U : 1U;
    }
    return open;
  }
  std::optional<Instance> first(const std::string& chain) override {
    const auto found = store_.jobs_.find(chain);
    if (found == store_.jobs_.end() || found->second.slots.empty()) return std::nullopt;
    return store_.records_.at(found->second.slots.begin()->second).instance;
  }
  std::optional<Instance> newest(const std::string& chain) override {
    const std::vector<Instance> one = recent(chain, Instant::max(), 1);
    if (one.empty()) return std::nullopt;
    return one.front();
  }
  std::vector<Instance> recent(const std::string& chain, Instant to, std::size_t limit) override {
    std::vector<Instance> found;
    const auto known = store_.jobs_.find(chain);
    if (known == store_.jobs_.end()) return found;
    for (auto slot = known->second.slots.lower_bound(to);
         slot != known->second.slots.begin() && found.size() < limit;)
      found.push_back(store_.records_.at((--slot)->second).instance);
    return found;
  }
  std::vector<std::string> chains() override {
    std::vector<std::string> names;
    for (const auto& [name, chain] : store_.jobs_) names.push_back(name);
    return names;
  }
  std::optional<pipeline::Positions> start(std::int64_t row) override {
    return store_.records_.at(row).start;
  }
  std::optional<pipeline::Positions> end(std::int64_t row) override { return store_.records_.at(row).end; }
  std::size_t open_attempts(std::int64_t row) override {
    std::size_t open = 0;
    for (const Attempt& attempt : store_.records_.at(row).attempts)
      open += attempt.result == AttemptResult::open ? 1U : 0U;
    return open;
  }

 private:
  MemoryStateStore& store_;
};

// For a store that works in its caller's thread: between two calls nothing of it is in use.
class SqliteView final : public StoreView {
 public:
  explicit SqliteView(storage::SqliteStateStore& store) : store_(store) {}

  void each(const std::string& chain, Instant from,
            const std::function<void(const Instance&)>& look) override {
    InstanceQuery query;
    query.job = chain;
    query.from = from;
    query.limit = 1000;
    std::vector<Instance> all;
    while (true) {
      std::vector<Instance> page = store_.instances(query);
      if (page.empty()) break;
      query.after = page.back().id;
      all.insert(all.end(), page.begin(), page.end());
    }
    for (auto instance = all.rbegin(); instance != all.rend(); ++instance) look(*instance);
  }
  std::optional<Instance> find(const InstanceId& id) override { return store_.instance(id); }
  std::size_t open_before(const std::string& chain, Instant before) override {
    return store_.progress(chain, Instant::min(), before - Duration(1)).open;
  }
  std::optional<Instance> first(const std::string& chain) override {
    const auto progress = store_.progress(chain, Instant::min(), Instant::max());
    if (!progress.first_planned) return std::nullopt;
    const scheduler::Chain parts = scheduler::parse_chain(chain);
    return store_.instance(InstanceId{parts.job, *progress.first_planned, parts.group});
  }
  std::optional<Instance> newest(const std::string& chain) override {
    const std::vector<Instance> one = recent(chain, Instant::max(), 1);
    if (one.empty()) return std::nullopt;
    return one.front();
  }
  std::vector<Instance> recent(const std::string& chain, Instant to, std::size_t limit) override {
    InstanceQuery query;
    query.job = chain;
    query.to = to;
    query.limit = limit;
    return store_.instances(query);
  }
  std::vector<std::string> chains() override {
    std::vector<std::string> names;
    auto rows = store_.database().prepare("SELECT name FROM jobs ORDER BY name");
    while (rows.step()) names.push_back(rows.text(0));
    return names;
  }
  std::optional<pipeline::Positions> start(std::int64_t row) override { return store_.start_positions(row); }
  std::optional<pipeline::Positions> end(std::int64_t row) override { return store_.end_positions(row); }
  std::size_t open_attempts(std::int64_t row) override {
    std::size_t open = 0;
    for (const Attempt& attempt : store_.attempts(row))
      open += attempt.result == AttemptResult::open ? 1U : 0U;
    return open;
  }

 private:
  storage::SqliteStateStore& store_;
};

}  // namespace sluice::test
