#pragma once
// Backfills and catch-up in memory, over any state store: the reference for what their ports mean. Passes
// backfill_store_conformance.hpp.

#include "scheduler/backfill_store.hpp"
#include "scheduler/catch_up_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class MemoryBackfills final : public scheduler::BackfillStore {
 public:
  using Backfill = scheduler::Backfill;
  using BackfillState = scheduler::BackfillState;
  using Instance = scheduler::Instance;
  using State = scheduler::State;

  // `store` has the instances and outlives this.
  explicit MemoryBackfills(scheduler::StateStore& store) : store_(store) {}

  std::vector<scheduler::AuditEntry> audited;

  awaitable<Backfill> add_backfill(Backfill backfill, scheduler::AuditEntry entry) override {
    backfill.id = static_cast<std::int64_t>(records_.size()) + 1;
    for (scheduler::BackfillGroup& group : backfill.groups) group.id = next_group_++;
    records_.emplace(backfill.id, Record{backfill, false});
    audited.push_back(std::move(entry));
    co_return backfill;
  }

  awaitable<void> backfill_planned(std::int64_t id, std::size_t left_out) override {
    const auto open = co_await open_of(id);
    Record& record = records_.at(id);
    record.backfill.planned = true;
    record.backfill.left_out = left_out;
    record.closed = open.empty();
  }

  awaitable<Result<void>> change_backfill(std::int64_t id, std::vector<BackfillState> from, BackfillState to,
                                          scheduler::AuditEntry entry) override {
    const auto found = records_.find(id);
    if (found == records_.end()) co_return Error(Errc::not_found, fmt::format("find backfill {}: none", id));
    const BackfillState present = shown(found->second).state;
    if (std::ranges::find(from, present) == from.end())
      co_return Error(Errc::refused_by_state, fmt::format("change backfill: it is {}", to_string(present)));
    found->second.backfill.state = to;
    audited.push_back(std::move(entry));
    co_return Result<void>();
  }

  awaitable<std::size_t> skip_waiting(std::int64_t id, std::string reason) override {
    const auto open = co_await open_of(id);
    std::size_t skipped = 0;
    for (const Instance& instance : open) {
      const std::vector<State> waiting = {State::not_run, State::wait_time, State::wait_resource,
                                          State::retry_wait};
      const auto done = co_await store_.change_state(instance.row, waiting, State::skipped, reason);
      skipped += done ? 1U : 0U;
    }
    co_return skipped;
  }

  awaitable<void> close_backfill(std::int64_t id) override {
    const auto open = co_await open_of(id);
    Record& record = records_.at(id);
    const bool complete = record.backfill.planned || record.backfill.state == BackfillState::cancelled;
    if (open.empty() && complete) record.closed = true;
  }

  awaitable<void> reopen_backfill(std::int64_t group) override {
    for (auto& [id, record] : records_) {
      if (has(record.backfill, group)) record.closed = false;
    }
    co_return;
  }

  awaitable<std::vector<Backfill>> unfinished_backfills() override {
    std::vector<Backfill> found;
    for (const auto& [id, record] : records_) {
      if (!record.closed) found.push_back(shown(record));
    }
    co_return found;
  }

  awaitable<std::vector<Backfill>> backfills(scheduler::BackfillQuery query) override {
    std::vector<Backfill> found;
    for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
      if (query.before != 0 && record->first >= query.before) continue;
      if (record->first <= query.after) continue;
      if (!query.job.empty() && record->second.backfill.order.job != query.job) continue;
      if (query.state && shown(record->second).state != *query.state) continue;
      if (found.size() < query.limit) found.push_back(shown(record->second));
    }
    co_return found;
  }

  awaitable<std::optional<Backfill>> backfill(std::int64_t id) override {
    const auto found = records_.find(id);
    if (found == records_.end()) co_return std::nullopt;
    co_return shown(found->second);
  }

  awaitable<std::optional<Backfill>> backfill_of_group(std::int64_t group) override {
    for (const auto& [id, record] : records_) {
      if (has(record.backfill, group)) co_return shown(record);
    }
    co_return std::nullopt;
  }

  awaitable<std::vector<Instance>> open_instances(std::string chain, bool descending,
                                                  std::size_t limit) override {
    std::vector<Instance> found;
    if (limit == 1 && !descending) {
      auto heads = co_await store_.heads(Instant::max());
      for (Instance& head : heads) {
        if (scheduler::chain_of(head.id) == chain) found.push_back(std::move(head));
      }
      co_return found;
    }
    const auto all = co_await chain_instances(chain);
    for (const Instance& instance : all) {
      if (!scheduler::is_done(instance.state)) found.push_back(instance);
    }
    if (descending) std::ranges::reverse(found);
    if (found.size() > limit) found.resize(limit);
    co_return found;
  }

  awaitable<std::vector<std::pair<Instant, State>>> states(std::string chain, Instant from,
                                                           Instant to) override {
    std::vector<std::pair<Instant, State>> found;
    const auto all = co_await chain_instances(chain);
    for (const Instance& instance : all) {
      if (instance.id.scheduled >= from && instance.id.scheduled < to)
        found.emplace_back(instance.id.scheduled, instance.state);
    }
    co_return found;
  }

  awaitable<std::vector<scheduler::Coverage>> backfilled(std::string job) override {
    std::vector<scheduler::Coverage> found;
    for (const auto& [id, record] : records_) {
      if (record.backfill.order.job != job) continue;
      for (const scheduler::BackfillGroup& group : record.backfill.groups) {
        auto covered = co_await store_.coverage(scheduler::chain_of(job, group.id));
        if (covered.until) found.push_back(std::move(covered));
      }
    }
    if (found.size() > scheduler::kBackfilledShown)
      found.erase(found.begin(), found.end() - scheduler::kBackfilledShown);
    co_return found;
  }

 private:
  struct Record {
    Backfill backfill;
    bool closed = false;
  };

  static Backfill shown(const Record& record) {
    Backfill backfill = record.backfill;
    if (record.closed && backfill.state != BackfillState::cancelled) backfill.state = BackfillState::done;
    return backfill;
  }

  static bool has(const Backfill& backfill, std::int64_t group) {
    return std::ranges::any_of(backfill.groups, [group](const auto& one) { return one.id == group; });
  }

  // Of the whole chain, by slot.
  awaitable<std::vector<Instance>> chain_instances(std::string chain) {
    scheduler::InstanceQuery query;
    query.job = chain;
    query.limit = 1'000'000;
    auto found = co_await store_.instances(query);
    std::ranges::reverse(found);
    co_return found;
  }

  awaitable<std::vector<Instance>> open_of(std::int64_t id) {
    std::vector<Instance> found;
    const Backfill backfill = records_.at(id).backfill;
    for (const scheduler::BackfillGroup& group : backfill.groups) {
      const auto open =
          co_await open_instances(scheduler::chain_of(backfill.order.job, group.id), false, 1'000'000);
      for (const Instance& instance : open) {
        const bool stuck = scheduler::waits_for_person(instance.state);
        if (!stuck || backfill.state != BackfillState::cancelled) found.push_back(instance);
      }
    }
    co_return found;
  }

  scheduler::StateStore& store_;
  std::map<std::int64_t, Record> records_;
  std::int64_t next_group_ = 1;
};

