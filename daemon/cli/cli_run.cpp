#include "core/base/system_clock.hpp"
#include "core/base/task_group.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/schedule_text.hpp"
#include "core/job/script.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/app/foreground.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/export/export_log.hpp"
#include "daemon/export/export_runner.hpp"
#include "daemon/export/outgoing.hpp"
#include "scheduler/calendar.hpp"
#include "storage/attempt_log_folder.hpp"
#include "storage/dirty_rows_file.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace sluice::daemon {
namespace {

using scheduler::Instance;

constexpr std::chrono::milliseconds kProgressPeriod{200};
// Two days of a slot every minute, so that a window given by hand is found as well.
constexpr std::size_t kFollowingSlots = 2880;

class ProgressLog final : public pipeline::Log {
 public:
  explicit ProgressLog(ProgressLine& progress) : progress_(progress) {}
  void line(pipeline::Level level, std::string_view text) noexcept override {
    const std::string_view mark = level == pipeline::Level::error     ? "error: "
                                  : level == pipeline::Level::warning ? "warning: "
                                                                      : "";
    progress_.line(fmt::format("{}{}", mark, text));
  }

 private:
  ProgressLine& progress_;
};

job::Job load_one_job(const Options& options, const Config& config, Console& console) {
  job::LoadedJobs loaded = job::load_job_file(options.job_file, config.sources);
  for (const job::Problem& problem : loaded.problems) console.err << job::to_string(problem) << '\n';
  if (loaded.jobs.empty())
    throw CommandFailure(Exit::usage, fmt::format("run {}: the file is invalid", options.job_file));
  return std::move(loaded.jobs.front());
}

Instant slot_for(const Options& options, const job::Job& job, Instant now) {
  if (!options.at.empty()) {
    const auto at = time_from_text(options.at, job.schedule.zone);
    if (!at) throw CommandFailure(at.error().in("--at"));
    return *at;
  }
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) throw CommandFailure(calendar.error());
  const auto slot = calendar->last_run_before(now);
  if (!slot) {
    throw CommandFailure(Exit::usage,
                         fmt::format("run {}: its schedule ({}) has no slot before now; give one with --at",
                                     job.name, job::schedule_text(job.schedule)));
  }
  return *slot;
}

// The instance at the slot, with the values given by hand in place of the computed ones.
Instance make_instance(const Options& options, const job::Job& job, Instant slot) {
  Instance instance;
  instance.id.job = job.name;
  instance.id.scheduled = slot;
  instance.zone = job.schedule.zone;
  instance.version = job.version;
  auto values = job::freeze(job, slot);
  if (!values) throw CommandFailure(values.error());
  for (const auto& [name, value] : options.parameters) {
    const auto found =
        std::find_if(values->begin(), values->end(), [&](const auto& known) { return known.first == name; });
    if (found == values->end()) {
      throw CommandFailure(Exit::usage, fmt::format("set {}: job {} has no such parameter", name, job.name));
    }
    found->second = value;
  }
  instance.values = std::move(*values);
  const auto window = job::window_of(job, instance.values, slot);
  if (!window) throw CommandFailure(window.error());
  instance.window_start = window->start;
  instance.window_end = window->end;
  return instance;
}

// The slot whose window begins where the instance's ended. Windows ascend with their slots.
std::optional<Instant> following_slot(const job::Job& job, const Instance& instance) {
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return std::nullopt;
  for (const auto& next : calendar->next_slots(instance.id.scheduled, kFollowingSlots)) {
    const auto values = job::freeze(job, next.at);
    if (!values) continue;
    const auto window = job::window_of(job, *values, next.at);
    if (!window) continue;
    if (window->start == instance.window_end) return next.at;
    if (window->start > instance.window_end) break;
  }
  return std::nullopt;
}

// In the folder where the command was given.
std::string dirty_file_name(const Instance& instance) {
  std::string at = job::format_local(instance.id.scheduled, instance.zone).substr(0, 16);
  std::erase(at, ':');
  return fmt::format("{}_{}.dirty.jsonl", storage::file_name_of(instance.id.job), at);
}

void print_following(const std::string& from, const Instance& instance, Console& console) {
  const std::string end = job::format_local(instance.window_end, instance.zone);
  if (from.empty()) {
    console.out << fmt::format(
        "no slot's window begins at {}, where this one ended: check start and end time of the job\n", end);
    return;
  }
  console.out << fmt::format(
      "schedule.from: \"{}\"\n"
      "  put this into the job file, without fullTableFirst: the window of that slot begins at {}, where "
      "this one\n"
      "  ended, so that no change is missing or doubled\n",
      from, end);
}

std::string progress_text(const pipeline::Statistics& statistics, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(statistics.rows) / seconds : 0;
  return fmt::format("{} rows, {} read, {} written, {} of {} shards, {} rows/s, {:.0f} s",
                     count_text(statistics.rows), bytes_text(static_cast<double>(statistics.read_bytes)),
                     bytes_text(static_cast<double>(statistics.written_bytes)), statistics.shards_done,
                     statistics.shards, count_text(static_cast<std::uint64_t>(rate)), seconds);
}

