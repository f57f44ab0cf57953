#include "core/base/system_clock.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/app/foreground.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/look_outside.hpp"
#include "daemon/cli/state_commands.hpp"
#include "daemon/config/job_set.hpp"
#include "daemon/state/backups.hpp"
#include "daemon/state/rebuild.hpp"
#include "storage/async_state_store.hpp"
#include "storage/state_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

// Windows and differences that are printed by name; all of them are in the JSON.
constexpr std::size_t kPrintedMax = 20;

struct Rebuilding {
  job::Job job;
  Result<JobPlan> plan = Error();
};

// A copy of the state file that is worked on, or an empty one: the file itself is replaced as a whole at the
// end, or not at all.
class WorkingCopy {
 public:
  WorkingCopy(std::string file, bool begin_anew, const std::string& backups)
      : file_(std::move(file)), path_(file_ + ".rebuild") {
    storage::remove_state_file(path_);
    // Before the file is marked: its last step puts another one there, and is no change by others.
    if (const auto finished = storage::finish_restore(file_); !finished) refuse(finished.error());
    marks_ = marks_of(file_);
    if (begin_anew) {
      if (const auto lock = storage::StateFileLock::take(file_); !lock) refuse(lock.error());
      return;
    }
    const auto copied = storage::copy_state_file(file_, path_);
    const bool missing = !copied && copied.error().code() == Errc::not_found;
    const auto kept = look_for_backups(backups, SystemClock().now());
    if (missing && !kept) refuse(kept.error());
    if (missing && !kept->empty()) {
      throw CommandFailure(
          Exit::refused,
          fmt::format("rebuild the state: {} is missing, but there are backups in {}; \"sluice "
                      "state restore\" first, then rebuild what is newer, or begin --new",
                      file_, backups));
    }
    if (missing) return;
    if (!copied) refuse(copied.error());
    const auto looked = storage::look_at_state_file(path_);
    if (!looked) refuse(looked.error());
    if (looked->damage) {
      storage::remove_state_file(path_);
      throw CommandFailure(
          Exit::state_damaged,
          fmt::format("rebuild the state: {} is damaged: {}; \"sluice state restore\" a backup "
                      "first, or begin --new",
                      file_, *looked->damage));
    }
  }
  WorkingCopy(const WorkingCopy&) = delete;
  WorkingCopy& operator=(const WorkingCopy&) = delete;
  ~WorkingCopy() { storage::remove_state_file(path_); }

  const std::string& path() const noexcept { return path_; }

  // Looking at everything takes minutes, in which a daemon may have run.
  bool is_of_today() const { return marks_ == marks_of(file_); }

  // The name under which the old file is kept; empty where there was none.
  std::string put_in_place(Instant now) {
    const auto restored = storage::restore_state_file(path_, file_, now);
    if (!restored) refuse(restored.error());
    return restored->kept;
  }

 private:
  [[noreturn]] void refuse(const Error& error) const {
    storage::remove_state_file(path_);
    throw CommandFailure(exit_for(error), "rebuild the state: " + error.message());
  }

  // Of the state file and its log; a file that is not there has none.
  using Marks = std::vector<std::array<std::int64_t, 4>>;
  static Marks marks_of(const std::string& path) {
    const std::string file = storage::followed(path);
    Marks marks;
    for (const char* const suffix : {"", "-wal"}) {
      struct stat seen {};
      if (::stat((file + suffix).c_str(), &seen) != 0) continue;
      marks.push_back(
          {static_cast<std::int64_t>(seen.st_ino), seen.st_size, seen.st_mtim.tv_sec, seen.st_mtim.tv_nsec});
    }
    return marks;
  }

  std::string file_;
  std::string path_;
  Marks marks_;
};

struct JobsToRebuild {
  std::vector<job::Job> chosen;
  std::vector<std::string> never_again;  // of all jobs: their lost attempts wait for a person
  bool all_read = true;
};

