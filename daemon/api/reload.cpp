#include "daemon/api/reload.hpp"

#include "daemon/api/api_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace sluice::daemon {
namespace {

std::optional<job::YamlNode> read_document(const std::string& file) {
  const auto text = job::read_text_file(file);
  if (!text) return std::nullopt;
  auto document = job::parse_yaml(*text);
  if (!document) return std::nullopt;
  // Everything commented out means all defaults, as for load_config().
  if (document->kind == job::YamlNode::Kind::null) document->kind = job::YamlNode::Kind::mapping;
  return std::move(*document);
}

const std::string& zone_of(const JobSet::Entries& entries, const std::string& job) {
  static const std::string kUtc = "UTC";
  const auto entry = entries.find(job);
  return entry == entries.end() ? kUtc : entry->second.job.schedule.zone;
}

// `before`: the version that applies until the slot of the change.
scheduler::JobVersion version_of(const JobChange& change, const JobSet::Entry& entry, Instant now,
                                 const std::string& actor, const std::string& before) {
  scheduler::JobVersion version;
  version.job = change.job;
  version.version = change.after;
  version.first_seen = now;
  version.since = now;
  version.actor = actor;
  version.effective = change.from;
  if (change.from) version.replaces = before;
  version.text = entry.text;
  return version;
}

scheduler::AuditEntry audit_entry(Instant now, const std::string& actor, std::string target,
                                  std::string detail) {
  scheduler::AuditEntry entry;
  entry.at = now;
  entry.actor = actor;
  entry.action = "reload";
  entry.target = std::move(target);
  entry.detail = std::move(detail);
  return entry;
}

std::string summary(const ReloadReport& report) {
  const auto count = [&](JobChange::Kind kind) {
    return std::count_if(report.changes.begin(), report.changes.end(),
                         [&](const JobChange& change) { return change.kind == kind; });
  };
  std::string text = fmt::format("{} jobs in force: {} added, {} changed, {} removed", report.jobs,
                                 count(JobChange::Kind::added), count(JobChange::Kind::changed),
                                 count(JobChange::Kind::removed));
  if (!report.settings.empty()) text += fmt::format("; settings {}", fmt::join(report.settings, ", "));
  if (!report.restart.empty()) text += fmt::format("; after a restart {}", fmt::join(report.restart, ", "));
  if (!report.problems.empty()) text += fmt::format("; {} problems", report.problems.size());
  return text;
}

bool is_broken(const job::DefinitionText& text, const std::vector<job::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [&](const job::Problem& problem) {
    return problem.severity == job::Severity::error &&
           (problem.file == text.file || problem.file == text.script_file);
  });
}

// Channels that jobs name and `alerts`, when known, does not have.
void add_unknown_channels(const AlertConfig* alerts, const JobSet::Entries& entries,
                          std::vector<job::Problem>& problems) {
  if (alerts == nullptr) return;
  for (const auto& [name, entry] : entries)
    for (job::Problem& problem : unknown_channels(*alerts, entry.job)) problems.push_back(std::move(problem));
}

// True while it lives.
struct Busy {
  explicit Busy(bool& its_flag) : flag(its_flag) { its_flag = true; }
  ~Busy() { flag = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  bool& flag;
};

// `from` in `zone`.
Result<Instant> first_slot(const std::string& from, const std::string& zone, Instant now) {
  const auto slot = time_from_text(from, zone);
  if (!slot) return slot.error().in("from");
  if (*slot > now) return *slot;
  return Error(
      Errc::invalid_argument,
      fmt::format("reload from {}: that is past, and past slots are never planned anew; name a later "
                  "one, or none for the first slot after now",
                  from));
}

// Where no job changes, `from` may be the local time of any of them.
Result<void> check_slot(const JobSet::Entries& entries, const std::string& from, Instant now) {
  std::set<std::string> zones;
  for (const auto& [name, entry] : entries) zones.insert(entry.job.schedule.zone);
  if (zones.empty()) zones.insert("UTC");
  Error refusal;
  for (const std::string& zone : zones) {
    const auto slot = first_slot(from, zone, now);
    if (slot) return {};
    refusal = slot.error();
  }
  return refusal;
}

}  // namespace

Reloader::Reloader(Parts parts, std::string config_file)
    : parts_(std::move(parts)),
      config_file_(std::move(config_file)),
      at_start_(read_document(config_file_)),
      document_(at_start_) {}

