#pragma once
// The port to those who are told: one channel of sluice.yaml. One try each; when to try again is the
// outbox's.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/http/transport.hpp"
#include "daemon/alerts/alert_config.hpp"
#include "daemon/alerts/alert_text.hpp"

#include <memory>

namespace sluice::daemon {

class Channel {
 public:
  virtual ~Channel() = default;

  // Returns when the receiver took it, or why not; within the channel's timeout and, for programs, its grace.
  // The error holds no secret. Cancellation unwinds and leaves no process behind.
  virtual awaitable<Result<void>> send(AlertMessage message) = 0;
};

// What channels need of the world; all outlive them.
struct ChannelPorts {
  Executor executor;
  Clock& clock;
  http::Transport& transport;
};

std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelPorts& ports);

}  // namespace sluice::daemon
