#pragma once
// What the API asks of alerts.

#include "daemon/alerts/alert_outbox.hpp"

namespace sluice::daemon {

class AlertDesk {
 public:
  virtual ~AlertDesk() = default;
  virtual scheduler::AlertStore& alert_store() = 0;
  // Those that are not in the store as they are, or not at all: it is the store that does not work. Newest
  // last.
  virtual std::vector<scheduler::Incident> unstored_incidents() const = 0;
  virtual std::vector<ChannelStatus> channels() const = 0;
  // Puts a test notice into the outbox; the delivery's id. not_found: no such channel.
  virtual awaitable<Result<std::int64_t>> test(std::string channel) = 0;
  // Looks again soon: an operator changed something.
  virtual void wake() = 0;
};

}  // namespace sluice::daemon
