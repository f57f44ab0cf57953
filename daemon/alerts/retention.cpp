#include "daemon/alerts/retention.hpp"

#include "daemon/base/time_text.hpp"

namespace sluice::daemon {
namespace {

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

awaitable<std::optional<RetentionState>> retention_of(scheduler::StateStore& store, const job::Job& job,
                                                      Instant now) {
  // Nothing behind it is committed, unless the clock has been set back: then until it is there again what was
  // committed before that counts. Asked without a bound the store would walk over the rest of the day's plan.
  const auto newest = co_await store.committed_before(job.name, now + Duration(1));
  std::optional<RetentionState> state;
  if (!newest) co_return state;
  const auto clock = pipeline::retention_clock(newest->positions, now);
  if (!clock) co_return state;
  state.emplace();
  state->clock = *clock;
  state->warn_below = clock->warn_below(job::retention_warning(job));
  co_return state;
}

boost::json::value to_json(const std::optional<RetentionState>& state) {
  if (!state) return nullptr;
  return boost::json::object{{"needed_from", utc_text(state->clock.needed_from)},
                             {"trimmed_at", utc_text(state->clock.trimmed_at)},
                             {"left_seconds", seconds(state->clock.left)},
                             {"retention_seconds", seconds(state->clock.retention)},
                             {"warn_below_seconds", seconds(state->warn_below)},
                             {"low", state->is_low()},
                             {"shard", state->clock.shard}};
}

}  // namespace sluice::daemon
