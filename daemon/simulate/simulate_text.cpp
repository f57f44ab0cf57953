// The report of a simulation as text: a day after the other, then the totals.

#include "core/job/civil_time.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/simulate/simulate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sluice::daemon {
namespace {

// Of like events of one job on one day so many are printed.
constexpr std::size_t kLikeEvents = 3;

std::string length(Duration duration) {
  return duration_text(std::chrono::duration<double>(duration).count());
}

std::string plural(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count_text(count), what, count == 1 ? "" : "s");
}

std::string date_of(const SimulatedEvent& event) {
  return job::format_local(event.at, event.zone).substr(0, 10);
}

std::string counts_text(const SimulatedCounts& counts, const Console& console) {
  std::string text =
      fmt::format("{} due, {} done", count_text(counts.due), count_text(counts.succeeded + counts.dry_runs));
  const auto add = [&](std::size_t count, std::string_view what, Tone tone) {
    if (count > 0) text += ", " + console.paint(fmt::format("{} {}", count_text(count), what), tone);
  };
  add(counts.dry_runs, "of them dry runs", Tone::plain);
  add(counts.skipped, "skipped", Tone::warn);
  add(counts.failed, "failed", Tone::bad);
  add(counts.open, "not done", Tone::bad);
  if (counts.retries > 0) text += "; " + plural(counts.retries, "repeat");
  if (counts.for_place > 0) {
    text += fmt::format("; {} waited for a place, up to {}", plural(counts.for_place, "attempt"),
                        length(counts.for_place_max));
  }
  if (counts.delay_max) {
    text += fmt::format("; done after due: p99 {}, longest {}", length(*counts.delay_p99),
                        length(*counts.delay_max));
  }
  if (counts.at_once > 1) text += fmt::format("; {} at once", counts.at_once);
  return text;
}

// One or several days, by the local dates of each job.
class Days {
 public:
  Days(const SimulatedReport& report, Console& console) : report_(report), console_(console) {
    for (const SimulatedJob& job : report.jobs) {
      name_width_ = std::max(name_width_, job.name.size());
      several_zones_ = several_zones_ || job.zone != report.zone;
      for (const SimulatedDay& day : job.days) dates_.insert(day.date);
    }
    for (const SimulatedEvent& event : report.events) {
      dates_.insert(date_of(event));
      events_[date_of(event)].push_back(&event);
    }
  }

  void print() {
    for (auto date = dates_.begin(); date != dates_.end();) {
      auto next = std::next(date);
      const Course course = course_of(*date);
      while (course != Course::eventful && next != dates_.end() && course_of(*next) == course) ++next;
      print_days(date, next);
      date = next;
    }
  }

  std::string padded(const std::string& name) const { return fmt::format("{:<{}}", name, name_width_); }

 private:
  using Date = std::set<std::string>::const_iterator;

  static const SimulatedDay* find_day(const SimulatedJob& job, const std::string& date) {
    const auto day = std::ranges::lower_bound(job.days, date, {}, &SimulatedDay::date);
    return day == job.days.end() || day->date != date ? nullptr : &*day;
  }

  // Days of one course follow each other in one paragraph, unless there is something to tell of each.
  enum class Course { all_done, standing_still, eventful };

  Course course_of(const std::string& date) const {
    if (events_.contains(date)) return Course::eventful;
    Course course = Course::all_done;
    for (const SimulatedJob& job : report_.jobs) {
      const SimulatedDay* day = find_day(job, date);
      if (day == nullptr || day->counts.due == 0) continue;
      const SimulatedCounts& counts = day->counts;
      if (counts.open == counts.due) {
        course = Course::standing_still;
      } else if (!counts.all_done() || counts.skipped > 0) {
        return Course::eventful;
      }
    }
    return course;
  }

  void print_days(Date first, Date end) {
    const auto count = static_cast<std::size_t>(std::distance(first, end));
    const std::string last = count == 1 ? "" : fmt::format(" to {}, {} days", *std::prev(end), count);
    console_.out << '\n' << console_.paint(*first + last, Tone::strong) << '\n';
    bool due = false;
    for (const SimulatedJob& job : report_.jobs) {
      SimulatedCounts sum;
      for (auto date = first; date != end; ++date) {
        if (const SimulatedDay* day = find_day(job, *date)) sum.add(day->counts);
      }
      if (sum.due == 0) continue;
      due = true;
      console_.out << fmt::format("  {}  {}\n", padded(job.name), counts_text(sum, console_));
    }
    if (!due) console_.out << "  nothing is due\n";
    if (count == 1) print_events(*first);
  }

