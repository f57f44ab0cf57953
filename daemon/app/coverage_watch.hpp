#pragma once
// Tells changes that no action brings about by itself: what became durable, which job is late by now, whether
// the clock is in doubt.

#include "core/base/clock.hpp"
#include "daemon/api/event_feed.hpp"
#include "daemon/api/readiness.hpp"
#include "scheduler/state_store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::daemon {

class CoverageWatch {
 public:
  // A job becomes late as time passes; nobody is told of that, so it is looked at.
  static constexpr Duration kLookEvery = std::chrono::seconds(15);
  static constexpr Duration kLookPause = std::chrono::seconds(2);  // at least, however much happens

  // All outlive this.
  struct Parts {
    Clock& clock;
    scheduler::StateStore& store;
    EventFeed& feed;
    std::function<awaitable<Readiness>()> readiness;  // readiness_of() the service
  };
  explicit CoverageWatch(Parts parts) : parts_(std::move(parts)) {}

  // Until cancelled. A store that fails is asked again.
  awaitable<void> run();
  // One look; throws what the store throws, then nothing of it is told twice.
  awaitable<void> look();

  // Also told of every change of an instance.
  void instance_changed(const scheduler::Instance& instance);

 private:
  // What is told again only when it is another one. The texts are left out: they may name times that pass.
  struct Told {
    std::vector<std::string> late;  // jobs, by name
    bool clock_in_doubt = false;
    bool store_failure = false;
    friend bool operator==(const Told&, const Told&) = default;
  };
  struct Covered {
    std::optional<Instant> from;
    std::optional<Instant> until;
    std::size_t gaps = 0;
    friend bool operator==(const Covered&, const Covered&) = default;
  };
  awaitable<void> look_at_readiness();
  awaitable<void> look_at_coverage(std::string job);

  Parts parts_;
  std::set<std::string> changed_;  // jobs whose coverage may be another one
  std::map<std::string, Covered> covered_;
  std::optional<Told> told_;
};

}  // namespace sluice::daemon
