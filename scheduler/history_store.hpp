#pragma once
// The port to what is old: how the state forgets what nobody can use any more.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace sluice::scheduler {

// What may go. Both count by slot, or by the end of the last attempt where that is later: a backfill of old
// slots is no old work. Rows go only once their positions have.
struct HistoryLimits {
  Instant positions_before{};    // positions and the attempts' statistics of older windows
  Instant rows_before{};         // whole instances that are older
  Instant now = Instant::max();  // an end after it is of a clock that was ahead: the slot counts
};

struct Forgotten {
  std::size_t positions = 0;        // windows whose positions are gone now
  std::size_t rows = 0;             // instances that are gone now
  std::optional<std::string> next;  // go on with this chain; nothing: all is done
};

class HistoryStore {
 public:
  virtual ~HistoryStore() = default;

  // Forgets at most `most` windows, beginning with the chain `from` (empty: the first one); one transaction
  // that is durable when it returns. Never touched, in each chain: what is not done and anything behind it;
  // the newest committed window before that, and all that is newer; rows with a recorded gap. Failures of the
  // store throw, as StateStore says.
  virtual awaitable<Forgotten> forget(HistoryLimits limits, std::string from, std::size_t most) = 0;
};

// What may go at `now`.
constexpr HistoryLimits history_limits(Instant now, Duration positions, Duration rows) noexcept {
  HistoryLimits limits;
  limits.positions_before = now - positions;
  limits.rows_before = now - (rows > positions ? rows : positions);
  limits.now = now;
  return limits;
}

}  // namespace sluice::scheduler
