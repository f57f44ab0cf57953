#pragma once
// What changes in the daemon, told to whoever follows: the ring of the latest events, and a way to wait for
// the next one. Whatever is told is in the state store already.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/signal.hpp"
#include "daemon/api/event_ring.hpp"
#include "scheduler/alerts.hpp"
#include "scheduler/backfill.hpp"
#include "scheduler/instance.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace sluice::daemon {

// Single-threaded. Telling never waits: readers take what they want from the ring, each at its own pace.
class EventFeed {
 public:
  // `clock` outlives the feed. `boot` as in EventRing.
  EventFeed(Executor executor, Clock& clock, std::string boot);

  // docs/api.md has the kinds and their members; "at" is added. Nothing after close().
  void tell(std::string_view kind, std::string job, boost::json::object data);
  void instance_changed(const scheduler::Instance& instance);
  // Instances that no event of their own is told of came or changed; an empty job: of any.
  void instances_changed(std::string job, std::string_view change);
  void job_changed(std::string job, std::string_view change);
  void backfill_changed(const scheduler::Backfill& backfill);
  void incident_changed(const scheduler::Incident& incident);

  // The daemon stops: readers say good-bye and end.
  void close();
  bool closed() const noexcept { return closed_; }

  const EventRing& ring() const noexcept { return ring_; }
  Duration monotonic() const { return clock_.monotonic(); }

  // Returns once there is something behind event `seen`, the feed is closed, or `limit` has passed.
  awaitable<void> wait(std::uint64_t seen, Duration limit);

 private:
  awaitable<Result<bool>> news(std::uint64_t seen);

  Clock& clock_;
  EventRing ring_;
  Signal signal_;
  bool closed_ = false;
};

}  // namespace sluice::daemon
