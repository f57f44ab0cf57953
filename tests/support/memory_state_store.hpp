#pragma once
// The state store in memory: the reference for what the port means. Keeps its content when the scheduler that
// used it is dropped, so a test can start another one on it. Passes state_store_conformance.hpp.

#include "scheduler/state_store.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

using scheduler::Attempt;
using scheduler::AttemptResult;
using scheduler::AuditEntry;
using scheduler::Coverage;
using scheduler::Instance;
using scheduler::InstanceId;
using scheduler::InstanceQuery;
using scheduler::NewInstance;
using scheduler::Outcome;
using scheduler::State;

class MemoryStateStore final : public scheduler::StateStore {
 public:
  awaitable<std::size_t> add_instances(std::vector<NewInstance> instances) override {
    co_await yield();
    std::size_t added = 0;
    for (NewInstance& planned : instances) added += add(std::move(planned)) ? 1U : 0U;
    co_return added;
  }

  awaitable<std::optional<Instant>> last_planned(std::string job) override {
    co_await yield();
    const auto found = jobs_.find(job);
    if (found == jobs_.end() || found->second.slots.empty()) co_return std::nullopt;
    co_return found->second.slots.rbegin()->first;
  }

  awaitable<std::size_t> remove_unstarted(std::string job, Instant after, std::string version) override {
    co_await yield();
    Chain& chain = jobs_[job];
    std::size_t removed = 0;
    for (auto slot = chain.slots.upper_bound(after); slot != chain.slots.end();) {
      const Instance& instance = records_.at(slot->second).instance;
      const bool decided = instance.state == State::frozen || instance.state == State::failure;
      const bool keep =
          instance.attempts > 0 || decided || is_done(instance.state) || instance.version == version;
      if (keep) {
        ++slot;
        continue;
      }
      chain.open.erase(slot->first);
      records_.erase(slot->second);
      slot = chain.slots.erase(slot);
      ++removed;
    }
    co_return removed;
  }

  awaitable<std::vector<Instance>> heads(Instant now) override {
    co_await yield();
    std::vector<Instance> found;
    for (const auto& [job, chain] : jobs_) {
      if (chain.open.empty() || *chain.open.begin() > now) continue;
      found.push_back(records_.at(chain.slots.at(*chain.open.begin())).instance);
    }
    co_return found;
  }

  awaitable<std::optional<Instance>> head(std::string job) override {
    co_await yield();
    const Chain& chain = jobs_[job];
    if (chain.open.empty()) co_return std::nullopt;
    co_return records_.at(chain.slots.at(*chain.open.begin())).instance;
  }

  awaitable<std::optional<Instant>> next_due(Instant now) override {
    co_await yield();
    std::optional<Instant> least;
    const auto consider = [&](Instant at) {
      if (at > now && (!least || at < *least)) least = at;
    };
    for (const auto& [job, chain] : jobs_) {
      const auto slot = chain.open.upper_bound(now);
      if (slot != chain.open.end()) consider(*slot);
    }
    for (const std::int64_t row : retrying_) consider(*records_.at(row).instance.retry_at);
    co_return least;
  }

  // What an operator does to drop an instance's dependencies on other jobs.
  void release(std::int64_t row) { records_.at(row).instance.released = true; }

  awaitable<std::vector<Instance>> runnable(std::string job, Instant after, Instant now,
                                            std::size_t limit) override {
    co_await yield();
    std::vector<Instance> found;
    const Chain& chain = jobs_[job];
    for (auto slot = chain.open.upper_bound(after); slot != chain.open.end() && *slot <= now; ++slot) {
      const Instance& instance = records_.at(chain.slots.at(*slot)).instance;
      if (found.size() < limit && is_runnable(instance.state)) found.push_back(instance);
    }
    co_return found;
  }

  awaitable<scheduler::SlotProgress> progress(std::string job, Instant first, Instant last) override {
    co_await yield();
    scheduler::SlotProgress progress;
    const Chain& chain = jobs_[job];
    if (chain.slots.empty()) co_return progress;
    progress.first_planned = chain.slots.begin()->first;
    progress.last_planned = chain.slots.rbegin()->first;
    for (auto slot = chain.slots.lower_bound(first); slot != chain.slots.end() && slot->first <= last;
         ++slot) {
      ++progress.planned;
      if (!chain.open.contains(slot->first)) continue;
      ++progress.open;
      if (!progress.first_open) progress.first_open = records_.at(slot->second).instance;
    }
    co_return progress;
  }

  awaitable<std::optional<scheduler::CommittedEnd>> committed_before(std::string job,
                                                                     Instant before) override {
    co_await yield();
    const Chain& chain = jobs_[job];
    for (auto slot = chain.slots.lower_bound(before); slot != chain.slots.begin();) {
      --slot;
      const Record& record = records_.at(slot->second);
      if (!record.end) continue;
      scheduler::CommittedEnd end;
      end.slot = slot->first;
      end.window_end = record.instance.window_end;
      end.positions = *record.end;
      co_return end;
    }
    co_return std::nullopt;
  }

