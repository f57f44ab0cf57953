#include "daemon/demo/demo.hpp"

#include "daemon/base/json_view.hpp"
#include "daemon/export/csv_count.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

using scheduler::Instance;
using scheduler::State;

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kWriteEvery{1};
constexpr std::uint64_t kLiveChanges = 5;
constexpr std::chrono::minutes kOnceLimit{3};

void require(const Result<std::uint64_t>& result) {
  if (!result) throw ErrorException(result.error());
}

}  // namespace

Demo::Demo(Clock& clock, DemoWorld& world, const DemoFolder& folder, Console& console, bool once)
    : clock_(clock), world_(world), folder_(folder), console_(console), once_(once) {}

awaitable<Result<void>> Demo::prepare(const job::Job& job) {
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) co_return calendar.error();
  const Instant now = clock_.now();
  plan_from_ = now - kPast;
  const auto created = co_await world_.create();
  if (!created) co_return created.error();
  for (const scheduler::Slot& slot : calendar->slots(plan_from_ + Duration(1), now)) {
    const auto values = job::freeze(job, slot.at);
    if (!values) co_return values.error();
    const auto window = job::window_of(job, *values, slot.at);
    if (!window) co_return window.error();
    const auto minutes =
        std::chrono::duration_cast<std::chrono::minutes>(window->end - window->start).count();
    const auto rows = co_await world_.fill(kChangesPerMinute * static_cast<std::uint64_t>(minutes),
                                           window->start, window->end);
    if (!rows) co_return rows.error();
    DemoCount count;
    count.slot = slot.at;
    count.window_start = window->start;
    count.window_end = window->end;
    count.rows_in = *rows;
    counts_.push_back(count);
    rows_filled_ += *rows;
  }
  if (counts_.empty())
    co_return Error(Errc::internal, "prepare the demo: its job has no slot in half an hour");
  const auto rest = co_await world_.fill(kChangesPerMinute * 5, counts_.back().window_end, now);
  if (!rest) co_return rest.error();
  rows_filled_ += *rest;
  console_.out << fmt::format("Table orders holds {} changes of the last {} minutes.\n",
                              count_text(rows_filled_),
                              (now - counts_.front().window_start) / std::chrono::minutes(1));
  co_return Result<void>();
}

void Demo::on_ready(std::uint16_t port) {
  ready_ = true;
  console_.out << fmt::format(
      "The daemon runs; dashboard: {}\n\n{} windows are overdue and run now, in order:\n\n",
      console_.paint(fmt::format("http://127.0.0.1:{}/", port), Tone::strong), counts_.size());
  console_.out << console_.paint(
                      fmt::format("  {:<17} {:>8} {:>8}  {}", "WINDOW", "ROWS", "SECONDS", "OBJECT"),
                      Tone::faint)
               << std::endl;
}

void Demo::on_instance(const Instance& instance) { changed_.push_back(instance); }

awaitable<void> Demo::follow() {
  const Duration begin = clock_.monotonic();
  bool told = false;
  for (;;) {
    if (ready_) co_await show_finished();
    if (overdue_done() && once_) co_return;
    if (overdue_done() && !told) {
      told = true;
      say_goes_on();
    }
    if (once_ && clock_.monotonic() - begin > kOnceLimit) {
      throw ErrorException(Error(Errc::timeout, "demo: the overdue windows are not through after 3 minutes"));
    }
    co_await keep_writing();
    co_await clock_.sleep_for(kLook);
  }
}

awaitable<void> Demo::show_finished() {
  while (!changed_.empty()) {
    const Instance instance = std::move(changed_.front());
    changed_.pop_front();
    const bool failed = instance.state == State::failure || instance.state == State::retry_wait;
    if (failed) {
      const std::string text =
          fmt::format("{}: {}", scheduler::to_string(instance.id, instance.zone), instance.reason);
      if (once_) throw ErrorException(Error(Errc::internal, "demo: " + text));
      console_.out << "  " << console_.paint(text, Tone::bad) << std::endl;
    }
    if (instance.state != State::success) continue;
    const std::uint64_t rows = co_await fetch(instance);
    print_row(instance, rows);
    for (DemoCount& count : counts_) {
      if (count.slot != instance.id.scheduled) continue;
      count.rows_out = rows;
      count.done = true;
    }
  }
}

awaitable<std::uint64_t> Demo::fetch(const Instance& instance) {
  std::uint64_t rows = 0;
  for (const pipeline::ObjectInfo& object : instance.objects) {
    const auto content = co_await world_.object(object.name);
    if (!content) throw ErrorException(content.error());
    rows += count_csv_rows(*content);
    const auto kept = folder_.keep_object(object.name, *content);
    if (!kept) throw ErrorException(kept.error());
  }
  co_return rows;
}

awaitable<void> Demo::keep_writing() {
  if (clock_.monotonic() - written_ < kWriteEvery) co_return;
  written_ = clock_.monotonic();
  const auto written = co_await world_.fill_now(kLiveChanges);
  require(written);
}

void Demo::print_row(const Instance& instance, std::uint64_t rows) const {
  const std::string window = fmt::format("{} - {}", clock_text(instance.window_start, instance.zone),
                                         clock_text(instance.window_end, instance.zone));
  const bool timed = instance.started && instance.finished;
  const double seconds =
      timed ? std::chrono::duration<double>(*instance.finished - *instance.started).count() : 0;
  const std::string object = instance.objects.empty() ? "(no rows)" : instance.objects.front().name;
  console_.out << fmt::format("  {:<17} {:>8} {:>8.2f}  {}", window, count_text(rows), seconds, object)
               << std::endl;
}

bool Demo::overdue_done() const {
  return std::all_of(counts_.begin(), counts_.end(), [](const DemoCount& count) { return count.done; });
}

void Demo::say_goes_on() const {
  const std::string socket = folder_.path() + "/sluice.sock";
  console_.out
      << fmt::format(
             "\nThat was the backlog. {} changes a second go on being written, and every five minutes\n"
             "the next window follows, 5 to 10 minutes behind the table.\n\n"
             "  Objects   {}/objects\n"
             "  Status    sluice status --socket {}\n"
             "  Windows   sluice instances orders --socket {}\n"
             "  Stop      Ctrl-C{}\n",
             kLiveChanges, folder_.path(), socket, socket,
             folder_.temporary() ? " (removes the folder; keep it with --dir DIR)" : "")
      << std::endl;
}

bool Demo::prove() const {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  bool equal = true;
  for (const DemoCount& count : counts_) {
    in += count.rows_in;
    out += count.rows_out;
    equal = equal && count.done && count.rows_in == count.rows_out;
  }
  console_.out << fmt::format("\n{} windows: {} rows in, {} rows out: {}\n", counts_.size(), count_text(in),
                              count_text(out),
                              console_.paint(equal ? "equal" : "DIFFERENT", equal ? Tone::good : Tone::bad));
  if (equal) return true;
  for (const DemoCount& count : counts_) {
    if (count.rows_in != count.rows_out) {
      console_.out << fmt::format("  window {}: {} in, {} out\n",
                                  clock_text(count.window_start, "Asia/Shanghai"), count.rows_in,
                                  count.rows_out);
    }
  }
  return false;
}

}  // namespace sluice::daemon
