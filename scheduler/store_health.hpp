#pragma once
// Whether the state store works, and when to ask it again. Says so once, not at every failed call.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "scheduler/observer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::scheduler {

struct StoreFailure {
  Error error;
  Instant since{};  // first failure of the present row of failures
};

// "the state store has not worked since 2018-10-16T00:10+08:00: write state file: no space left on device;
// nothing new is started until it works again", the time in `zone`.
std::string explain(const StoreFailure& failure, std::string_view zone);

class StoreHealth {
 public:
  enum class Call { read, write };

  static constexpr Duration kPauseMin = std::chrono::seconds(5);
  static constexpr Duration kPauseMax = std::chrono::seconds(60);

  // All outlive this.
  StoreHealth(const Clock& clock, Observer& observer, Counters& counters)
      : clock_(clock), observer_(observer), counters_(counters) {}

  // A call threw. Begins a pause, or doubles the last one once that is over.
  void failed(Call call, std::string_view doing, const Error& error);

  // A call worked. A full disk can still be read, so a failed write is healed by a write only.
  void worked(Call call);

  // What is left of the pause; zero when the store may be asked.
  Duration pause_left() const;

  // For /healthz: nothing while the store works.
  const std::optional<StoreFailure>& failure() const noexcept { return failure_; }

 private:
  const Clock& clock_;
  Observer& observer_;
  Counters& counters_;
  std::optional<StoreFailure> failure_;
  Call failed_call_ = Call::read;
  Duration pause_{0};
  Duration pause_end_{0};  // monotonic
};

}  // namespace sluice::scheduler
