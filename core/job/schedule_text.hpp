#pragma once
// A schedule in words. Pure.

#include "core/job/job.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// The words of a job file: "minute", "every_real_minute", "next_day".
std::string_view to_string(Cycle cycle) noexcept;
std::string_view to_string(DstPolicy policy) noexcept;
std::string_view to_string(Generation generation) noexcept;

// "03:05"; `of_day` is 0 .. 1439.
std::string time_of_day_text(std::chrono::minutes of_day);

std::string date_text(std::chrono::sys_days day);  // "2018-10-16"

// The days of `schedule.on` as a job file has them: "mon", "15", "last", "03-01"; the last day of a month
// comes last. Empty for other cycles.
std::vector<std::string> day_words(const Schedule& schedule);

// One line: "every 5 min 00:00-23:59", "Mon, Thu at 03:00", "day 1 and last of the month at 00:30",
// "cron 00 30 05 * * ?". Without the zone.
std::string schedule_text(const Schedule& schedule);

}  // namespace sluice::job
