#pragma once
// What a notice says, in English or Chinese. Pure.

#include "daemon/alerts/alert_config.hpp"
#include "daemon/alerts/alert_template.hpp"
#include "scheduler/alert_store.hpp"

#include <string>

namespace sluice::daemon {

// One notice as a channel gets it.
struct AlertMessage {
  // Names the delivery, the same each time it is sent: its number and the microseconds of its notice, for
  // numbers come again after a restore, and in each process those of what is not stored.
  std::string delivery;
  std::string title;  // one line
  std::string text;   // several lines, without the title
  AlertVariables variables;
};

AlertMessage compose_alert(const scheduler::Delivery& delivery, Language language, const AlertConfig& config);

// {"id": 7, "event": "opened", ..., "window": {...}}: what the shape generic and commands get.
std::string message_json(const AlertMessage& message);

// "critical", "warning" or "info".
std::string_view severity_of(scheduler::AlertKind kind, scheduler::NoticeEvent event) noexcept;

// At most `bytes` of UTF-8, cut between characters, with "..." at the end.
std::string cut_text(std::string_view text, std::size_t bytes);

}  // namespace sluice::daemon
