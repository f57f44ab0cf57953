#pragma once
// The demo beside the running daemon: fills the table, watches the windows, fetches their objects, counts.

#include "core/job/job.hpp"
#include "daemon/base/console.hpp"
#include "daemon/demo/demo_folder.hpp"
#include "daemon/demo/demo_world.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/instance.hpp"

#include <deque>
#include <string>
#include <vector>

namespace sluice::daemon {

// The overdue windows: what was written into each, and what came out.
struct DemoCount {
  Instant slot{};
  Instant window_start{};
  Instant window_end{};
  std::uint64_t rows_in = 0;   // puts and updates the sandbox counted
  std::uint64_t rows_out = 0;  // rows of the downloaded CSV objects
  bool done = false;
};

class Demo {
 public:
  static constexpr std::chrono::minutes kPast{30};
  static constexpr std::uint64_t kChangesPerMinute = 300;

  // Everything referred to outlives the demo.
  Demo(Clock& clock, DemoWorld& world, const DemoFolder& folder, Console& console, bool once);

  // Chooses the overdue windows of `job` and fills the table up to now. Before the daemon starts.
  awaitable<Result<void>> prepare(const job::Job& job);

  // Planning begins behind this instant.
  Instant plan_from() const noexcept { return plan_from_; }
  const std::vector<DemoCount>& counts() const noexcept { return counts_; }

  // For the daemon's hooks.
  void on_ready(std::uint16_t port);
  void on_instance(const scheduler::Instance& instance);

  // Beside the daemon: until cancelled, or with `once` until the overdue windows are through. Throws
  // ErrorException when the demo cannot go on.
  awaitable<void> follow();

  // After follow() with `once`: prints the sums; true if every overdue window came out as it went in.
  bool prove() const;

 private:
  awaitable<void> show_finished();
  awaitable<std::uint64_t> fetch(const scheduler::Instance& instance);
  awaitable<void> keep_writing();
  void print_row(const scheduler::Instance& instance, std::uint64_t rows) const;
  bool overdue_done() const;
  void say_goes_on() const;

  Clock& clock_;
  DemoWorld& world_;
  const DemoFolder& folder_;
  Console& console_;
  bool once_;
  Instant plan_from_{};
  std::vector<DemoCount> counts_;
  std::uint64_t rows_filled_ = 0;
  std::deque<scheduler::Instance> changed_;
  Duration written_{0};  // monotonic time of the last live change
  bool ready_ = false;
};

}  // namespace sluice::daemon