// How much is done, 0 to 1: by shards, and of a single one by the time of its newest record.
double part_done(const pipeline::Statistics& statistics, const Instance& instance) {
  if (statistics.shards == 0) return 0;
  if (statistics.shards > 1 || statistics.shards_done == 1)
    return static_cast<double>(statistics.shards_done) / static_cast<double>(statistics.shards);
  if (statistics.last_record <= instance.window_start || instance.window_end <= instance.window_start)
    return 0;
  return std::chrono::duration<double>(statistics.last_record - instance.window_start) /
         std::chrono::duration<double>(instance.window_end - instance.window_start);
}

awaitable<void> show_progress(Clock& clock, const Instance& instance, const scheduler::Run& run,
                              ProgressLine& progress) {
  const Duration begin = clock.monotonic();
  for (;;) {
    co_await clock.sleep_for(kProgressPeriod);
    const pipeline::Statistics& statistics = run.statistics();
    const double seconds = std::chrono::duration<double>(clock.monotonic() - begin).count();
    progress.show(part_done(statistics, instance), progress_text(statistics, seconds));
  }
}

// One window by itself, begun at its time.
awaitable<void> run_window(const Instance& instance, scheduler::Run& run, Clock& clock,
                           ProgressLine& progress, Result<scheduler::Outcome>& outcome) {
  TaskGroup tasks(co_await boost::asio::this_coro::executor);
  tasks.start(show_progress(clock, instance, run, progress));
  std::exception_ptr interrupted;
  try {
    auto start = co_await run.plan(std::nullopt);
    if (start) {
      outcome = co_await run.execute(std::move(*start), std::nullopt);
    } else {
      outcome = start.error();
    }
  } catch (...) {
    interrupted = std::current_exception();
  }
  // An interrupted wait stays interrupted; the next one must not be.
  if (interrupted)
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  tasks.stop();
  co_await tasks.join();
  if (interrupted) std::rethrow_exception(interrupted);
}

void print_outcome(const Instance& instance, const scheduler::Outcome& outcome, double seconds,
                   const std::optional<std::string>& from, bool as_json, Console& console) {
  if (as_json) {
    boost::json::object out{{"instance", scheduler::to_string(instance.id, instance.zone)},
                            {"window", boost::json::object{{"start", utc_text(instance.window_start)},
                                                           {"end", utc_text(instance.window_end)}}},
                            {"objects", pipeline::to_json(outcome.objects)},
                            {"gaps", pipeline::to_json(outcome.gaps)},
                            {"statistics", pipeline::to_json(outcome.statistics)},
                            {"seconds", seconds}};
    if (from) out["schedule_from"] = from->empty() ? boost::json::value() : boost::json::value(*from);
    print_json(out, console);
    return;
  }
  for (const auto& object : outcome.objects) console.out << describe(object) << '\n';
  for (const auto& gap : outcome.gaps) console.out << describe(gap, instance.zone) << '\n';
  for (const std::string& line : describe(outcome.statistics, instance.zone)) console.out << line << '\n';
  console.out << fmt::format("done in {:.1f} s\n", seconds);
  if (from) print_following(*from, instance, console);
}

}  // namespace

Exit command_run(const Options& options, Console& whole_console) {
  const Config config = config_for(options, whole_console);
  const job::Job job = load_one_job(options, config, whole_console);
  // Where rows go to standard output nothing else may.
  const bool prints = job.script->target == job::TargetKind::stream;
  Console console = prints ? Console{whole_console.err, whole_console.err} : whole_console;
  const auto rows = stream::make_row_output(STDOUT_FILENO);
  boost::asio::io_context loop(1);
  SystemClock clock;
  SystemRandom random;
  auto outgoing = transport_options(config, read_proxy_environment());
  if (!outgoing) throw CommandFailure(outgoing.error());
  const auto transport = http::make_transport(loop.get_executor(), clock, std::move(*outgoing));
  ProgressLine progress(console);
  ExportRunner runner(
      ExportPorts{loop.get_executor(), clock, random, *transport, prints ? rows.get() : nullptr,
                  [&progress](std::string_view line) { progress.line(fmt::format("warning: {}", line)); },
                  [](const Instance& at, int) {
                    return std::make_unique<storage::DirtyRowsFile>(dirty_file_name(at));
                  }},
      config.sources, [&progress](const Instance&, int) { return std::make_unique<ProgressLog>(progress); },
      [](const std::string&, const pipeline::Statistics&) {});
  runner.let_windows_stand_alone();
  if (options.full_then_stream) runner.load_tables_first();
  const Instance instance = make_instance(options, job, slot_for(options, job, clock.now()));
  auto run = runner.prepare(job, instance, 1);
  if (!run) throw CommandFailure(run.error());
  Result<scheduler::Outcome> outcome = Error();
  const Duration begin = clock.monotonic();
  const auto signal = run_in_foreground(loop, run_window(instance, **run, clock, progress, outcome));
  progress.clear();
  if (signal) return *signal == SIGINT ? Exit::interrupted : Exit::terminated;
  if (!outcome) throw CommandFailure(outcome.error());
  const double seconds = std::chrono::duration<double>(clock.monotonic() - begin).count();
  std::optional<std::string> from;  // where the daemon follows, "" if nowhere
  if (options.full_then_stream) {
    const auto slot = following_slot(job, instance);
    from = slot ? job::format_local(*slot, instance.zone) : "";
  }
  print_outcome(instance, *outcome, seconds, from, options.json, console);
  return Exit::done;
}

}  // namespace sluice::daemon