  std::string time_of(const SimulatedEvent& event) const {
    if (!several_zones_) return clock_text(event.at, event.zone);
    const Instant second = std::chrono::floor<std::chrono::seconds>(event.at);
    return job::format_local(second, event.zone).substr(std::string_view("2018-10-16T").size());
  }

  void print_events(const std::string& date) {
    using Likeness = std::pair<std::string, std::string_view>;
    std::map<Likeness, std::size_t> all;
    std::map<Likeness, std::size_t> told;
    for (const SimulatedEvent* event : events_[date]) ++all[Likeness(event->job, event->kind)];
    for (const SimulatedEvent* event : events_[date]) {
      const Likeness likeness(event->job, event->kind);
      const std::size_t number = ++told[likeness];
      const std::string job = event->job.empty() ? "" : event->job + ": ";
      if (number <= kLikeEvents) {
        console_.out << fmt::format("    {}  {}{}\n", time_of(*event), job, event->text);
      } else if (number == kLikeEvents + 1) {
        console_.out << fmt::format("    ...    {}and {} more like it\n", job, all[likeness] - kLikeEvents);
      }
    }
  }

  const SimulatedReport& report_;
  Console& console_;
  std::size_t name_width_ = 0;
  bool several_zones_ = false;  // times need their offsets
  std::set<std::string> dates_;
  std::map<std::string, std::vector<const SimulatedEvent*>> events_;  // by date
};

std::string coverage_text(const SimulatedJob& job) {
  const scheduler::Coverage& coverage = job.coverage;
  if (!coverage.until) return "nothing is durable";
  const std::string gaps = coverage.gaps.empty() ? "no gaps" : plural(coverage.gaps.size(), "gap");
  return fmt::format("durable from {} up to {}, {}", local_text(coverage.from, job.zone),
                     local_text(coverage.until, job.zone), gaps);
}

void print_total(const SimulatedJob& job, const std::string& name, Console& console) {
  const std::string indent(name.size() + 4, ' ');
  console.out << fmt::format("  {}  {}\n", name, counts_text(job.total, console));
  console.out << indent << coverage_text(job) << '\n';
  if (job.lag_of) {
    console.out << indent
                << fmt::format("longest lag {}: {}\n", length(job.lag_max), to_string(*job.lag_of, job.zone));
  }
  if (job.first_open) {
    const std::size_t undone = job.total.open + job.total.failed;
    console.out << indent
                << fmt::format("{} not done; the first, {}, {}\n", plural(undone, "window"),
                               to_string(*job.first_open, job.zone), job.why);
  }
}

}  // namespace

void print_simulation(const SimulatedReport& report, Console& console) {
  console.out << fmt::format("{} from {} to {} ({}), {}, seed {}, attempts of about {}\n",
                             plural(report.jobs.size(), "job"), local_text(report.from, report.zone),
                             local_text(report.to, report.zone), report.zone, plural(report.places, "place"),
                             report.seed, length(report.run_time));
  for (const std::string& fault : report.faults) console.out << "  fault " << fault << '\n';
  Days days(report, console);
  days.print();
  console.out << '\n' << console.paint("Total", Tone::strong) << '\n';
  std::size_t undone = 0;
  for (const SimulatedJob& job : report.jobs) {
    print_total(job, days.padded(job.name), console);
    undone += job.total.open + job.total.failed;
  }
  for (const scheduler::BlockedChain& chain : report.blocked) {
    console.out << fmt::format("{} {} {} since {}: {} due behind it\n", console.paint("BLOCKED", Tone::bad),
                               cause_of(chain), chain.reason, local_text(chain.since, chain.zone),
                               plural(chain.blocked(), "window"));
  }
  console.out << fmt::format("At most {} of {} at once. ", plural(report.at_once, "attempt"), report.places);
  console.out << (report.all_done() ? console.paint("All that was due is done.", Tone::good)
                                    : console.paint(plural(undone, "window") + " not done.", Tone::bad))
              << '\n';
}

}  // namespace sluice::daemon
