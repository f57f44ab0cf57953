#include "daemon/api/log_stream.hpp"

#include "daemon/api/api_json.hpp"
#include "daemon/api/event_stream.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t kPartBytes = 32 * 1024;

bool nothing_more_comes(scheduler::State state) {
  return scheduler::is_done(state) || scheduler::waits_for_person(state);
}

template <class T>
bool read_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  return failure == std::errc() && stop == end;
}

}  // namespace

std::optional<LogPlace> log_place(std::string_view id) {
  LogPlace place;
  const auto colon = id.find(':');
  if (colon == std::string_view::npos || !read_whole(id.substr(0, colon), place.attempt) ||
      !read_whole(id.substr(colon + 1), place.offset) || place.attempt < 1)
    return std::nullopt;
  return place;
}

LogStream::LogStream(Service& service, scheduler::InstanceId id, LogPlace place, bool follow)
    : service_(service),
      feed_(service.events()),
      id_(std::move(id)),
      place_(place),
      follow_(follow),
      last_piece_(feed_.monotonic()) {}

std::string LogStream::end_text(std::string_view kind) {
  ended_ = true;
  json::object data{{"instance", nullptr}, {"state", nullptr}, {"attempt", place_.attempt}};
  if (instance_) {
    data["instance"] = scheduler::to_string(instance_->id, instance_->zone);
    data["state"] = scheduler::to_string(instance_->state);
  }
  const std::string id = place_.attempt > 0 ? fmt::format("{}:{}", place_.attempt, place_.offset) : "";
  return event_text(id, kind, json::serialize(data));
}

// Its state is read before its log: what an attempt wrote before its end is not missed.
awaitable<void> LogStream::look_at_instance() {
  const std::uint64_t last = feed_.ring().last();
  if (seen_ == last) co_return;
  instance_ = co_await service_.store().instance(id_);
  seen_ = last;
}

// Nothing while there is no log, or none any more. Begins with the newest one, which may be of an attempt
// that is not stored yet.
awaitable<std::optional<LogPart>> LogStream::read() {
  std::optional<LogPart> found;
  auto part = co_await service_.log(*instance_, place_.attempt, place_.offset, kPartBytes);
  if (part) found = std::move(*part);
  if (place_.attempt == 0) place_.attempt = found ? found->attempt : instance_->attempts;
  writing_ = found && found->open;
  newest_ = std::max(instance_->attempts, found ? found->newest : 0);
  co_return found;
}

// True when the next attempt is there to go on with.
bool LogStream::go_on() {
  if (!follow_ || place_.attempt == 0 || newest_ <= place_.attempt) return false;
  ++place_.attempt;
  place_.offset = 0;
  return true;
}

// What there is to send; empty: nothing yet.
awaitable<std::string> LogStream::look() {
  if (feed_.closed()) co_return end_text("bye");
  co_await look_at_instance();
  if (!instance_) co_return end_text("end");
  do {
    const auto part = co_await read();
    if (part && !part->text.empty()) {
      place_.offset = part->next;
      const std::string id = fmt::format("{}:{}", part->attempt, part->next);
      co_return event_text(id, "log", json::serialize(to_json(*part)));
    }
  } while (go_on());
  const bool over = !follow_ && place_.attempt > 0 && !writing_;
  if (over || nothing_more_comes(instance_->state)) co_return end_text("end");
  co_return "";
}

awaitable<std::optional<std::string>> LogStream::next() {
  if (ended_) co_return std::nullopt;
  std::string piece = co_await look();
  while (piece.empty()) {
    const Duration left = last_piece_ + kHeartbeat - feed_.monotonic();
    if (left <= Duration(0)) {
      piece = ": still here\n\n";
    } else {
      co_await feed_.wait(*seen_, writing_ ? std::min(left, kLookEvery) : left);
      piece = co_await look();
    }
  }
  last_piece_ = feed_.monotonic();
  co_return piece;
}

}  // namespace sluice::daemon
