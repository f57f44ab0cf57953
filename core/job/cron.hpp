#pragma once
// Cron expressions, Quartz style: "00 30 05 * * ?". docs/job-files.md has the grammar.

#include "core/base/error.hpp"

#include <bitset>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::job {

// What an expression says, field by field. Each hour begins its minutes anew: "0/40" is minute 0 and 40 of
// every hour, where `interval: 40m` goes on from 00:40 to 01:20.
class Cron {
 public:
  // Six fields: second, minute, hour, day of month, month, day of week (1 or SUN .. 7 or SAT); a seventh is
  // the year. Five fields are those of Unix, without the second (day of week 0 or SUN .. 6 or SAT, 7 is SUN
  // too). invalid_argument says which field is wrong and what would be right.
  static Result<Cron> parse(std::string_view text);

  // Times of day, ascending; the same on every day.
  std::vector<std::chrono::seconds> times() const;

  // True where the times are due.
  bool on(std::chrono::sys_days date) const;

  // The first date >= `from` that is on(); nothing where there is none in the 400 years after which the
  // calendar repeats.
  std::optional<std::chrono::sys_days> first_day(std::chrono::sys_days from) const;

 private:
  friend class CronReader;

  std::chrono::seconds second_{0};
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> month_days_;  // 1 .. 31
  bool last_of_month_ = false;
  std::bitset<13> months_;     // 1 .. 12
  std::bitset<8> weekdays_;    // 1 (Monday) .. 7
  std::bitset<8> last_weeks_;  // the last such day of its month
  std::bitset<130> years_;     // 0 is 1970; none: every year
};

}  // namespace sluice::job
