#include "daemon/app/housekeeping.hpp"

#include "daemon/base/resident.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include <stop_token>

namespace sluice::daemon {
namespace {

constexpr std::size_t kVersionsOfJob = 1000;
constexpr std::size_t kForgottenAtOnce = 100;                 // windows; a few milliseconds of the store
constexpr std::chrono::milliseconds kBetweenForgetting{200};  // the store is free for others meanwhile

// A stop unwinds a coroutine that waits for the disk's thread only when that is done, which a round over all
// logs may be in minutes: this tells the thread to leave off.
awaitable<std::stop_token> told_to_leave_off() {
  std::stop_source source;
  auto slot = (co_await boost::asio::this_coro::cancellation_state).slot();
  const auto tell = [source](boost::asio::cancellation_type) mutable { source.request_stop(); };
  if (slot.is_connected()) slot.assign(tell);
  co_return source.get_token();
}

}  // namespace

awaitable<void> Housekeeping::prune_logs() {
  for (;;) {
    if (!parts_.clock_in_doubt()) co_await compress_once();
    if (!parts_.clock_in_doubt()) co_await prune_once();
    co_await parts_.clock.sleep_for(kLogsEvery);
  }
}

// The size of all logs is counted afterwards. Clock and configuration are the loop's: a reload changes the
// latter while the disk's thread works.
awaitable<void> Housekeeping::compress_once() {
  const Instant now = parts_.clock.now();
  const Duration age = parts_.config.log_compress_after;
  const std::stop_token stop = co_await told_to_leave_off();
  auto compress = [this, now, age, &stop] { return parts_.logs.compress(now, age, stop); };
  const auto compressed = co_await disk_worker_.call(compress);
  if (!compressed) spdlog::warn("compress old logs: {}", compressed.error().message());
}

awaitable<void> Housekeeping::prune_once() {
  storage::LogRetention retention;
  retention.age_max = std::chrono::hours(24) * parts_.config.log_retention_days;
  retention.bytes_max = parts_.config.log_total_bytes_max;
  const Instant now = parts_.clock.now();
  const std::stop_token stop = co_await told_to_leave_off();
  auto prune = [&] { return parts_.logs.prune(now, retention, stop); };
  const auto pruned = co_await disk_worker_.call(prune);
  if (!pruned) spdlog::warn("remove old logs: {}", pruned.error().message());
  if (pruned && pruned->files > 0)
    spdlog::info("removed old logs files={} bytes={}", pruned->files, pruned->bytes);
}

awaitable<void> Housekeeping::remove_versions() {
  for (;;) {
    co_await parts_.clock.sleep_for(kVersionsEvery);
    if (parts_.clock_in_doubt()) continue;
    try {
      co_await remove_versions_once();
    } catch (const ErrorException& failure) {
      spdlog::warn("remove old versions of jobs: {}", failure.error().message());
    }
  }
}

awaitable<void> Housekeeping::remove_versions_once() {
  const Instant before = parts_.clock.now() - parts_.config.history_keep;
  const auto removed = co_await parts_.versions.remove_versions(before, kVersionsOfJob);
  if (removed > 0) spdlog::info("removed old versions of jobs count={}", removed);
}

awaitable<void> Housekeeping::forget_windows() {
  for (;;) {
    try {
      if (!parts_.clock_in_doubt()) co_await forget_once();
    } catch (const ErrorException& failure) {
      spdlog::warn("forget old windows: {}", failure.error().message());
    }
    co_await parts_.clock.sleep_for(kHistoryEvery);
  }
}

// Not on the loop's thread, which has its turns to take meanwhile.
awaitable<void> Housekeeping::give_back_memory() {
  for (;;) {
    co_await parts_.clock.sleep_for(kMemoryEvery);
    auto give_back = [] {
      give_back_freed_memory();
      return true;
    };
    co_await disk_worker_.call(give_back);
  }
}

awaitable<void> Housekeeping::forget_once() {
  const scheduler::HistoryLimits limits = scheduler::history_limits(
      parts_.clock.now(), parts_.config.history_positions, parts_.config.history_keep);
  std::size_t positions = 0;
  std::size_t rows = 0;
  std::string chain;
  while (true) {
    const scheduler::Forgotten done = co_await parts_.history.forget(limits, chain, kForgottenAtOnce);
    positions += done.positions;
    rows += done.rows;
    if (!done.next) break;
    chain = *done.next;
    co_await parts_.clock.sleep_for(kBetweenForgetting);
  }
  if (positions + rows > 0) spdlog::info("forgot old windows positions={} instances={}", positions, rows);
}

}  // namespace sluice::daemon
