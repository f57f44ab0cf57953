#pragma once
// The window a script's reader asks for: the three forms in which it can be written.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace sluice::job {

// Half open.
struct TimeRange {
  Instant start{};
  Instant end{};
};

// startTimestampMillis, endTimestampMillis, startTimeString, endTimeString and date.
bool is_time_key(std::string_view key) noexcept;

// Makes the time keys known ones of `parameter`; their values are read_time_range()'s.
void ignore_time_keys(YamlMap& parameter);

// Says that `range`, which the time keys of `parameter` give, does not move with the slot.
void warn_of_fixed_range(YamlMap& parameter, const TimeRange& range, std::string_view zone);

// The time that 14 digits (yyyyMMddHHmmss) on the clocks of `zone` stand for. Errors: invalid_argument.
Result<Instant> parse_local_digits(std::string_view digits, std::string_view zone);

// Which of its two passes the reading of `key` means.
using PassChooser = std::function<Instant(std::string_view key, const LocalReading& reading)>;

// Reads the time keys of `parameter`, variables filled in. Exactly one complete form is required. 14 digits
// are local time of `zone` under each of the four range keys, 13 digits are milliseconds since 1970; `date`
// is a local day. Wrong or missing ones are reported and nothing is returned. A local time that comes twice
// is the pass that `choose` takes, without one the first; of a range that would be empty the start is the
// first.
std::optional<TimeRange> read_time_range(YamlMap& parameter, std::string_view zone,
                                         const PassChooser& choose = {});

// The same for the usual script, whose two keys are one variable of 14 digits each ("${start_time}"): without
// a copy of the tree, because planning asks some 300,000 times. `times` as Script::times. Nothing for any
// other script, for times that do not come once and for wrong values: read_time_range() knows what to say.
std::optional<TimeRange> plain_time_range(const YamlNode& times, const ParameterValues& values,
                                          std::string_view zone);

}  // namespace sluice::job
