#pragma once
// What a simulation has shown, and how it is told: as text and as JSON (docs/simulation.md).

#include "core/base/time.hpp"
#include "daemon/base/console.hpp"
#include "scheduler/blocked.hpp"
#include "scheduler/instance.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// The names are part of the JSON.
namespace event_kind {
inline constexpr std::string_view clocks_change = "clocks_change";  // summer time begins or ends
inline constexpr std::string_view clock_step = "clock_step";
inline constexpr std::string_view outage = "outage";
inline constexpr std::string_view source = "source";
inline constexpr std::string_view lost = "lost";  // attempts that ended with the daemon
inline constexpr std::string_view failed = "failed";
inline constexpr std::string_view rerun = "rerun";
inline constexpr std::string_view unblocked = "unblocked";
inline constexpr std::string_view caught_up = "caught_up";
inline constexpr std::string_view skipped = "skipped";
inline constexpr std::string_view error = "error";  // the scheduler's own complaint
}  // namespace event_kind

struct SimulatedEvent {
  Instant at{};
  std::string zone;       // of the day it belongs to
  std::string job;        // empty: of no single job
  std::string_view kind;  // of event_kind
  std::string text;
};

// Windows by how they stand at the end; `due` is their sum.
struct SimulatedCounts {
  std::size_t due = 0;
  std::size_t succeeded = 0;  // by an attempt
  std::size_t dry_runs = 0;
  std::size_t skipped = 0;
  std::size_t failed = 0;     // a person has to act
  std::size_t open = 0;       // wait, or did not begin
  std::size_t retries = 0;    // repeats by rule
  std::size_t for_place = 0;  // attempts that waited for a place
  Duration for_place_max{0};
  std::size_t at_once = 0;  // most attempts of the job in progress together
  // From the slot to the end of the attempt that succeeded; nothing without one.
  std::optional<Duration> delay_p99{};
  std::optional<Duration> delay_max{};

  bool all_done() const noexcept { return failed == 0 && open == 0; }
  // Of the delays the longer ones: those of single windows are not known here.
  void add(const SimulatedCounts& other);
};

struct SimulatedDay {
  std::string date;  // "2018-10-16", in the zone of the job
  SimulatedCounts counts;
};

struct SimulatedJob {
  std::string name;
  std::string zone;
  std::vector<SimulatedDay> days;  // all of them, also without windows
  SimulatedCounts total;
  // The longest that data was due and not there: to the success of a window, or to the end.
  Duration lag_max{0};
  std::optional<scheduler::InstanceId> lag_of{};
  scheduler::Coverage coverage;
  std::optional<scheduler::InstanceId> first_open{};  // the oldest window that is not done
  std::string why;                                    // of that one
};

struct SimulatedReport {
  Instant from{};
  Instant to{};
  std::string zone;
  std::uint64_t seed = 1;
  Duration run_time{0};
  std::vector<std::string> faults;  // as they were written
  std::size_t places = 0;           // maxConcurrent
  std::size_t at_once = 0;          // most attempts in progress together
  std::vector<SimulatedJob> jobs;   // by name
  std::vector<SimulatedEvent> events;
  std::vector<scheduler::BlockedChain> blocked;  // at the end

  bool all_done() const noexcept;
};

void print_simulation(const SimulatedReport& report, Console& console);
boost::json::value to_json(const SimulatedReport& report);

}  // namespace sluice::daemon
