#include "daemon/history_keeper.hpp"

#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

constexpr std::chrono::hours kForgetEvery{24};
constexpr std::size_t kForgottenAtOnce = 100;                 // windows; a few milliseconds of the store
constexpr std::chrono::milliseconds kBetweenForgetting{200};  // the store is free for others meanwhile

awaitable<void> forget_once(scheduler::HistoryStore& store, Clock& clock, const Config& config) {
  const scheduler::HistoryLimits limits =
      scheduler::history_limits(clock.now(), config.history_positions, config.history_keep);
  std::size_t positions = 0;
  std::size_t rows = 0;
  std::string chain;
  while (true) {
    const scheduler::Forgotten done = co_await store.forget(limits, chain, kForgottenAtOnce);
    positions += done.positions;
    rows += done.rows;
    if (!done.next) break;
    chain = *done.next;
    co_await clock.sleep_for(kBetweenForgetting);
  }
  if (positions + rows > 0) spdlog::info("forgot old windows positions={} instances={}", positions, rows);
}

}  // namespace

awaitable<void> keep_history(scheduler::HistoryStore& store, Clock& clock, const Config& config) {
  while (true) {
    try {
      co_await forget_once(store, clock, config);
    } catch (const ErrorException& failure) {
      spdlog::warn("forget old windows: {}", failure.error().message());
    }
    co_await clock.sleep_for(kForgetEvery);
  }
}

}  // namespace sluice::daemon
