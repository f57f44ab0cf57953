#pragma once
// The latest events, as they are sent, and where a reader goes on in them. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::daemon {

class EventRing {
 public:
  // What busy minutes bring: a thousand jobs that start and end. Bounded in bytes too, for names have no
  // length.
  static constexpr std::size_t kEventsMax = 4096;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  // `boot` names this start of the daemon in every id: numbers begin anew with each. No '-' in it.
  explicit EventRing(std::string boot, std::size_t events_max = kEventsMax,
                     std::size_t bytes_max = kBytesMax);

  // The oldest make room. `data` is one line of JSON; `job` is empty for what concerns all.
  void add(std::string_view kind, std::string job, std::string_view data);

  // The number of the newest event; 0 before the first.
  std::uint64_t last() const noexcept { return last_; }
  std::string id(std::uint64_t number) const;

  // The number that `id` stands for, if all that came behind it is still here; otherwise nothing: it is of
  // another start, too old, or no id at all.
  std::optional<std::uint64_t> resume(std::string_view id) const;
  // True when something behind `number` is not here any more.
  bool lost(std::uint64_t number) const noexcept { return number < last_ - events_.size(); }

  // What is behind `number`, of `job` unless it is empty, as it is sent; empty: nothing. Moves `number` to
  // the last event looked at. Stops once `bytes_max` are reached.
  std::string read(std::uint64_t& number, std::string_view job, std::size_t bytes_max) const;

 private:
  struct Event {
    std::string job;
    std::string text;  // all lines of it
  };

  std::string boot_;
  std::size_t events_max_;
  std::size_t bytes_max_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

// "id: ID\nevent: KIND\ndata: DATA\n\n"; without an id the line is left out.
std::string event_text(std::string_view id, std::string_view kind, std::string_view data);

}  // namespace sluice::daemon