  awaitable<std::vector<Instance>> of_other_zones(std::string job, std::string zone, Instant from,
                                                  Instant before) override {
    co_await yield();
    std::vector<Instance> found;
    const Chain& chain = jobs_[job];
    for (auto slot = chain.slots.lower_bound(from); slot != chain.slots.end() && slot->first < before;
         ++slot) {
      const Instance& instance = records_.at(slot->second).instance;
      if (instance.zone != zone) found.push_back(instance);
    }
    co_return found;
  }

  awaitable<std::optional<pipeline::Positions>> start_positions(std::int64_t instance_row) override {
    co_await yield();
    co_return records_.at(instance_row).start;
  }

  awaitable<std::optional<pipeline::Positions>> end_positions(std::int64_t instance_row) override {
    co_await yield();
    co_return records_.at(instance_row).end;
  }

  awaitable<Result<void>> change_state(std::int64_t instance_row, std::vector<State> from, State to,
                                       std::string reason) override {
    co_await yield();
    co_return change(instance_row, from, to, std::move(reason));
  }

  awaitable<Result<void>> operate(std::int64_t instance_row, std::vector<State> from, State to,
                                  std::string reason, AuditEntry entry) override {
    co_await yield();
    Result<void> changed = change(instance_row, from, to, std::move(reason));
    if (!changed) co_return changed;
    Record& record = records_.at(instance_row);
    record.instance.failures = 0;
    set_retry(record, std::nullopt);
    audit_.push_back(std::move(entry));
    co_return changed;
  }

  // In memory_attempts.hpp.
  awaitable<Result<Attempt>> begin_attempt(scheduler::Claim claim, pipeline::Positions start,
                                           Instant now) override;
  awaitable<void> succeed(Attempt attempt, Outcome outcome, Instant now) override;
  awaitable<void> fail(Attempt attempt, AttemptResult result, Error error, pipeline::Statistics statistics,
                       std::optional<Instant> retry_at, Instant now) override;
  awaitable<std::vector<Instance>> close_lost(Instant now, std::vector<std::string> never_again) override;

  awaitable<std::vector<Instance>> instances(InstanceQuery query) override {
    co_await yield();
    std::vector<Instance> found;
    for (const auto& [job, chain] : jobs_) {
      if (!query.job.empty() && query.job != job) continue;
      std::size_t taken = 0;
      const auto take = [&](std::int64_t row) {
        const Instance& instance = records_.at(row).instance;
        if (!matches(query, instance)) return;
        found.push_back(instance);
        ++taken;
      };
      const auto from = query.from ? chain.slots.lower_bound(*query.from) : chain.slots.begin();
      const Instant until = std::max(query.to.value_or(Instant::max()), query.from.value_or(Instant::min()));
      const auto to = chain.slots.lower_bound(until);
      if (query.ascending) {
        for (auto slot = from; slot != to && taken < query.limit; ++slot) take(slot->second);
      } else {
        for (auto slot = to; slot != from && taken < query.limit;) take((--slot)->second);
      }
    }
    const auto first = [&](const Instance& a, const Instance& b) { return comes_before(query, a.id, b.id); };
    std::sort(found.begin(), found.end(), first);
    if (found.size() > query.limit) found.resize(query.limit);
    co_return found;
  }

  awaitable<std::optional<Instance>> instance(InstanceId id) override {
    co_await yield();
    const std::int64_t* row = find_row(id);
    if (row == nullptr) co_return std::nullopt;
    co_return records_.at(*row).instance;
  }

  awaitable<std::optional<Instance>> predecessor(InstanceId id) override {
    co_await yield();
    const Chain& chain = jobs_[chain_of(id)];
    const auto slot = chain.slots.lower_bound(id.scheduled);
    if (slot == chain.slots.begin()) co_return std::nullopt;
    co_return records_.at(std::prev(slot)->second).instance;
  }

  awaitable<std::vector<Attempt>> attempts(std::int64_t instance_row) override {
    co_await yield();
    co_return records_.at(instance_row).attempts;
  }

  awaitable<Coverage> coverage(std::string job) override {
    co_await yield();
    Coverage coverage;
    coverage.job = job;
    bool missing = false;  // before a table's window, which has no positions
    for (const auto& [slot, row] : jobs_[job].slots) {
      const Record& record = records_.at(row);
      missing = missing || record.instance.state != State::success;
      if (record.instance.state != State::success || !record.end) continue;
      if (missing && record.end->stream.empty()) coverage.from = coverage.begun = std::nullopt;
      missing = false;
      ++coverage.windows;
      coverage.rows += record.instance.rows;
      coverage.gaps.insert(coverage.gaps.end(), record.gaps.begin(), record.gaps.end());
      if (!coverage.begun) coverage.begun = record.instance.window_start;
      if (!coverage.from || !record.gaps.empty()) coverage.from = record.instance.window_start;
      coverage.until = record.instance.window_end;
    }
    co_return coverage;
  }

  awaitable<std::vector<std::pair<State, std::uint64_t>>> counts(std::string job) override {
    co_await yield();
    std::map<State, std::uint64_t> counted;
    for (const auto& [slot, row] : jobs_[job].slots) ++counted[records_.at(row).instance.state];
    co_return std::vector<std::pair<State, std::uint64_t>>(counted.begin(), counted.end());
  }

