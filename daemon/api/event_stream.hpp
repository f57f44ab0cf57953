#pragma once
// The body of GET /api/v1/events: the feed's events as server-sent events.

#include "daemon/api/event_feed.hpp"
#include "daemon/http/http_message.hpp"

#include <optional>
#include <string>

namespace sluice::daemon {

// How long a stream is silent at most: who hears nothing for longer has lost the connection.
inline constexpr Duration kHeartbeat = std::chrono::seconds(15);

// Keeps nothing but its place in the ring; a reader that falls out of it is told to begin anew.
class EventStream final : public BodySource {
 public:
  // `feed` outlives it. `job`: of this one only, and what concerns all; empty: of all. `after`: the id of the
  // last event the reader has; empty: it has none.
  EventStream(EventFeed& feed, std::string job, std::string_view after);

  awaitable<std::optional<std::string>> next() override;

 private:
  std::string greeting_text(std::string_view kind, std::string_view reason) const;
  std::string pending();

  EventFeed& feed_;
  std::string job_;
  std::string greeting_;  // not sent yet
  std::uint64_t place_;   // number of the last event looked at
  Duration last_piece_;   // monotonic
  bool ended_ = false;
};

// The answer with the headers that a stream of events has.
HttpResponse event_response(std::shared_ptr<BodySource> stream);

}  // namespace sluice::daemon
