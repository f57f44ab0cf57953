#pragma once
// Local time of a zone: the only place that knows the time-zone database.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sluice::job {

// A wall-clock reading without zone, second precision.
using CivilTime = std::chrono::sys_seconds;  // the reading as if it were UTC

// True for an IANA name that this machine knows.
bool zone_exists(std::string_view zone);

// The local reading at `instant` (fractions cut off). invalid_argument for an unknown zone.
Result<CivilTime> to_civil(Instant instant, std::string_view zone);

// How the clocks of a zone stand from `begin` (inclusive) to `end` (exclusive).
struct ZonePeriod {
  std::chrono::sys_seconds begin{};
  std::chrono::sys_seconds end{};
  std::chrono::seconds offset{0};  // east of UTC
  bool summer = false;
  std::string abbreviation;  // "CST"; "+03" where the zone has no letters
};

// The period that `time` is in. invalid_argument for an unknown zone.
Result<ZonePeriod> zone_period(std::chrono::sys_seconds time, std::string_view zone);

// The instant of a local reading. In the hour that a spring change leaves out: the instant the change
// happens. In the hour an autumn change repeats: the earlier one.
Result<Instant> to_instant(CivilTime civil, std::string_view zone);

// What a local reading stands for.
struct LocalReading {
  enum class Kind { once, left_out, repeated };
  Kind kind = Kind::once;
  // once: twice the same. repeated: the reading's two passes. left_out: the instant of the change, and the
  // one at which clocks that had not been changed would show the reading.
  Instant first{};
  Instant second{};
  // left_out: the readings [gap_begin, gap_end) are.
  CivilTime gap_begin{};
  CivilTime gap_end{};
};

// invalid_argument for an unknown zone.
Result<LocalReading> read_local(CivilTime civil, std::string_view zone);

// "2018-10-16T00:15+08:00"; seconds are added when they are not 0.
std::string format_local(Instant instant, std::string_view zone);

// Reads what format_local() writes (also with seconds, also "Z"). invalid_argument otherwise.
Result<Instant> parse_local(std::string_view text);

}  // namespace sluice::job
