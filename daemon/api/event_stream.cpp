#include "daemon/api/event_stream.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::daemon {
namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;

}  // namespace

EventStream::EventStream(EventFeed& feed, std::string job, std::string_view after)
    : feed_(feed), job_(std::move(job)), place_(feed.ring().last()), last_piece_(feed.monotonic()) {
  const auto resumed = feed_.ring().resume(after);
  if (resumed) {
    place_ = *resumed;
  } else {
    greeting_ = after.empty()
                    ? greeting_text("hello", "")
                    : greeting_text("reset", "the id is too old, or of another start of the daemon");
  }
}

std::string EventStream::greeting_text(std::string_view kind, std::string_view reason) const {
  boost::json::object data{
      {"heartbeat_seconds", std::chrono::duration_cast<std::chrono::seconds>(kHeartbeat).count()}};
  if (!reason.empty()) data["reason"] = reason;
  return event_text(feed_.ring().id(place_), kind, boost::json::serialize(data));
}

// What there is to send; empty: nothing yet.
std::string EventStream::pending() {
  std::string text = std::move(greeting_);
  greeting_.clear();
  if (feed_.ring().lost(place_)) {
    place_ = feed_.ring().last();
    text += greeting_text("reset", "the reader fell behind");
  }
  text += feed_.ring().read(place_, job_, kPieceBytes);
  if (!text.empty() || !feed_.closed() || ended_) return text;
  ended_ = true;
  return event_text(feed_.ring().id(place_), "bye", R"({"reason":"the daemon stops"})");
}

awaitable<std::optional<std::string>> EventStream::next() {
  std::string piece = pending();
  while (piece.empty()) {
    if (ended_) co_return std::nullopt;
    const Duration left = last_piece_ + kHeartbeat - feed_.monotonic();
    if (left <= Duration(0)) {
      // The place too: events of other jobs may have passed by.
      piece = ": still here\nid: " + feed_.ring().id(place_) + "\n\n";
    } else {
      co_await feed_.wait(place_, left);
      piece = pending();
    }
  }
  last_piece_ = feed_.monotonic();
  co_return piece;
}

HttpResponse event_response(std::shared_ptr<BodySource> stream) {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");  // what a proxy in between would do
  response.stream = std::move(stream);
  return response;
}

}  // namespace sluice::daemon
