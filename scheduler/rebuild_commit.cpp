#include "scheduler/rebuild_commit.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::scheduler {
namespace {

constexpr std::size_t kNewestLookedAt = 1000;

std::string name_of(const Instance& instance) { return to_string(instance.id, instance.zone); }

// Whatever it waited for, or somebody did to it, its window was exported.
awaitable<Result<void>> make_startable(StateStore& store, const Instance& instance, std::string proof) {
  if (is_runnable(instance.state)) co_return Result<void>();
  std::vector<State> from = {State::failure, State::lost, State::frozen, State::skipped, State::success};
  std::string reason = "proven by " + proof;
  co_return co_await store.change_state(instance.row, std::move(from), State::wait_resource,
                                        std::move(reason));
}

awaitable<Result<void>> run_again(StateStore& store, const Instance& instance, const ProvenWindow& window,
                                  std::string actor, Instant now) {
  AuditEntry entry;
  entry.at = now;
  entry.actor = std::move(actor);
  entry.action = "rerun";
  entry.target = name_of(instance);
  entry.detail = window.rerun;
  std::vector<State> from(1, State::success);
  std::string reason = "runs again: " + window.rerun;
  co_return co_await store.operate(instance.row, std::move(from), State::wait_resource, std::move(reason),
                                   std::move(entry));
}

awaitable<Result<void>> commit_one(StateStore& store, const ProvenWindow& window, std::string actor,
                                   Instant now) {
  const auto instance = co_await store.instance(window.instance.id);
  if (!instance) co_return none_planned(window.instance.id);
  const auto known = co_await store.end_positions(instance->row);
  if (!known) {
    const auto startable = co_await make_startable(store, *instance, window.proof);
    if (!startable) co_return startable.error().in("rebuild " + name_of(*instance));
    pipeline::Positions start = window.start;
    const auto attempt = co_await store.begin_attempt(instance->row, std::move(start), now);
    if (!attempt) co_return attempt.error().in("rebuild " + name_of(*instance));
    Outcome outcome = window.outcome;
    co_await store.succeed(*attempt, std::move(outcome), now);
  }
  if (window.rerun.empty()) co_return Result<void>();
  const auto present = co_await store.instance(window.instance.id);
  if (!present || present->state != State::success) co_return Result<void>();
  co_return co_await run_again(store, *present, window, std::move(actor), now);
}

}  // namespace

awaitable<Result<void>> commit_proven(StateStore& store, std::vector<ProvenWindow> windows, std::string actor,
                                      Instant now) {
  std::vector<NewInstance> rows;
  rows.reserve(windows.size());
  for (const ProvenWindow& window : windows) rows.push_back(window.instance);
  co_await store.add_instances(std::move(rows));
  for (const ProvenWindow& window : windows) {
    const auto committed = co_await commit_one(store, window, actor, now);
    if (!committed) co_return committed;
  }
  co_return Result<void>();
}

awaitable<std::optional<CommittedEnd>> newest_end(StateStore& store, std::string chain) {
  InstanceQuery query;
  query.job = std::move(chain);
  query.states.push_back(State::success);
  query.limit = kNewestLookedAt;
  const std::vector<Instance> newest = co_await store.instances(query);
  for (const Instance& instance : newest) {
    auto end = co_await store.end_positions(instance.row);
    if (!end) continue;
    CommittedEnd found;
    found.slot = instance.id.scheduled;
    found.window_end = instance.window_end;
    found.positions = std::move(*end);
    co_return found;
  }
  co_return std::nullopt;
}

}  // namespace sluice::scheduler
