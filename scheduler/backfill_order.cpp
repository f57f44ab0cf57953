#include "scheduler/backfill_order.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/job_alerts.hpp"
#include "core/job/schedule_text.hpp"
#include "core/job/time_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::scheduler {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array kNoticeNames = {
    std::pair(EndNotices::none, std::string_view("none")),
    std::pair(EndNotices::success, std::string_view("success")),
    std::pair(EndNotices::failure, std::string_view("failure")),
    std::pair(EndNotices::both, std::string_view("both")),
};

bool on_weekend(sys_days day) {
  const std::chrono::weekday weekday(day);
  return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

bool in_part(const DayPart& part, std::chrono::seconds of_day) {
  if (part.begin < part.end) return of_day >= part.begin && of_day < part.end;
  return of_day >= part.begin || of_day < part.end;
}

}  // namespace

std::string_view to_string(EndNotices notices) noexcept {
  for (const auto& [value, name] : kNoticeNames) {
    if (value == notices) return name;
  }
  return "unknown";
}

std::optional<EndNotices> end_notices_from_string(std::string_view text) noexcept {
  for (const auto& [value, name] : kNoticeNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

bool tells_success(EndNotices notices) noexcept {
  return notices == EndNotices::success || notices == EndNotices::both;
}

bool tells_failure(EndNotices notices) noexcept {
  return notices == EndNotices::failure || notices == EndNotices::both;
}

std::string to_string(const DayPart& part) {
  return job::time_of_day_text(part.begin) + "-" + job::time_of_day_text(part.end);
}

std::optional<DayPart> day_part_from_string(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = job::parse_two_day_clock(text.substr(0, dash));
  const auto end = job::parse_two_day_clock(text.substr(dash + 1));
  if (!begin || !end || *begin >= hours(24) || *end > hours(24) || *begin == *end) return std::nullopt;
  return DayPart{*begin, *end};
}

std::string to_string(const RunHours& hours) {
  std::string text = hours.hours.whole_day() ? "" : to_string(hours.hours);
  if (hours.weekends) text += text.empty() ? "on weekends" : " on weekends";
  return text.empty() ? "at any time" : text;
}

Instant next_start(const RunHours& hours, Instant now, std::string_view zone) {
  if (hours.always()) return now;
  const bool passes = hours.hours.end <= hours.hours.begin;
  const sys_days today = std::chrono::floor<days>(job::to_civil(now, zone).value());
  // Yesterday's may still last; with weekends the next one begins within a week.
  for (sys_days day = today - days(1); day <= today + days(8); day += days(1)) {
    if (hours.weekends && !on_weekend(day)) continue;
    const sys_seconds last = sys_seconds(day) + hours.hours.end + (passes ? days(1) : days(0));
    const Instant end = job::to_instant(last, zone).value();
    const Instant begin = job::to_instant(sys_seconds(day) + hours.hours.begin, zone).value();
    if (end <= now || end <= begin) continue;  // a spring change may leave nothing of it
    return std::max(now, begin);
  }
  return now;
}

bool wants(const BackfillOrder& order, Instant slot, std::string_view zone) {
  if (slot < order.from || slot >= order.to) return false;
  const auto within = [slot](const BackfillRange& range) { return range.from <= slot && slot < range.to; };
  if (!order.ranges.empty() && std::ranges::none_of(order.ranges, within)) return false;
  if (order.times.whole_day()) return true;
  const auto local = job::to_civil(slot, zone).value();
  return in_part(order.times, local - std::chrono::floor<days>(local));
}

Result<void> check_order(const BackfillOrder& order, bool self, bool stream) {
  const auto refuse = [&](std::string_view why) {
    return Error(Errc::invalid_argument, fmt::format("backfill {}: {}", order.job, why));
  };
  const auto backwards = [](const BackfillRange& range) { return range.to <= range.from; };
  if (order.to <= order.from || std::ranges::any_of(order.ranges, backwards))
    return refuse("the end lies before the beginning");
  if (order.ranges.size() > kBackfillRangesMax) {
    return refuse(fmt::format("at most {} ranges at once, got {}; ask for the rest in another one",
                              kBackfillRangesMax, order.ranges.size()));
  }
  if (order.times.end <= order.times.begin) {
    return refuse(
        fmt::format("the times {} end before they begin, and slots are those of one day; ask for "
                    "two backfills",
                    to_string(order.times)));
  }
  if (order.parallel < 1 || order.parallel > kBackfillParallelMax)
    return refuse(fmt::format("parallel must be 1 to {}, got {}", kBackfillParallelMax, order.parallel));
  if (order.priority < 1 || order.priority > 9)
    return refuse(fmt::format("priority must be 1 to 9, got {}", order.priority));
  if (order.descending && self) {
    return refuse(
        "its instances wait for the one before, so the newest date cannot come first; use the order asc");
  }
  if (order.run_now && stream) {
    return refuse(
        "the windows of a stream must be over before they are read, so slots of the future wait for their "
        "time; leave run-now out");
  }
  return {};
}

Result<job::Job> with_parameters(const job::Job& original, const BackfillOrder& order) {
  job::Job changed = original;
  for (const auto& [name, expression] : order.parameters) {
    if (name == "date") {
      return Error(Errc::invalid_argument,
                   fmt::format("backfill {}: set date: it is always the business date; use a parameter of "
                               "another name",
                               original.name));
    }
    const auto found = std::ranges::find(changed.parameters, name, &job::Parameter::name);
    if (found == changed.parameters.end()) {
      return Error(Errc::invalid_argument,
                   fmt::format("backfill {}: set {}: the job has no such parameter", original.name, name));
    }
    auto parsed = job::TimeExpression::parse(expression);
    if (!parsed) {
      return Error(Errc::invalid_argument, fmt::format("backfill {}: set {}: {}", original.name, name,
                                                       job::describe(parsed.error(), expression)));
    }
    found->expression = expression;
    found->parsed = std::make_shared<const job::TimeExpression>(std::move(*parsed));
  }
  return changed;
}

std::string order_text(const BackfillOrder& order, std::string_view zone) {
  std::string text = "slots ";
  if (order.ranges.empty()) {
    text += fmt::format("{} to {}", job::format_local(order.from, zone), job::format_local(order.to, zone));
  }
  for (const BackfillRange& range : order.ranges) {
    text += fmt::format("{}{} to {}", &range == order.ranges.data() ? "" : " and ",
                        job::format_local(range.from, zone), job::format_local(range.to, zone));
  }
  if (!order.times.whole_day()) text += ", of these " + to_string(order.times);
  text += fmt::format(", parallel {}, {}, {}", order.parallel, order.descending ? "desc" : "asc",
                      order.all ? "all" : "only missing");
  if (order.run_now) text += ", run now";
  if (!order.run_hours.always()) text += ", starts " + to_string(order.run_hours);
  if (order.alerts != EndNotices::none) text += fmt::format(", tells of {}", to_string(order.alerts));
  for (const auto& [name, expression] : order.parameters) text += fmt::format(", {}={}", name, expression);
  return text;
}

}  // namespace sluice::scheduler