JobsToRebuild jobs_to_rebuild(const Options& options, const Config& config, Console& console) {
  JobsToRebuild found;
  JobSet set(config.jobs_dir, config.sources);
  for (const job::Problem& problem : set.reload()) {
    console.err << job::to_string(problem) << '\n';
    if (problem.severity == job::Severity::error) found.all_read = false;
  }
  std::vector<job::Job>& jobs = found.chosen;
  jobs = set.jobs().copy();
  for (const job::Job& job : jobs) {
    if (job.rerun.property == job::RerunProperty::never) found.never_again.push_back(job.name);
  }
  for (const std::string& name : options.targets) {
    if (std::ranges::count(jobs, name, &job::Job::name) == 0)
      throw CommandFailure(Exit::not_found,
                           fmt::format("rebuild the state: no job {} in {}", name, config.jobs_dir));
  }
  if (options.targets.empty()) return found;
  std::erase_if(jobs,
                [&](const job::Job& job) { return std::ranges::count(options.targets, job.name) == 0; });
  return found;
}

Result<RebuildWish> wish_for(const Options& options, const job::Job& job) {
  RebuildWish wish;
  wish.rerun = options.rerun;
  if (options.from.empty()) return wish;
  const auto from = time_from_text(options.from, job.schedule.zone);
  if (!from) return from.error();
  wish.from = *from;
  return wish;
}

// As a daemon does that starts: attempts that were running when the file was copied are over.
awaitable<void> look_at_all(SurveyPorts ports, scheduler::StateStore& store, const Options& options,
                            std::vector<std::string> never_again, std::vector<Rebuilding>& jobs) {
  co_await store.close_lost(ports.clock.now(), std::move(never_again));
  for (Rebuilding& one : jobs) {
    const auto wish = wish_for(options, one.job);
    if (!wish) throw CommandFailure(wish.error());
    one.plan = co_await look_and_plan(ports, store, one.job, *wish);
  }
}

bool changes_anything(const Rebuilding& one) {
  return one.plan && (!one.plan->proof.windows.empty() || one.plan->first);
}

bool is_known(const Rebuilding& one) { return one.plan && one.plan->by != JobPlan::By::nothing; }

awaitable<void> put_all_down(storage::AsyncStateStore& store, std::vector<Rebuilding>& jobs, Instant now) {
  const std::string actor = fmt::format("uid {}", ::getuid());
  for (Rebuilding& one : jobs) {
    if (!changes_anything(one)) continue;
    JobPlan plan = *one.plan;
    const auto done = co_await put_down(store, store, one.job, std::move(plan), actor, now);
    if (!done) throw CommandFailure(done.error());
  }
}

std::string id_text(const scheduler::NewInstance& instance) { return to_string(instance.id, instance.zone); }

json::object to_json(const Rebuilding& one) {
  json::object out{{"job", one.job.name}};
  if (!one.plan) {
    out["error"] = one.plan.error().message();
    return out;
  }
  const JobPlan& plan = *one.plan;
  const auto& windows = plan.proof.windows;
  const auto maybe_time = [](const std::optional<Instant>& at) {
    return at ? json::value(utc_text(*at)) : json::value(nullptr);
  };
  out["by"] = to_string(plan.by);
  out["goes_on"] = maybe_time(plan.goes_on);
  out["windows"] = windows.size();
  out["first"] = windows.empty() ? json::value(nullptr) : json::value(id_text(windows.front().instance));
  out["last"] = windows.empty() ? json::value(nullptr) : json::value(id_text(windows.back().instance));
  json::array breaks;
  for (const scheduler::ChainBreak& broken : plan.proof.breaks) {
    breaks.push_back(json::object{{"manifest", broken.manifest},
                                  {"slot", utc_text(broken.slot)},
                                  {"reason", broken.reason},
                                  {"passed", broken.passed},
                                  {"kept", broken.kept}});
  }
  out["breaks"] = std::move(breaks);
  out["unproven"] = plan.unproven.size();
  out["again"] = plan.proof.again;
  json::array differences;
  for (const WindowDifference& found : plan.differences) {
    differences.push_back(json::object{{"instance", id_text(windows[found.place].instance)},
                                       {"kind", objects::to_string(found.difference.kind)},
                                       {"object", found.difference.object},
                                       {"detail", found.difference.detail},
                                       {"rerun", !windows[found.place].rerun.empty()}});
  }
  out["differences"] = std::move(differences);
  out["warning"] = plan.warning ? json::value(*plan.warning) : json::value(nullptr);
  return out;
}

