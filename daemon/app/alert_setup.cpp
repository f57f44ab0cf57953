#include "daemon/app/alert_setup.hpp"

namespace sluice::daemon {
namespace {

// The scheduler looks for due instances every 30 s at least.
constexpr Duration kTurnEvery = std::chrono::seconds(90);

}  // namespace

Alerting::Alerting(Parts parts)
    : parts_(parts),
      store_(parts.store),
      backfills_(parts.store),
      service_(AlertService::Parts{parts.executor, parts.clock, parts.random, parts.store, store_, backfills_,
                                   parts.config, parts.metrics, world(), parts.told},
               make_channels()),
      heartbeat_(Heartbeat::Parts{parts.clock, parts.transport, parts.config.heartbeat, parts.metrics,
                                  [this] { return trouble(); }}) {}

AlertWorld Alerting::world() const {
  AlertWorld world;
  world.jobs = [this] { return parts_.jobs.jobs(); };
  world.begins = [this](const std::string& job) { return parts_.scheduler.begins(job); };
  world.pauses = [this] { return parts_.store.pauses(); };
  world.blocked = [this] { return parts_.scheduler.blocked(); };
  world.ready = [this] { return parts_.scheduler.ready(); };
  world.store_failure = [this] { return parts_.scheduler.store_failure(); };
  world.lost_attempts = [this] { return parts_.scheduler.counters().lost; };
  world.definition_problems = [this] { return problems(); };
  world.clock_in_doubt = [this] { return parts_.scheduler.clock_doubt().has_value(); };
  return world;
}

std::vector<std::unique_ptr<Channel>> Alerting::make_channels() const {
  std::vector<std::unique_ptr<Channel>> channels;
  for (const ChannelConfig& config : parts_.config.channels)
    channels.push_back(make_channel(config, ChannelPorts{parts_.executor, parts_.clock, parts_.transport}));
  return channels;
}

std::string Alerting::trouble() const {
  scheduler::Scheduler& scheduler = parts_.scheduler;
  if (!scheduler.ready()) return "the scheduler is not ready";
  if (scheduler.store_failure()) return "the state store does not work";
  if (!service_.healthy()) return "alerts cannot be stored";
  if (scheduler.clock_doubt()) return "the wall clock jumped ahead";
  if (parts_.clock.monotonic() - scheduler.last_turn() > kTurnEvery) return "the scheduler stands still";
  return "";
}

std::vector<job::Problem> Alerting::problems() const {
  std::vector<job::Problem> all = parts_.problems();
  for (const job::Job& job : parts_.jobs.jobs()) {
    for (job::Problem& problem : unknown_channels(parts_.config, job)) all.push_back(std::move(problem));
  }
  return all;
}

}  // namespace sluice::daemon
