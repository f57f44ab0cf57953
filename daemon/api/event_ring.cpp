#include "daemon/api/event_ring.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sluice::daemon {

std::string event_text(std::string_view id, std::string_view kind, std::string_view data) {
  std::string text;
  if (!id.empty()) text = fmt::format("id: {}\n", id);
  return text + fmt::format("event: {}\ndata: {}\n\n", kind, data);
}

EventRing::EventRing(std::string boot, std::size_t events_max, std::size_t bytes_max)
    : boot_(std::move(boot)), events_max_(events_max), bytes_max_(bytes_max) {}

void EventRing::add(std::string_view kind, std::string job, std::string_view data) {
  ++last_;
  Event& event = events_.emplace_back();
  event.job = std::move(job);
  event.text = event_text(id(last_), kind, data);
  bytes_ += event.text.size();
  while (events_.size() > events_max_ || (bytes_ > bytes_max_ && events_.size() > 1)) {
    bytes_ -= events_.front().text.size();
    events_.pop_front();
  }
}

std::string EventRing::id(std::uint64_t number) const { return fmt::format("{}-{}", boot_, number); }

std::optional<std::uint64_t> EventRing::resume(std::string_view id) const {
  const auto dash = id.find('-');
  if (dash == std::string_view::npos || id.substr(0, dash) != boot_) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = id.data() + id.size();
  const auto [stop, failure] = std::from_chars(id.data() + dash + 1, end, number);
  if (failure != std::errc() || stop != end || number > last_ || lost(number)) return std::nullopt;
  return number;
}

std::string EventRing::read(std::uint64_t& number, std::string_view job, std::size_t bytes_max) const {
  const std::uint64_t first = last_ - events_.size();  // the number before the oldest one
  std::string text;
  while (number < last_ && text.size() < bytes_max) {
    const Event& event = events_[number - first];
    ++number;
    if (job.empty() || event.job.empty() || event.job == job) text += event.text;
  }
  return text;
}

}  // namespace sluice::daemon