// Nothing where nothing is known: what that means is said of the job.
std::string_view what_follows(const JobPlan& plan, const scheduler::ChainBreak& broken) {
  if (plan.by == JobPlan::By::nothing) return "";
  if (plan.of_table) return "its window is not counted upon; backfill it";
  if (broken.passed) return "it and what lies before is not counted upon, and too old to be exported again";
  if (broken.kept) return "windows from there on are exported again";
  return "windows from there on should be exported again, but the stream does not keep what they need";
}

void print_breaks(const Rebuilding& one, Console& console) {
  for (const scheduler::ChainBreak& broken : one.plan->proof.breaks) {
    const std::string_view consequence = what_follows(*one.plan, broken);
    console.out << fmt::format("  {}: {}{}{}\n", console.paint(broken.manifest, Tone::warn), broken.reason,
                               consequence.empty() ? "" : ": ", consequence);
  }
}

void print_differences(const Rebuilding& one, Console& console) {
  const JobPlan& plan = *one.plan;
  std::size_t printed = 0;
  for (const WindowDifference& found : plan.differences) {
    if (++printed > kPrintedMax) {
      console.out << fmt::format("  and {} more differences\n", plan.differences.size() - kPrintedMax);
      break;
    }
    const auto& window = plan.proof.windows[found.place];
    console.out << fmt::format("  {}  {}  {} {}{}\n", id_text(window.instance),
                               console.paint(objects::to_string(found.difference.kind), Tone::bad),
                               found.difference.object, found.difference.detail,
                               window.rerun.empty() ? "" : "; runs again");
  }
}

void print_unproven(const Rebuilding& one, Console& console) {
  const auto& slots = one.plan->unproven;
  if (slots.empty()) return;
  console.out << fmt::format(
      "  {} windows between them have no manifest, {} to {}: they are SKIPPED; backfill those that were "
      "exported\n",
      count_text(slots.size()), id_text(slots.front()), id_text(slots.back()));
}

void print_job(const Rebuilding& one, Console& console) {
  const std::string name = console.paint(one.job.name, Tone::strong);
  if (!one.plan) {
    console.out << fmt::format("{}: {}\n", name, console.paint(one.plan.error().message(), Tone::bad));
    return;
  }
  const JobPlan& plan = *one.plan;
  const auto& windows = plan.proof.windows;
  const std::string next = plan.goes_on ? local_second(*plan.goes_on, one.job.schedule.zone) : "";
  switch (plan.by) {
    case JobPlan::By::manifests:
      console.out << fmt::format(
          "{}: manifests prove {} windows, {} to {}; the next one begins where it ended, {}\n", name,
          count_text(windows.size()), id_text(windows.front().instance), id_text(windows.back().instance),
          next);
      break;
    case JobPlan::By::objects:
      console.out << fmt::format(
          "{}: names of objects tell that it came to {}; what changed from there on is "
          "exported again, by time\n",
          name, next);
      break;
    case JobPlan::By::state_file:
      console.out << fmt::format(
          "{}: the state file has it up to {}; nothing behind that is proven, so its windows "
          "run again\n",
          name, next);
      break;
    case JobPlan::By::nothing:
      console.out << fmt::format("{}: {}\n", name, console.paint("nothing is known", Tone::bad));
      break;
  }
  print_breaks(one, console);
  print_unproven(one, console);
  print_differences(one, console);
  if (plan.warning) console.out << fmt::format("  {}\n", console.paint(*plan.warning, Tone::warn));
}

struct RebuildOutcome {
  bool changed = false;
  std::string_view left;  // why not, where there was something to put into it
  bool known = false;     // of every job
  std::string kept;
};

