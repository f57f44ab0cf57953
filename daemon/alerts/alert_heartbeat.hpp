#pragma once
// A dead man's switch: asks an address for as long as the scheduler is healthy. Who watches there notices the
// silence.

#include "core/base/clock.hpp"
#include "core/http/transport.hpp"
#include "daemon/alerts/alert_config.hpp"
#include "daemon/base/metrics.hpp"

#include <functional>
#include <string>

namespace sluice::daemon {

class Heartbeat {
 public:
  // All outlive this. `trouble`: why no sign of life may be given now; empty: all is well.
  struct Parts {
    Clock& clock;
    http::Transport& transport;
    const HeartbeatConfig& config;
    Metrics& metrics;
    std::function<std::string()> trouble;
  };
  explicit Heartbeat(Parts parts) : parts_(std::move(parts)) {}

  // Until cancelled; returns at once without an address.
  awaitable<void> run();

 private:
  awaitable<Result<void>> beat();
  awaitable<Result<http::Response>> ask(std::string url);
  void note(const Result<void>& sent);

  Parts parts_;
  std::string said_;  // the failure that was logged last
};

}  // namespace sluice::daemon