Reloader::Settings Reloader::read_settings(ReloadReport& report) const {
  Settings settings;
  if (!document_) return settings;
  LoadedConfig loaded = load_config(config_file_);
  report.problems.insert(report.problems.end(), loaded.problems.begin(), loaded.problems.end());
  settings.document = read_document(config_file_);
  if (!loaded.config || !settings.document) return Settings();
  for (std::string& key : changed_settings(*document_, *settings.document))
    if (is_reloadable(key)) report.settings.push_back(std::move(key));
  for (std::string& key : changed_settings(*at_start_, *settings.document))
    if (!is_reloadable(key)) report.restart.push_back(std::move(key));
  settings.next = std::move(*loaded.config);
  return settings;
}

Result<void> Reloader::add_slots(std::vector<JobChange>& changes, const JobSet::Entries& entries,
                                 const std::string& from) const {
  if (from.empty()) return {};
  bool checked = false;
  for (JobChange& change : changes) {
    if (change.kind == JobChange::Kind::removed) continue;
    const auto slot = first_slot(from, zone_of(entries, change.job), parts_.clock.now());
    if (!slot) return slot.error();
    change.from = *slot;
    checked = true;
  }
  return checked ? Result<void>() : check_slot(entries, from, parts_.clock.now());
}

awaitable<void> Reloader::put_down(const ReloadReport& report, const JobSet::Entries& entries,
                                   std::string actor) {
  const Instant now = parts_.clock.now();
  const scheduler::Handovers waiting = pending();
  std::vector<scheduler::JobVersion> versions;
  std::vector<std::string> removed;
  std::vector<scheduler::AuditEntry> audit;
  for (const JobChange& change : report.changes) {
    audit.push_back(audit_entry(now, actor, change.job, describe(change, zone_of(entries, change.job))));
    if (change.kind == JobChange::Kind::removed) {
      removed.push_back(change.job);
    } else {
      const auto waits = waiting.find(change.job);
      std::string before = change.before;
      if (waits != waiting.end()) before = waits->second.before ? waits->second.before->version : "";
      versions.push_back(version_of(change, entries.at(change.job), now, actor, before));
    }
  }
  audit.push_back(audit_entry(now, actor, "configuration", summary(report)));
  co_await parts_.versions.put_in_force(std::move(versions), std::move(removed), std::move(audit));
}

awaitable<Result<ReloadReport>> Reloader::reload(ReloadRequest request) {
  if (busy_) co_return Error(Errc::conflict, "reload: another reload is under way; try again");
  const Busy busy(busy_);
  co_return co_await reload_once(std::move(request));
}

awaitable<Result<ReloadReport>> Reloader::reload_once(ReloadRequest request) {
  ReloadReport report;
  report.dry_run = request.dry_run;
  Settings settings = read_settings(report);
  const job::DataSources sources = settings.next ? settings.next->sources : parts_.jobs.sources();
  JobSet::Reading reading = parts_.jobs.read(sources);
  report.problems.insert(report.problems.end(), reading.problems.begin(), reading.problems.end());
  if (!reading.readable) reading.entries = parts_.jobs.entries();
  report.jobs = reading.entries.size();
  report.changes = job_changes(known_jobs(parts_.jobs.entries()), reading.entries);
  const auto slots = add_slots(report.changes, reading.entries, request.from);
  if (!slots) co_return slots.error();
  std::vector<job::Problem> of_files = report.problems;
  add_unknown_channels(settings.next ? &settings.next->alerts : parts_.alerts, reading.entries,
                       report.problems);
  if (request.dry_run) co_return report;
  problems_ = std::move(of_files);

  co_await put_down(report, reading.entries, std::move(request.actor));
  note_handovers(report.changes);
  parts_.jobs.take(std::move(reading), sources);
  if (settings.next) {
    document_ = std::move(settings.document);
    parts_.apply_settings(*settings.next);
  }
  parts_.apply_jobs(parts_.jobs.jobs().copy(), pending());
  co_return report;
}

// Until its slot an edited job follows what it follows now: where an edit before waits itself, that one never
// comes into force.
void Reloader::note_handovers(const std::vector<JobChange>& changes) {
  const scheduler::Handovers waiting = pending();
  handovers_ = waiting;
  for (const JobChange& change : changes) {
    handovers_.erase(change.job);
    if (!change.from) continue;
    scheduler::Handover handover;
    handover.from = *change.from;
    const auto before = waiting.find(change.job);
    const auto present = parts_.jobs.entries().find(change.job);
    if (before != waiting.end()) {
      handover.before = before->second.before;
    } else if (present != parts_.jobs.entries().end()) {
      handover.before = std::make_shared<const job::Job>(present->second.job);
    }
    handovers_.emplace(change.job, std::move(handover));
  }
}

