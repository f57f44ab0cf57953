#pragma once
// What the target and the stream of a job say of its windows, for `sluice state rebuild`. Changes nothing.

#include "core/objects/window_check.hpp"
#include "core/tablestore/shard_plan.hpp"
#include "daemon/export/export_runner.hpp"
#include "scheduler/rebuild.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// References outlive the calls.
struct SurveyPorts {
  Clock& clock;
  ExportRunner& runner;
  std::function<void(std::string_view line)> progress;  // how far it is, for people; must not throw
};

struct SurveyRange {
  Instant after{};                // slots behind it only
  std::optional<Instant> from{};  // the first slot; nothing: as far as the stream keeps records, see below
};

// Objects under the names of one window. How many rows they have is not known.
struct WindowObjects {
  scheduler::NewInstance instance;
  std::vector<pipeline::ObjectInfo> objects;
};

struct JobSurvey {
  std::vector<scheduler::FoundManifest> manifests;  // ascending by slot
  // Where no manifest is found: the newest windows, two at most, that have objects, the newest first.
  std::vector<WindowObjects> windows;
  bool names_tell_window = true;                  // false: all windows write the same object
  bool loads_table = false;                       // the first window of a chain also exports the whole table
  std::optional<tablestore::StreamState> stream;  // nothing: tables are exported
};

// Looks at the days of the job's slots from today backwards. Without `range.from` it goes on, behind the
// newest window it finds, for as long as the stream keeps records (tables: a week). It gives up kSurveyReach
// ago, but not before it has seen three slots. One listing for each day, one request for each manifest.
// Errors: those of the target and the source, and invalid_argument (what is found does not fit into memory,
// rows go to standard output).
awaitable<Result<JobSurvey>> survey_job(SurveyPorts ports, const job::Job& job, SurveyRange range);

// Streams keep records for a week at most: what was exported much earlier is no help.
inline constexpr std::chrono::hours kSurveyReach{24 * 31};
inline constexpr std::size_t kSurveyBytesMax = 256U << 20U;  // of manifests

struct WindowDifference {
  std::size_t place = 0;  // of the window in the list
  objects::Difference difference;
};

// Compares the objects of proven windows with what their manifests say; where windows replace each other's
// objects, those of the newest only. Errors: those of the target.
awaitable<Result<std::vector<WindowDifference>>> compare_proven(
    SurveyPorts ports, const job::Job& job, const std::vector<scheduler::ProvenWindow>& windows);

}  // namespace sluice::daemon
