#include "daemon/app/app_service.hpp"

#include "daemon/api/api_json.hpp"
#include "daemon/api/event_feed.hpp"
#include "daemon/api/preview.hpp"
#include "daemon/app/metrics_observer.hpp"
#include "daemon/state/private_tmp.hpp"
#include "storage/attempt_log.hpp"

#include <spdlog/spdlog.h>

#include <sys/stat.h>

namespace sluice::daemon {
namespace {

Error no_log(const scheduler::Instance& instance, int number) {
  const std::string id = scheduler::to_string(instance.id, instance.zone);
  if (number > 0)
    return Error(Errc::not_found, fmt::format("find the log of attempt {} of {}: none", number, id));
  return Error(Errc::not_found,
               fmt::format("find a log of {}: no attempt was made, or its log was removed", id));
}

}  // namespace

ServiceStatus AppService::status() const {
  ServiceStatus status;
  status.version = SLUICE_VERSION;
  status.started = started_;
  status.running = parts_.scheduler.running();
  status.running_max = parts_.config.attempts_max;
  status.draining = draining_;
  if (const auto doubt = parts_.scheduler.clock_doubt()) status.clock_in_doubt = scheduler::explain(*doubt);
  if (const auto& failure = parts_.scheduler.store_failure())
    status.store_failure = scheduler::explain(*failure, "UTC");
  return status;
}

awaitable<std::string> AppService::metrics() {
  Metrics& metrics = parts_.metrics;
  auto jobs = parts_.jobs.jobs();
  for (const job::Job& job : jobs) begin_job_counters(metrics, job.name);
  for (const ChannelConfig& channel : parts_.config.alerts.channels)
    begin_channel_counters(metrics, channel.name);
  metrics.set("sluice_clock_in_doubt", {}, parts_.scheduler.clock_doubt() ? 1 : 0);
  metrics.set("sluice_jobs", {}, static_cast<double>(jobs.size()));
  metrics.set("sluice_running_attempts", {}, static_cast<double>(parts_.scheduler.running()));
  set_process_metrics(metrics);
  return text_with_jobs(metrics, parts_.store, std::move(jobs), now());
}

awaitable<Result<void>> AppService::act(scheduler::Order order, scheduler::InstanceId id) {
  return parts_.scheduler.act(std::move(order), std::move(id));
}

awaitable<Result<void>> AppService::pause(std::string job, std::string actor, std::string reason) {
  auto paused = co_await parts_.scheduler.pause(job, std::move(actor), std::move(reason));
  if (paused) parts_.events.job_changed(std::move(job), "paused");
  co_return paused;
}

awaitable<Result<scheduler::Resumed>> AppService::resume(std::string job,
                                                         std::optional<scheduler::RunChoice> choice,
                                                         std::string actor, std::string reason) {
  auto resumed = co_await parts_.scheduler.resume(job, choice, std::move(actor), std::move(reason));
  if (!resumed) co_return resumed;
  if (resumed->skipped > 0) parts_.events.instances_changed(job, "skipped");
  parts_.events.job_changed(std::move(job), "resumed");
  co_return resumed;
}

std::vector<scheduler::Pause> AppService::pauses() const {
  std::vector<scheduler::Pause> found;
  for (const auto& [job, pause] : parts_.scheduler.pauses()) found.push_back(pause);
  return found;
}

awaitable<Result<LogPart>> AppService::log(scheduler::Instance instance, int number, std::uint64_t offset,
                                           std::size_t limit) {
  const auto stored = parts_.logs.list(chain_of(instance.id), instance.id.scheduled, instance.zone);
  if (!stored) co_return stored.error();
  const storage::StoredLog* found = nullptr;
  for (const storage::StoredLog& log : *stored) {
    if (number == 0 || log.attempt == number) found = &log;
  }
  if (found == nullptr) co_return no_log(instance, number);
  auto piece = storage::read_log(found->path, offset, limit);
  if (!piece) co_return piece.error();
  LogPart part;
  part.attempt = found->attempt;
  part.offset = piece->offset;
  part.next = piece->next;
  part.at_end = piece->at_end;
  // An attempt that plans is not stored yet, and one that is being stopped is not shown as running.
  part.open = found->attempt == parts_.scheduler.attempt_in_progress(instance.row);
  part.newest = stored->back().attempt;
  part.text = std::move(piece->text);
  co_return part;
}

std::string AppService::dirty_file(const scheduler::Instance& instance, int number) const {
  return parts_.logs.find_dirty(chain_of(instance.id), instance.id.scheduled, instance.zone, number);
}

Result<PlannedPage> AppService::preview(const std::string& job, Instant from, Instant to) {
  const JobList jobs = parts_.jobs.jobs();
  if (const job::Job* const found = jobs.find(job))
    return preview_page(*found, parts_.config.sources, from, to);
  return no_such_job(job);
}

awaitable<Result<PlannedBackfill>> AppService::preview_backfill(scheduler::BackfillOrder order,
                                                                std::size_t slots_max) {
  const std::string name = order.job;
  auto preview = co_await parts_.scheduler.preview_backfill(std::move(order), slots_max);
  if (!preview) co_return preview.error();
  PlannedBackfill planned;
  const JobList jobs = parts_.jobs.jobs();
  if (const job::Job* const job = jobs.find(name)) {
    for (const scheduler::BackfillSlot& slot : preview->slots)
      planned.objects.push_back(object_of(*job, parts_.config.sources, slot.instance));
  }
  planned.preview = std::move(*preview);
  co_return planned;
}

awaitable<Result<scheduler::Backfill>> AppService::act_on_backfill(BackfillAction action, std::int64_t id,
                                                                   std::string actor, bool kill) {
  switch (action) {
    case BackfillAction::pause:
      return parts_.scheduler.pause_backfill(id, std::move(actor));
    case BackfillAction::resume:
      return parts_.scheduler.resume_backfill(id, std::move(actor));
    case BackfillAction::cancel:
      return parts_.scheduler.cancel_backfill(id, std::move(actor), kill);
  }
  throw std::logic_error("an action that does not exist");
}

awaitable<Result<std::uint64_t>> AppService::backup(std::string file) {
  if (is_in_private_tmp(file)) {
    co_return Error(
        Errc::refused_by_state,
        fmt::format("back up to {}: systemd gives the service a /tmp and /var/tmp of its own "
                    "(PrivateTmp=), and the file would go with it; name a folder that the service "
                    "may write, such as {}",
                    file, parts_.config.state_dir));
  }
  struct stat present {};
  if (::lstat(file.c_str(), &present) == 0) {
    co_return Error(Errc::conflict, fmt::format("back up to {}: the file exists", file));
  }
  try {
    co_await parts_.store.backup(file);
  } catch (const ErrorException& failure) {
    co_return failure.error();
  }
  if (::stat(file.c_str(), &present) != 0) co_return from_errno(errno, "look at " + file);
  co_return static_cast<std::uint64_t>(present.st_size);
}

}  // namespace sluice::daemon
