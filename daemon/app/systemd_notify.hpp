#pragma once
// Tells systemd how the service is: READY, STATUS, WATCHDOG, STOPPING, over the datagram socket in
// $NOTIFY_SOCKET.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <optional>
#include <string>

namespace sluice::daemon {

// Does nothing when the program was not started by systemd. Never blocks: a full socket loses the message.
class SystemdNotify {
 public:
  // From the environment, which is cleared so that children do not speak for us.
  static SystemdNotify from_environment();

  // `socket`: a path, or "@name" for an abstract socket; empty: silent.
  explicit SystemdNotify(std::string socket, std::optional<Duration> watchdog = std::nullopt);

  // "READY=1\nSTATUS=..." ; several assignments may be joined by line ends.
  Result<void> send(const std::string& message) const;

  // How often to send WATCHDOG=1: half the limit systemd set; nothing if it watches not.
  std::optional<Duration> watchdog_interval() const;

 private:
  std::string socket_;
  std::optional<Duration> watchdog_;
};

}  // namespace sluice::daemon