  awaitable<std::vector<AuditEntry>> audit(std::size_t limit) override {
    co_await yield();
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, audit_.size()));
    co_return std::vector<AuditEntry>(audit_.rbegin(), audit_.rbegin() + count);
  }

  // In memory_operations.hpp.
  awaitable<Result<void>> operate_all(std::vector<scheduler::Change> changes) override;
  awaitable<std::size_t> skip(scheduler::WaitingRange range, std::string reason, AuditEntry entry) override;
  awaitable<scheduler::Waiting> waiting(scheduler::WaitingRange range) override;
  awaitable<std::optional<Instant>> committed_after(std::string chain, Instant slot) override;
  awaitable<void> finish_dry_run(std::int64_t instance_row, Instant now) override;
  awaitable<std::vector<scheduler::Pause>> pauses() override;
  awaitable<void> pause(scheduler::Pause pause, AuditEntry entry) override;
  awaitable<std::size_t> resume(std::string job, std::optional<scheduler::WaitingRange> skipped,
                                std::string reason, AuditEntry entry) override;

 private:
  friend class MemoryView;  // tests/sim/store_view.hpp
  struct Record {
    Instance instance;
    std::optional<pipeline::Positions> start;
    std::optional<pipeline::Positions> end;
    std::vector<pipeline::Gap> gaps;
    std::vector<Attempt> attempts;
  };
  struct Chain {
    std::map<Instant, std::int64_t> slots;
    std::set<Instant> open;       // slots whose instance is not done
    std::set<Instant> committed;  // slots whose window has its end
  };

  // A real store answers later, never in the same turn of the loop.
  static awaitable<void> yield() {
    const Executor executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
  }

  bool add(NewInstance planned) {
    Chain& chain = jobs_[chain_of(planned.id)];
    const Instant slot = planned.id.scheduled;
    if (!chain.slots.emplace(slot, next_row_).second) return false;
    if (!is_done(planned.state)) chain.open.insert(slot);
    Instance& instance = records_[next_row_].instance;
    instance.row = next_row_++;
    instance.id = std::move(planned.id);
    instance.zone = std::move(planned.zone);
    instance.cycle = planned.cycle;
    instance.values = std::move(planned.values);
    instance.window_start = planned.window_start;
    instance.window_end = planned.window_end;
    instance.version = std::move(planned.version);
    instance.priority = planned.priority;
    instance.dry_run = planned.dry_run;
    instance.state = planned.state;
    instance.reason = std::move(planned.reason);
    return true;
  }

  Result<void> change(std::int64_t row, const std::vector<State>& from, State to, std::string reason) {
    const auto found = records_.find(row);
    if (found == records_.end())
      return Error(Errc::not_found, fmt::format("find instance row {}: none", row));
    const State present = found->second.instance.state;
    if (std::find(from.begin(), from.end(), present) == from.end()) {
      return Error(Errc::refused_by_state, fmt::format("change instance: it is {}", to_string(present)));
    }
    if (present == State::retry_wait && to != State::retry_wait) set_retry(found->second, std::nullopt);
    move_to(found->second, to, std::move(reason));
    return {};
  }

  void move_to(Record& record, State to, std::string reason) {
    record.instance.state = to;
    record.instance.reason = std::move(reason);
    std::set<Instant>& open = jobs_[chain_of(record.instance.id)].open;
    if (is_done(to)) open.erase(record.instance.id.scheduled);
    if (!is_done(to)) open.insert(record.instance.id.scheduled);
  }

  void set_retry(Record& record, std::optional<Instant> at) {
    record.instance.retry_at = at;
    if (at) retrying_.insert(record.instance.row);
    if (!at) retrying_.erase(record.instance.row);
  }

  static void close(Attempt& attempt, AttemptResult result, const Error& error, Instant now);
  static Attempt* find_open(Record& record, int number);

  const std::int64_t* find_row(const InstanceId& id) const {
    const auto chain = jobs_.find(chain_of(id));
    if (chain == jobs_.end()) return nullptr;
    const auto slot = chain->second.slots.find(id.scheduled);
    return slot == chain->second.slots.end() ? nullptr : &slot->second;
  }

  static bool matches(const InstanceQuery& query, const Instance& instance) {
    if (query.after && !comes_before(query, *query.after, instance.id)) return false;
    return query.states.empty() ||
           std::find(query.states.begin(), query.states.end(), instance.state) != query.states.end();
  }

  // The rows of the range that skip() may touch.
  std::vector<std::int64_t> waiting_rows(const scheduler::WaitingRange& range);
  std::size_t skip_rows(const scheduler::WaitingRange& range, const std::string& reason);

  std::map<std::int64_t, Record> records_;
  std::map<std::string, Chain> jobs_;
  std::set<std::int64_t> retrying_;
  std::vector<AuditEntry> audit_;
  std::map<std::string, scheduler::Pause> pauses_;
  std::int64_t next_row_ = 1;
};

}  // namespace sluice::test

#include "tests/support/memory_attempts.hpp"
#include "tests/support/memory_operations.hpp"
