#pragma once
// Sends what is owed: one task a channel, in order, each delivery until it is taken or given up; tests go
// ahead of the others, once. A channel that does not answer holds up nobody but itself.

#include "core/base/random.hpp"
#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "daemon/alerts/channel.hpp"
#include "daemon/base/metrics.hpp"
#include "scheduler/alert_store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

// The pause before the next try of a delivery that was tried so often: 10 s, doubling to 10 min, the upper
// half by chance.
Duration delivery_pause(int tries, Random& random);

// Given up after so much; what nobody could be told within a day is history.
inline constexpr std::chrono::hours kDeliveryAgeMax{24};
inline constexpr int kDeliveryTriesMax = 300;

struct ChannelStatus {
  std::string name;
  std::string type;
  std::size_t pending = 0;
  std::optional<Instant> failing_since;  // nothing while it works
  std::string error;                     // of the latest failed try
  std::optional<Instant> last_sent;
};

class AlertOutbox {
 public:
  // All outlive this. `on_change` is called when a channel begins to fail or works again.
  struct Parts {
    Executor executor;
    Clock& clock;
    Random& random;
    scheduler::AlertStore& store;
    const AlertConfig& config;
    Metrics& metrics;
    std::function<void()> on_change;
    std::function<bool()> clock_in_doubt{};  // may be empty: it never is
  };
  AlertOutbox(Parts parts, std::vector<std::unique_ptr<Channel>> channels);

  // Begins to send, first what an earlier process left.
  void start();
  // Stops at once; what is under way is sent again by the next start.
  awaitable<void> stop();

  // Something was added to the store.
  void wake();
  // Sends without the store, for when that is what failed; kept in memory only.
  void send_unstored(scheduler::Delivery delivery);

  std::vector<ChannelStatus> channels() const;
  bool has(const std::string& channel) const { return lanes_.contains(channel); }

 private:
  struct Lane {
    const ChannelConfig* config = nullptr;
    std::unique_ptr<Channel> channel;
    std::deque<scheduler::Delivery> unstored;
    std::map<std::int64_t, scheduler::Delivery> unrecorded;  // by id: tried, and the store did not take it
    ChannelStatus status;
    bool woken = false;
  };

  awaitable<void> run(Lane* lane);
  awaitable<std::optional<Instant>> turn(Lane& lane);
  awaitable<std::optional<Instant>> deliver_unstored(Lane& lane);
  awaitable<std::optional<Instant>> deliver_stored(Lane& lane, bool tests_only);
  awaitable<std::vector<scheduler::Delivery>> owed_to(Lane& lane);
  awaitable<void> record(Lane& lane, const scheduler::Delivery& delivery);
  awaitable<void> attempt(Lane& lane, scheduler::Delivery& delivery);
  awaitable<void> drop_unknown();
  awaitable<void> sleep(Lane& lane, Duration duration);
  awaitable<Result<bool>> woken(Lane& lane);
  void note(Lane& lane, const scheduler::Delivery& delivery, const Result<void>& sent);

  Parts parts_;
  std::map<std::string, Lane> lanes_;
  Signal signal_;
  TaskGroup tasks_;
};

}  // namespace sluice::daemon
