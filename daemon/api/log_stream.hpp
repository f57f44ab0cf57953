#pragma once
// The body of GET /api/v1/instances/{id}/logs/stream: an instance's log as it grows, attempt after attempt.

#include "daemon/api/event_feed.hpp"
#include "daemon/api/service.hpp"
#include "daemon/http/http_message.hpp"

#include <optional>
#include <string>

namespace sluice::daemon {

// Where a reader of logs stands.
struct LogPlace {
  int attempt = 0;           // 0: the newest there is
  std::uint64_t offset = 0;  // of the first byte that it does not have
};
// "2:1024". Nothing for other text.
std::optional<LogPlace> log_place(std::string_view id);

// Ends once nothing more will come by itself: the instance is done or waits for a person, or the one attempt
// asked for is over.
class LogStream final : public BodySource {
 public:
  // How often an open log is looked at; changes of states wake it at once. That an attempt begins to plan
  // changes none: such a log is found with the next heartbeat at the latest.
  static constexpr Duration kLookEvery = std::chrono::milliseconds(500);

  // `service` outlives it. `follow`: go on with the attempts that come.
  LogStream(Service& service, scheduler::InstanceId id, LogPlace place, bool follow);

  awaitable<std::optional<std::string>> next() override;

 private:
  awaitable<std::string> look();
  awaitable<void> look_at_instance();
  awaitable<std::optional<LogPart>> read();
  bool go_on();
  std::string end_text(std::string_view kind);

  Service& service_;
  EventFeed& feed_;
  scheduler::InstanceId id_;
  LogPlace place_;
  bool follow_;
  std::optional<scheduler::Instance> instance_;
  std::optional<std::uint64_t> seen_;  // the newest event when `instance_` was read
  Duration last_piece_;                // monotonic
  int newest_ = 0;                     // the last attempt there is, stored or with a log
  bool writing_ = false;               // the attempt's log may grow
  bool ended_ = false;
};

}  // namespace sluice::daemon
