#pragma once
// Whether and when a failed request to an object store is sent again. Pure; the clients execute it.

#include "core/base/random.hpp"
#include "core/http/transport.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

enum class Retry {
  never,
  always,         // within the limit of attempts
  once,           // a second failure is final
  correct_clock,  // once, with the server's time
  renew_keys,     // once, if others can be had
};

// The attempts of one operation. A request is tried up to 5 times, with pauses that double from 200 ms, the
// upper half of each by chance; longer where the server asks for it (asked_pause()).
class Attempts {
 public:
  void begin() { ++begun_; }
  int begun() const noexcept { return begun_; }

  // The pause before the next attempt, after one that failed. Nothing: give up.
  std::optional<Duration> pause(Retry retry, std::optional<Duration> asked, Random& random);

 private:
  bool may_repeat(Retry retry);

  int begun_ = 0;
  bool repeated_once_ = false;
  bool clock_corrected_ = false;
  bool keys_renewed_ = false;
};

// "put object a: 503 SlowDown; attempt 3 in 250 ms"
std::string repeat_line(std::string_view failure, int attempt, Duration pause);

// The server's clock minus ours, from the time that it names in a refusal (ISO 8601, may be empty) or from
// the answer's Date. Nothing for an implausible one: that would never heal.
std::optional<Duration> clock_offset_of(std::string_view named, const Response& answer, Instant now);

}  // namespace sluice::http