class MemoryCatchUp final : public scheduler::CatchUpStore {
 public:
  // `store` has the instances and outlives this.
  explicit MemoryCatchUp(scheduler::StateStore& store) : store_(store) {}

  awaitable<std::optional<Instant>> watched_until() override { co_return watched_; }
  awaitable<void> watch(Instant until) override {
    watched_ = until;
    co_return;
  }
  awaitable<std::vector<scheduler::Absence>> absences() override {
    std::vector<scheduler::Absence> found;
    for (const auto& [job, since] : absences_) {
      scheduler::Absence& absence = found.emplace_back();
      absence.job = job;
      absence.since = since;
    }
    co_return found;
  }
  awaitable<void> change_absences(std::vector<scheduler::Absence> added,
                                  std::vector<std::string> ended) override {
    for (const scheduler::Absence& absence : added) absences_.emplace(absence.job, absence.since);
    for (const std::string& job : ended) absences_.erase(job);
    co_return;
  }
  awaitable<std::vector<std::string>> planned_jobs() override {
    scheduler::InstanceQuery query;
    query.limit = 1'000'000;
    const auto all = co_await store_.instances(query);
    std::set<std::string> names;
    for (const scheduler::Instance& instance : all) {
      if (instance.id.group == 0) names.insert(instance.id.job);
    }
    co_return std::vector<std::string>(names.begin(), names.end());
  }
  awaitable<std::vector<Instant>> never_started(std::string chain, Instant from, Instant to) override {
    scheduler::InstanceQuery query;
    query.job = chain;
    query.from = from;
    query.to = to;
    query.limit = 1'000'000;
    const auto all = co_await store_.instances(query);
    std::vector<Instant> found;
    for (const scheduler::Instance& instance : all) {
      const bool waits = instance.state == scheduler::State::not_run ||
                         instance.state == scheduler::State::wait_time ||
                         instance.state == scheduler::State::wait_resource;
      if (waits && instance.attempts == 0 && !instance.dry_run) found.push_back(instance.id.scheduled);
    }
    std::ranges::reverse(found);
    co_return found;
  }

 private:
  scheduler::StateStore& store_;
  std::optional<Instant> watched_;
  std::map<std::string, Instant> absences_;
};

}  // namespace sluice::test
