#pragma once
// Watches a simulated scheduler and sums up what happened to every window. Knows nothing of the store.

#include "core/base/clock.hpp"
#include "core/job/job.hpp"
#include "daemon/simulate/simulate_faults.hpp"
#include "daemon/simulate/simulate_report.hpp"
#include "scheduler/observer.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sluice::daemon {

class Timeline final : public scheduler::Observer {
 public:
  // The windows due in `time` are expected. `zone` is that of what belongs to no job. The clock outlives it.
  Timeline(const Clock& clock, std::span<const job::Job> jobs, TimeSpan time, std::string zone,
           std::size_t places);

  void log(pipeline::Level level, std::string_view text) override;
  void attempt_started(const scheduler::Instance& instance, int attempt, Duration late) override;
  void attempt_ended(const scheduler::Instance& instance, const scheduler::Attempt& attempt) override;
  void windows_skipped(const std::string& job, std::size_t count, Instant first, Instant last,
                       const std::string& reason) override;
  void instance_changed(const scheduler::Instance& instance) override;

  // What the scheduler cannot know of.
  void note(std::string_view kind, std::string text);
  // What stands still now; how much that was is told when its cause is gone.
  void note_blocked(const std::vector<scheduler::BlockedChain>& chains);

  // Moves the events and sums up. Once, at the end; what is not done counts as late until then.
  void sum_up(SimulatedReport& report);

 private:
  enum class Outcome : std::uint8_t { open, succeeded, dry_run, skipped, failed };
  struct Window {
    Instant slot{};
    Outcome outcome = Outcome::open;
    int attempts = 0;
    std::size_t retries = 0;
    Duration delay{0};  // succeeded only
  };
  struct Day {
    Instant begin{};
    SimulatedDay sums;
  };
  // When all places of something were taken.
  struct Gauge {
    std::size_t limit = 0;  // 0: none
    std::size_t running = 0;
    Instant full_since = Instant::max();
    Instant full_until = Instant::min();
    void start(Instant now);
    void end(Instant now);
    // How long somebody who starts now, ready since `ready`, has waited for a place.
    Duration waited(Instant ready, Instant now) const;
  };
  struct Track {
    const job::Job* job = nullptr;
    std::vector<Window> windows;  // by slot
    std::vector<Day> days;        // by begin
    Gauge places;
    Instant last_end = Instant::min();
    // While it is behind: the slot it fell behind with.
    std::optional<Instant> behind_since{};
    std::size_t behind_max = 0;
  };

  static Window* find_window(Track& track, Instant slot);
  static SimulatedCounts& day_of(Track& track, Instant at);
  static std::vector<Day> days_of(const std::string& zone, TimeSpan time);
  void note_clock_changes(Track& track, TimeSpan time);
  void note_backlog(Track& track, const scheduler::Instance& instance, int attempt);
  void note_wait(Track& track, Duration late);
  void add(const Track& track, std::string_view kind, std::string text);
  static void count(const Window& window, SimulatedCounts& counts);
  void note_lag(const Window& window, SimulatedJob& job) const;
  SimulatedJob sum_up(Track& track) const;

  const Clock& clock_;
  std::string zone_;
  TimeSpan time_;
  std::map<std::string, Track, std::less<>> tracks_;
  Gauge places_;
  std::size_t at_once_ = 0;
  std::vector<SimulatedEvent> events_;
  std::map<scheduler::InstanceId, scheduler::BlockedChain> blocked_;  // by root
};

// The slots that a job put in just before `time` has in it.
std::vector<Instant> expected_slots(const job::Job& job, TimeSpan time);

}  // namespace sluice::daemon
