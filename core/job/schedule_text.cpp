#include "core/job/schedule_text.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

// "1, 15 and last"
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (at > 0) text += at + 1 == words.size() ? " and " : ", ";
    text += words[at];
  }
  return text;
}

std::string days_text(const Schedule& schedule) {
  std::vector<std::string> words = day_words(schedule);
  switch (schedule.cycle) {
    case Cycle::week: {
      std::string text;
      for (std::string& word : words) {
        word[0] = static_cast<char>(word[0] - 'a' + 'A');
        text += (text.empty() ? "" : ", ") + word;
      }
      return text;
    }
    case Cycle::month: {
      const bool last = !words.empty() && words.back() == "last";
      const std::size_t numbers = words.size() - (last ? 1 : 0);
      if (numbers == 0) return "last day of the month";
      return fmt::format("{} {} of the month", numbers == 1 ? "day" : "days", listed(words));
    }
    case Cycle::year:
      return fmt::format("{} of the year", listed(words));
    case Cycle::minute:
    case Cycle::hour:
    case Cycle::day:
    case Cycle::cron:
      break;
  }
  return "daily";
}

}  // namespace

std::string_view to_string(Cycle cycle) noexcept {
  constexpr std::array<std::string_view, 7> kWords{"minute", "hour", "day", "week", "month", "year", "cron"};
  return kWords[static_cast<std::size_t>(cycle)];
}

std::string_view to_string(DstPolicy policy) noexcept {
  return policy == DstPolicy::dataworks ? "dataworks" : "every_real_minute";
}

std::string_view to_string(Generation generation) noexcept {
  return generation == Generation::next_day ? "next_day" : "immediate";
}

std::string time_of_day_text(std::chrono::minutes of_day) {
  return fmt::format("{:02}:{:02}", of_day.count() / 60, of_day.count() % 60);
}

std::string date_text(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::vector<std::string> day_words(const Schedule& schedule) {
  std::vector<std::string> words;
  if (schedule.cycle == Cycle::week) {
    for (const int day : schedule.weekdays) words.emplace_back(kWeekdays[static_cast<std::size_t>(day - 1)]);
  } else if (schedule.cycle == Cycle::month) {
    bool last = false;
    for (const int day : schedule.month_days) {
      last = last || day < 0;
      if (day > 0) words.push_back(std::to_string(day));
    }
    if (last) words.emplace_back("last");
  } else if (schedule.cycle == Cycle::year) {
    for (const std::chrono::month_day& day : schedule.year_days) {
      words.push_back(
          fmt::format("{:02}-{:02}", static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())));
    }
  }
  return words;
}

std::string schedule_text(const Schedule& schedule) {
  if (schedule.cycle == Cycle::cron) return "cron " + schedule.cron;
  if (schedule.cycle == Cycle::minute || schedule.cycle == Cycle::hour) {
    const auto minutes = schedule.interval.count();
    const std::string interval =
        schedule.cycle == Cycle::hour ? fmt::format("{} h", minutes / 60) : fmt::format("{} min", minutes);
    return fmt::format("every {} {}-{}", interval, time_of_day_text(schedule.start),
                       time_of_day_text(schedule.end));
  }
  return fmt::format("{} at {}{}", days_text(schedule), time_of_day_text(schedule.at),
                     schedule.off_days_dry_run ? ", other days as dry runs" : "");
}

}  // namespace sluice::job
