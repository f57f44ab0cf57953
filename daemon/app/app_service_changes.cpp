// What the service does about edits of the configuration.
#include "core/job/job_file.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/event_feed.hpp"
#include "daemon/api/preview.hpp"
#include "daemon/app/app_service.hpp"

#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

constexpr std::chrono::hours kDifferenceSpan{24};

void log_report(const ReloadReport& report) {
  for (const job::Problem& problem : report.problems) spdlog::warn("reload: {}", job::to_string(problem));
  for (const std::string& key : report.restart)
    spdlog::warn("reload: {} changed, which takes a restart to come into force", key);
  for (const JobChange& change : report.changes)
    spdlog::info("reload job={} {}", change.job, describe(change, "UTC"));
  spdlog::info("reloaded jobs={} changes={} problems={}", report.jobs, report.changes.size(),
               report.problems.size());
}

JobFile read_draft(const job::DefinitionText& draft, const job::DataSources& sources) {
  const job::FileReader read_script = [&draft](const std::string& path) -> Result<std::string> {
    if (path == draft.script_file) return draft.script;
    return Error(Errc::not_found, fmt::format("read {}: it did not come with the draft", path));
  };
  JobFile file;
  file.written = draft;
  file.loaded = job::load_job_text(draft.file, draft.text, sources, read_script);
  return file;
}

// Both ends in the zone; only what is to come can change.
Result<void> add_range(PlanDifference& difference, const DifferenceRequest& request, Instant now) {
  difference.from = now + Duration(1);
  if (!request.from.empty()) {
    const auto from = time_from_text(request.from, difference.zone);
    if (!from) return from.error().in("from");
    difference.from = std::max(*from, difference.from);
  }
  difference.to = difference.from + kDifferenceSpan;
  if (request.to.empty()) return {};
  const auto to = time_from_text(request.to, difference.zone);
  if (!to) return to.error().in("to");
  difference.to = *to;
  return {};
}

// The definition that the edit gives, if it has no errors; names the job, and adds what is wrong.
std::optional<job::Job> edited_job(const DifferenceRequest& request, const JobSet& jobs,
                                   PlanDifference& difference) {
  difference.job = request.job;
  if (request.draft) {
    JobFile file = read_draft(*request.draft, jobs.sources());
    difference.problems = std::move(file.loaded.problems);
    if (file.loaded.jobs.empty()) return std::nullopt;
    difference.job = file.loaded.jobs.front().name;
    return std::move(file.loaded.jobs.front());
  }
  JobSet::Reading reading = jobs.read_for(request.job);
  const auto running = jobs.entries().find(request.job);
  for (job::Problem& problem : reading.problems) {
    const bool its = running == jobs.entries().end() || problem.file == running->second.text.file ||
                     problem.file == running->second.text.script_file;
    if (its) difference.problems.push_back(std::move(problem));
  }
  const auto entry = reading.entries.find(request.job);
  if (entry == reading.entries.end()) return std::nullopt;
  return std::move(entry->second.job);
}

Result<PlannedPage> slots_of(const job::Job* job, const job::DataSources& sources,
                             const PlanDifference& difference) {
  if (job == nullptr) return PlannedPage();
  return preview_page(*job, sources, difference.from, difference.to);
}

awaitable<std::size_t> count_unstarted(scheduler::StateStore& store, std::string job, Instant from) {
  scheduler::InstanceQuery query;
  query.job = std::move(job);
  query.from = from;
  query.limit = 1000;
  std::size_t count = 0;
  while (true) {
    const std::vector<scheduler::Instance> page = co_await store.instances(query);
    for (const scheduler::Instance& instance : page) {
      const bool stays = instance.attempts > 0 || instance.state == scheduler::State::frozen ||
                         scheduler::is_done(instance.state);
      if (!stays) ++count;
    }
    if (page.size() < query.limit) co_return count;
    query.after = page.back().id;
  }
}

}  // namespace

awaitable<Result<ReloadReport>> AppService::reload(ReloadRequest request) {
  const std::string actor = request.actor;
  auto report = co_await parts_.reloader.reload(std::move(request));
  if (!report || report->dry_run) co_return report;
  co_await accept_clock(actor);
  if (parts_.renew_certificate) {
    for (job::Problem& problem : parts_.renew_certificate()) report->problems.push_back(std::move(problem));
  }
  const bool errors =
      std::any_of(report->problems.begin(), report->problems.end(),
                  [](const job::Problem& problem) { return problem.severity == job::Severity::error; });
  parts_.metrics.add("sluice_config_reloads_total", {{"result", errors ? "problems" : "success"}});
  log_report(*report);
  for (const JobChange& change : report->changes)
    parts_.events.job_changed(change.job, to_string(change.kind));
  co_return report;
}

awaitable<void> AppService::accept_clock(std::string actor) {
  const auto doubt = parts_.scheduler.clock_doubt();
  if (!doubt) co_return;
  scheduler::AuditEntry entry;
  entry.at = now();
  entry.actor = std::move(actor);
  entry.action = "reload";
  entry.target = "clock";
  entry.detail = "taken as right, " + length_text(doubt->ahead) + " ahead of the time that passed";
  std::vector<scheduler::AuditEntry> entries;
  entries.push_back(std::move(entry));
  co_await parts_.store.add_audit(std::move(entries));
  parts_.scheduler.accept_clock();
}

awaitable<Result<PlanDifference>> AppService::difference(DifferenceRequest request) {
  const JobSet::Entries& present = parts_.jobs.entries();
  PlanDifference difference;
  const std::optional<job::Job> after = edited_job(request, parts_.jobs, difference);
  const auto running = present.find(difference.job);
  const job::Job* before = running == present.end() ? nullptr : &running->second.job;
  if (before == nullptr && !after) {
    if (request.draft) co_return difference;  // its problems say what is wrong
    co_return Error(Errc::not_found, fmt::format("find job {}: no such job", difference.job));
  }
  difference.zone = after ? after->schedule.zone : before->schedule.zone;
  const auto range = add_range(difference, request, now());
  if (!range) co_return range.error();
  auto old_slots = slots_of(before, sources(), difference);
  if (!old_slots) co_return old_slots.error();
  auto new_slots = slots_of(after ? &*after : nullptr, sources(), difference);
  if (!new_slots) co_return new_slots.error();
  if (before != nullptr) difference.before = before->version;
  if (after) difference.after = after->version;
  difference.next = end_together(*old_slots, *new_slots);
  if (difference.next) difference.to = *difference.next;
  difference.slots = compare_slots(old_slots->instances, new_slots->instances, difference.unchanged);
  const bool edits = before != nullptr && after && before->version != after->version;
  if (edits) {
    difference.keys = job::changed_keys(*before, *after);
    difference.replaced = co_await count_unstarted(parts_.store, difference.job, difference.from);
  }
  co_return difference;
}

}  // namespace sluice::daemon
