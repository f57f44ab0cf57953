#pragma once
// What an operator asks of a backfill, and what follows from that alone, without clock or store.
// docs/backfill.md has the rules.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

inline constexpr int kBackfillParallelMax = 10;
inline constexpr std::size_t kBackfillSlotsMax = 100'000;
inline constexpr std::size_t kBackfillRangesMax = 7;

// Which ends of a backfill somebody is told of.
enum class EndNotices : std::uint8_t { none, success, failure, both };
std::string_view to_string(EndNotices notices) noexcept;
std::optional<EndNotices> end_notices_from_string(std::string_view text) noexcept;
bool tells_success(EndNotices notices) noexcept;
bool tells_failure(EndNotices notices) noexcept;

struct BackfillRange {
  Instant from{};  // slots in [from, to)
  Instant to{};
};

// A part of the local day, minutes after midnight: [begin, end). begin > end passes midnight.
struct DayPart {
  std::chrono::minutes begin{0};
  std::chrono::minutes end{std::chrono::hours(24)};
  bool whole_day() const noexcept {
    return begin == std::chrono::minutes(0) && end == std::chrono::hours(24);
  }
  friend bool operator==(const DayPart&, const DayPart&) = default;
};
std::string to_string(const DayPart& part);  // "08:00-17:00"
// Times from 00:00 to 24:00, which are not the same. Nothing for other text.
std::optional<DayPart> day_part_from_string(std::string_view text);

// When instances may start. A part of the day that passes midnight belongs to the day it begins on, so that
// of Sunday ends on Monday.
struct RunHours {
  DayPart hours;
  bool weekends = false;  // only on Saturdays and Sundays
  bool always() const noexcept { return hours.whole_day() && !weekends; }
  friend bool operator==(const RunHours&, const RunHours&) = default;
};
std::string to_string(const RunHours& hours);  // "22:00-06:00 on weekends"
// The first instant from `now` on at which instances may start: `now` itself within the hours.
Instant next_start(const RunHours& hours, Instant now, std::string_view zone);

// What an operator asks for.
struct BackfillOrder {
  std::string job;
  Instant from{};                     // slots in [from, to)
  Instant to{};                       //
  std::vector<BackfillRange> ranges;  // of these, those in one of them; at most 7, empty: all
  DayPart times;                      // of these, those at these local times
  int parallel = 1;                   // groups of business dates, and attempts at once; 1 .. 10
  bool descending = false;            // newest business date first
  bool all = false;                   // also slots whose window is durable already
  bool run_now = false;               // slots of the future do not wait for their time
  RunHours run_hours;                 // new instances start only then
  // Names and expressions that stand in place of the job's own.
  std::vector<std::pair<std::string, std::string>> parameters;
  EndNotices alerts = EndNotices::none;
  int priority = 1;  // among backfills, 1 .. 9, higher first
};

// True when the order names the slot.
bool wants(const BackfillOrder& order, Instant slot, std::string_view zone);

// Which rule of the job the order breaks; nothing when it can be carried out. `self`: the job's instances
// wait for each other. `stream`: it reads a stream, whose windows must be over.
Result<void> check_order(const BackfillOrder& order, bool self, bool stream);

// The job with the parameters of the order. invalid_argument: it has no such parameter, or that is no
// expression.
Result<job::Job> with_parameters(const job::Job& original, const BackfillOrder& order);

// One line for the audit log.
std::string order_text(const BackfillOrder& order, std::string_view zone);

}  // namespace sluice::scheduler