scheduler::Handovers Reloader::pending() const {
  scheduler::Handovers waiting;
  for (const auto& [name, handover] : handovers_) {
    if (handover.from > parts_.clock.now()) waiting.emplace(name, handover);
  }
  return waiting;
}

awaitable<std::vector<std::string>> Reloader::begin(std::vector<job::Problem> problems) {
  problems_ = problems;
  std::vector<std::string> lines;
  std::set<std::string> broken;
  for (const job::Problem& problem : problems) {
    const bool error = problem.severity == job::Severity::error;
    if (error && broken.insert(problem.file).second) co_await restore(problem, lines);
  }
  std::string every_job;
  const auto in_force = co_await parts_.versions.versions(std::move(every_job));
  const JobSet::Entries& entries = parts_.jobs.entries();
  scheduler::Handovers missed;
  KnownJobs before;
  for (const scheduler::JobVersion& version : in_force) {
    KnownJob known;
    known.version = version.version;
    const auto entry = entries.find(version.job);
    const bool changed = entry == entries.end() || entry->second.job.version != version.version;
    // An edit that waits for its slot needs the definition it replaces.
    const bool waits = !changed && version.effective && *version.effective > parts_.clock.now();
    const bool replaces = !changed && version.effective;
    std::string wanted = replaces ? version.replaces : version.version;
    const auto kept = co_await parts_.versions.version(version.job, std::move(wanted));
    // Its file is broken, and it could not be restored: it is in force, but cannot run.
    if (entry == entries.end() && kept && is_broken(kept->text, problems)) continue;
    auto old = kept ? job::read_definition(kept->text, parts_.jobs.sources()) : Result<job::Job>(Error());
    if (waits) {
      scheduler::Handover handover;
      handover.from = *version.effective;
      if (old) handover.before = std::make_shared<const job::Job>(*old);
      const bool lost = !old && !version.replaces.empty();
      if (lost)
        lines.push_back(
            fmt::format("job {}: its edit {} applies at once, because the definition before is lost",
                        version.job, version.version));
      if (!lost) handovers_.insert_or_assign(version.job, std::move(handover));
    } else if (entry != entries.end()) {
      auto handover = co_await missed_by(version, changed, old);
      if (handover.before || !changed) missed.insert_or_assign(version.job, std::move(handover));
    }
    if (old) known.job = std::move(*old);
    before.emplace(version.job, std::move(known));
  }
  ReloadReport report;
  report.jobs = entries.size();
  report.changes = job_changes(before, entries);
  report.problems = std::move(problems);
  if (!report.changes.empty()) co_await put_down(report, entries, "start");
  missed.merge(pending());
  parts_.apply_jobs(parts_.jobs.jobs().copy(), missed);
  co_return lines;
}

// Slots that were missed while the daemon was down are those of the definition that was in force then: until
// now where the file changed meanwhile, until its slot where an edit waited for one, and the present one's
// where neither is the case.
awaitable<scheduler::Handover> Reloader::missed_by(scheduler::JobVersion version, bool changed,
                                                   Result<job::Job> old) {
  const Instant now = parts_.clock.now();
  scheduler::Handover handover;
  handover.from = changed ? now + Duration(1) : version.effective.value_or(version.since + Duration(1));
  if (!changed && !version.effective) co_return handover;
  const bool waited = changed && version.effective && *version.effective > now;
  if (waited) {
    const auto kept = co_await parts_.versions.version(version.job, version.replaces);
    old = kept ? job::read_definition(kept->text, parts_.jobs.sources()) : Result<job::Job>(Error());
  }
  if (old) handover.before = std::make_shared<const job::Job>(std::move(*old));
  co_return handover;
}

// A file that was broken while the daemon was down.
awaitable<void> Reloader::restore(const job::Problem& problem, std::vector<std::string>& lines) {
  std::string every_job;
  const auto in_force = co_await parts_.versions.versions(std::move(every_job));
  for (const scheduler::JobVersion& version : in_force) {
    if (parts_.jobs.entries().contains(version.job)) continue;
    const auto kept = co_await parts_.versions.version(version.job, version.version);
    if (!kept || (kept->text.file != problem.file && kept->text.script_file != problem.file)) continue;
    job::Job nothing;
    auto job = job::load_definition(kept->text, parts_.jobs.sources(), nothing);
    if (job) {
      lines.push_back(fmt::format("job {}: runs by the version {} that was in force, until {} is put right",
                                  version.job, version.version, problem.file));
      parts_.jobs.adopt(JobSet::Entry{std::move(*job), kept->text});
    } else {
      lines.push_back(
          fmt::format("job {}: its earlier version cannot run: {}", version.job, job.error().message()));
    }
  }
}

}  // namespace sluice::daemon