Exit print_outcome(const std::string& file, const RebuildOutcome& outcome,
                   const std::vector<Rebuilding>& jobs, const Options& options, Console& console) {
  if (options.json) {
    json::array out;
    for (const Rebuilding& one : jobs) out.push_back(to_json(one));
    print_json(json::object{{"file", file},
                            {"changed", outcome.changed},
                            {"kept", outcome.kept.empty() ? json::value(nullptr) : json::value(outcome.kept)},
                            {"jobs", std::move(out)}},
               console);
  } else if (outcome.changed) {
    console.out << fmt::format("rebuilt {}{}\n", file,
                               outcome.kept.empty() ? "" : "; what was there is kept as " + outcome.kept);
    console.out << (outcome.known
                        ? "start the daemon now, and compare with \"sluice verify JOB\"\n"
                        : "of those of which nothing is known, set schedule.from before the daemon starts\n");
  } else if (options.dry_run) {
    console.out << fmt::format("{} is as it was (--dry-run)\n", file);
  } else {
    console.out << fmt::format("{} is as it was: {}\n", file,
                               outcome.left.empty() ? "there is nothing to put into it" : outcome.left);
  }
  return outcome.known ? Exit::done : Exit::failed;
}

// Looks at what the jobs name. A signal ends it.
std::optional<int> look_for_windows(const Config& config, const Options& options,
                                    scheduler::StateStore& store, const std::vector<std::string>& never_again,
                                    std::vector<Rebuilding>& jobs, Console& console) {
  ProgressLine progress(console);
  return look_outside(config, [&](Outside outside) {
    const SurveyPorts ports{outside.clock, outside.runner,
                            [&](std::string_view line) { progress.show(line); }};
    return look_at_all(ports, store, options, never_again, jobs);
  });
}

// All of it or nothing.
std::optional<int> put_into(storage::Database& database, storage::AsyncStateStore& store,
                            std::vector<Rebuilding>& jobs, Instant now) {
  boost::asio::io_context loop(1);
  storage::TransactionGroup all(database);
  const auto signal = run_in_foreground(loop, put_all_down(store, jobs, now));
  if (!signal) all.commit();
  return signal;
}

// A job that begins with its next slot, because nobody could say how far it had come, loses what lies
// between: it would not be looked for behind that slot any more.
std::string_view why_left(const std::vector<Rebuilding>& jobs, bool all_read) {
  if (!all_read) return "a job file cannot be read; correct it, or name the jobs that are to be rebuilt";
  const bool all_looked_at =
      std::ranges::all_of(jobs, [](const Rebuilding& one) { return one.plan.has_value(); });
  return all_looked_at ? "" : "not every job could be looked at; try again, or name those that can";
}

Exit exit_by(int signal) { return signal == SIGINT ? Exit::interrupted : Exit::terminated; }

}  // namespace

Exit command_state_rebuild(const Options& options, Console& console) {
  const Config config = config_for(options, console);
  const std::string file = state_file_in(config.state_dir);
  JobsToRebuild chosen = jobs_to_rebuild(options, config, console);
  std::vector<Rebuilding> jobs;
  for (job::Job& job : chosen.chosen) jobs.push_back({std::move(job)});
  WorkingCopy copy(file, options.new_state, config.backup_dir);
  auto opened = storage::open_state_file(copy.path(), {});
  storage::Database& database = opened->database();
  storage::AsyncStateStore store(std::move(opened), storage::Threading::caller);

  if (const auto signal = look_for_windows(config, options, store, chosen.never_again, jobs, console))
    return exit_by(*signal);
  RebuildOutcome outcome;
  outcome.known = chosen.all_read && std::ranges::all_of(jobs, is_known);
  outcome.left = why_left(jobs, chosen.all_read || !options.targets.empty());
  if (!options.json) {
    for (const Rebuilding& one : jobs) print_job(one, console);
    console.out.flush();
  }
  if (!options.dry_run && outcome.left.empty() && std::ranges::any_of(jobs, changes_anything)) {
    if (!copy.is_of_today())
      throw CommandFailure(Exit::refused,
                           fmt::format("rebuild the state: {} was changed meanwhile, by a daemon "
                                       "or a restore; stop that, and begin again",
                                       file));
    const Instant now = SystemClock().now();
    if (const auto signal = put_into(database, store, jobs, now)) return exit_by(*signal);
    store.close();
    outcome.kept = copy.put_in_place(now);
    outcome.changed = true;
  }
  return print_outcome(file, outcome, jobs, options, console);
}

}  // namespace sluice::daemon
