#include "daemon/app/app.hpp"

#include "core/base/signal.hpp"
#include "core/base/system_clock.hpp"
#include "core/base/task_group.hpp"
#include "core/job/definition_text.hpp"
#include "daemon/api/readiness.hpp"
#include "daemon/api/reload.hpp"
#include "daemon/api/router.hpp"
#include "daemon/app/alert_setup.hpp"
#include "daemon/app/app_service.hpp"
#include "daemon/app/daemon_log.hpp"
#include "daemon/app/doors.hpp"
#include "daemon/app/event_observer.hpp"
#include "daemon/app/housekeeping.hpp"
#include "daemon/app/metrics_observer.hpp"
#include "daemon/base/resident.hpp"
#include "daemon/export/export_runner.hpp"
#include "daemon/export/outgoing.hpp"
#include "daemon/state/backups.hpp"
#include "storage/async_backfills.hpp"
#include "storage/attempt_log.hpp"
#include "storage/dirty_rows_file.hpp"
#include "storage/sqlite_history.hpp"

#include <spdlog/spdlog.h>

#include <ctime>
#include <filesystem>

namespace sluice::daemon {
namespace {

constexpr std::chrono::milliseconds kReadyPoll{20};
constexpr std::chrono::milliseconds kStorePoll{1000};
constexpr std::chrono::seconds kStopMargin{75};  // beyond drainLimit: attempts are taken back within 60 s

Result<void> make_folder(const std::string& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) return from_errno(failure.value(), "make the folder " + path);
  return {};
}

// The kernel counts sleep in one of two clocks that never step.
Duration machine_asleep() {
  const auto read = [](clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  return std::chrono::duration_cast<Duration>(read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC));
}

scheduler::Options scheduler_options(const Config& config) {
  scheduler::Options options;
  options.attempts_max = config.attempts_max;
  options.drain_limit = config.drain_limit;
  options.asleep = machine_asleep;
  return options;
}

}  // namespace

class App::Impl {
 public:
  Impl(boost::asio::io_context& loop, Clock& clock, Random& random, Config config, SystemdNotify notify,
       AppHooks hooks)
      : executor_(loop.get_executor()),
        clock_(clock),
        random_(random),
        config_(std::move(config)),
        notify_(std::move(notify)),
        hooks_(std::move(hooks)),
        jobs_(config_.jobs_dir, config_.sources),
        logs_(config_.log_dir),
        observer_(metrics_),
        stop_signal_(executor_),
        tasks_(executor_) {
    declare_all(metrics_, SLUICE_VERSION);
    observer_.listen([this](const scheduler::Instance& instance) {
      if (alerting_) alerting_->instance_changed(instance);
      if (hooks_.on_instance) hooks_.on_instance(instance);
    });
  }

  awaitable<Result<void>> run() {
    const auto built = build();
    if (!built) co_return built.error();
    const auto listening = doors_->open();
    if (listening) {
      tcp_port_ = *listening;
      co_await work();
    } else {
      scheduler_ended_ = true;
    }
    co_await shut_down();
    if (!listening) co_return listening.error();
    co_return Result<void>();
  }

  void stop() {
    stopping_ = true;
    stop_signal_.notify_all();
  }

  void reload() {
    if (stopping_ || !service_) return;
    reload_again_ = true;
    if (reloading_) return;
    reloading_ = true;
    tasks_.start(reload_by_signal());
  }

 private:
  Result<void> build() {
    for (const std::string& folder : {config_.state_dir, config_.log_dir}) {
      const auto made = make_folder(folder);
      if (!made) return made.error();
    }
    try {
      auto file = open_backed_up(state_file_in(config_.state_dir), config_.backup_dir, SystemClock().now());
      store_ = std::make_unique<storage::AsyncStateStore>(std::move(file), storage::Threading::worker);
    } catch (const ErrorException& failure) {
      return failure.error();
    }
    auto outgoing = transport_options(config_, read_proxy_environment());
    if (!outgoing) return outgoing.error();
    log_proxies(outgoing->proxies);
    transport_ = http::make_transport(executor_, clock_, std::move(*outgoing));
    runner_ = std::make_unique<ExportRunner>(
        ExportPorts{executor_, clock_, random_, *transport_, nullptr,
                    [](std::string_view line) { spdlog::warn("{}", line); },
                    [this](const scheduler::Instance& instance, int attempt) {
                      return keep_dirty(instance, attempt);
                    }},
        config_.sources,
        [this](const scheduler::Instance& instance, int attempt) { return make_log(instance, attempt); },
        [this](const std::string& job, const pipeline::Statistics& counts) {
          observer_.counted(job, counts);
        });
    problems_ = jobs_.reload();
    for (const job::Problem& problem : problems_) spdlog::warn("{}", job::to_string(problem));
    backfills_ = std::make_unique<storage::AsyncBackfills>(*store_);
    catch_up_ = std::make_unique<storage::AsyncCatchUp>(*store_);
    scheduler::Options options = scheduler_options(config_);
    options.versions = store_.get();
    options.load_definition = [this](const job::DefinitionText& kept, const job::Job& present) {
      return job::load_definition(kept, config_.sources, present);
    };
    options.backfills = backfills_.get();
    options.catch_up = catch_up_.get();
    events_ = std::make_unique<EventObserver>(EventObserver::Parts{
        executor_, clock_, random_, *store_, observer_, [this] { return readiness_of(*service_); }});
    scheduler_ = std::make_unique<scheduler::Scheduler>(executor_, clock_, *store_, *runner_, random_,
                                                        *events_, std::move(options), jobs_.jobs().copy());
    reloader_ = std::make_unique<Reloader>(
        Reloader::Parts{clock_, jobs_, *store_, [this](const Config& next) { apply(next); },
                        [this](std::vector<job::Job> jobs, const scheduler::Handovers& handovers) {
                          scheduler_->set_jobs(std::move(jobs), handovers);
                        },
                        &config_.alerts},
        config_.file);
    alerting_ = std::make_unique<Alerting>(Alerting::Parts{
        executor_, clock_, random_, *store_, *transport_, *scheduler_, jobs_,
        [this] { return reloader_->problems(); }, config_.alerts, metrics_,
        [this](const scheduler::Incident& incident) { events_->feed().incident_changed(incident); }});
    history_ = std::make_unique<storage::AsyncHistory>(*store_);
    housekeeping_ = std::make_unique<Housekeeping>(
        Housekeeping::Parts{clock_, config_, logs_, *store_, *history_,
                            [this] { return scheduler_->clock_doubt().has_value(); }});
    backups_ = std::make_unique<Backups>(Backups::Parts{
        clock_, *store_, metrics_, state_file_in(config_.state_dir), config_.backup_dir, config_.backup_every,
        config_.backup_keep, [this] { return scheduler_->clock_doubt().has_value(); }});
    verifier_ = std::make_unique<Verifier>(*store_, clock_, *runner_);
    service_ = std::make_unique<AppService>(AppService::Parts{
        config_, clock_, *store_, *backfills_, logs_, *scheduler_, jobs_, metrics_, *verifier_, *reloader_,
        events_->feed(), &alerting_->desk(), [this] { return doors_->renew_certificate(); }});
    doors_ = std::make_unique<Doors>(
        Doors::Parts{executor_, clock_, config_, metrics_,
                     [this](const HttpRequest& request) { return dispatch(routes(), *service_, request); }});
    return {};
  }

  awaitable<void> work() {
    tasks_.start(run_scheduler());
    tasks_.start(report_ready());
    tasks_.start(feed_watchdog());
    tasks_.start(housekeeping_->prune_logs());
    tasks_.start(housekeeping_->remove_versions());
    tasks_.start(housekeeping_->give_back_memory());
    tasks_.start(forget_history());
    tasks_.start(backups_->run());
    tasks_.start(alerting_->watch());
    tasks_.start(alerting_->beat());
    tasks_.start(events_->watch_coverage());
    while (!stopping_) co_await stop_signal_.wait();
  }

  std::unique_ptr<pipeline::Log> make_log(const scheduler::Instance& instance, int attempt) {
    const auto path = logs_.path(chain_of(instance.id), instance.id.scheduled, instance.zone, attempt);
    if (!path) {
      spdlog::error("keep no log of {}: {}", instance.id.job, path.error().message());
      return std::make_unique<pipeline::NullLog>();
    }
    return std::make_unique<storage::AttemptLog>(clock_, *path, instance.zone, config_.log_bytes_max);
  }

  std::unique_ptr<pipeline::DirtyFile> keep_dirty(const scheduler::Instance& instance, int attempt) {
    const auto path = logs_.dirty_path(chain_of(instance.id), instance.id.scheduled, instance.zone, attempt);
    if (path) return std::make_unique<storage::DirtyRowsFile>(*path);
    spdlog::error("keep no dirty rows of {}: {}", instance.id.job, path.error().message());
    return nullptr;
  }

  // What a reload may change of sluice.yaml; see is_reloadable().
  void apply(const Config& next) {
    config_.sources = next.sources;
    config_.access = next.access;
    config_.attempts_max = next.attempts_max;
    config_.drain_limit = next.drain_limit;
    config_.log_bytes_max = next.log_bytes_max;
    config_.log_total_bytes_max = next.log_total_bytes_max;
    config_.log_retention_days = next.log_retention_days;
    config_.log_compress_after = next.log_compress_after;
    config_.log_level = next.log_level;
    config_.log_format = next.log_format;
    runner_->set_sources(config_.sources);
    scheduler_->set_limits(config_.attempts_max, config_.drain_limit);
    set_daemon_log(config_.log_level, config_.log_format);
  }

  // A signal that comes during a reload leads to one more.
  awaitable<void> reload_by_signal() {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds.count()));
    while (reload_again_ && !stopping_) {
      reload_again_ = false;
      try {
        ReloadRequest request;
        request.actor = "SIGHUP";
        const auto report = co_await service_->reload(std::move(request));
        if (report) continue;
        spdlog::warn("{}", report.error().message());
        // The API's reload is under way; this one has to see what changed since.
        reload_again_ = report.error().code() == Errc::conflict;
      } catch (const ErrorException& failure) {
        spdlog::error("reload: {}; the configuration before stays in force", failure.error().message());
      }
      if (reload_again_) co_await clock_.sleep_for(kReadyPoll);
    }
    reloading_ = false;
    tell("READY=1");
  }

  // Nothing is planned before it is known which edits wait for their slot.
  awaitable<void> begin_versions() {
    while (!stopping_) {
      try {
        std::vector<job::Problem> problems = problems_;
        const auto lines = co_await reloader_->begin(std::move(problems));
        for (const std::string& line : lines) spdlog::warn("{}", line);
        co_return;
      } catch (const ErrorException& failure) {
        spdlog::error("read the versions of the jobs: {}; trying again", failure.error().message());
      }
      co_await clock_.sleep_for(kStorePoll);
    }
  }

  // Gives jobs without any instance those since `from`; planning then goes on behind them.
  awaitable<void> plan_past(Instant from) {
    for (const job::Job& job : jobs_.jobs()) {
      if (co_await store_->last_planned(job.name)) continue;
      const Instant until = clock_.now();
      for (std::optional<Instant> next = from + Duration(1); next;) {
        const auto planned = service_->preview(job.name, *next, until);
        if (!planned) throw ErrorException(planned.error());
        std::vector<scheduler::NewInstance> rows;
        for (const PlannedInstance& instance : planned->instances) rows.push_back(instance.instance);
        co_await store_->add_instances(std::move(rows));
        next = planned->next;
      }
    }
  }

  awaitable<void> run_scheduler() {
    try {
      co_await begin_versions();
      if (hooks_.plan_from) co_await plan_past(*hooks_.plan_from);
      co_await scheduler_->run();
    } catch (const std::exception& failure) {
      spdlog::critical("run the scheduler: {}", failure.what());
      failure_ = std::current_exception();
    }
    scheduler_ended_ = true;
    stop();
  }

  // Ready is: recovered, planned, listening.
  awaitable<void> report_ready() {
    while (!scheduler_->ready()) co_await clock_.sleep_for(kReadyPoll);
    tell(fmt::format("READY=1\nSTATUS={} jobs", jobs_.jobs().size()));
    spdlog::info("ready jobs={}", jobs_.jobs().size());
    let_go_of_program_pages();
    if (hooks_.on_ready) hooks_.on_ready(tcp_port_);
  }

  // From the loop itself: a loop that hangs is restarted by systemd.
  awaitable<void> feed_watchdog() {
    const auto interval = notify_.watchdog_interval();
    if (!interval) co_return;
    for (;;) {
      tell(fmt::format("WATCHDOG=1\nSTATUS={} attempts running", scheduler_->running()));
      co_await clock_.sleep_for(*interval);
    }
  }

  awaitable<void> forget_history() {
    while (!scheduler_->ready()) co_await clock_.sleep_for(kReadyPoll);
    co_await housekeeping_->forget_windows();
  }

  // Newest work stops first; each step has an owner and a limit.
  awaitable<void> shut_down() {
    const auto limit = std::chrono::duration_cast<Duration>(config_.drain_limit + kStopMargin);
    tell(fmt::format("STOPPING=1\nSTATUS=waiting for {} attempts\nEXTEND_TIMEOUT_USEC={}",
                     scheduler_->running(), limit.count()));
    spdlog::info("stopping running={}", scheduler_->running());
    service_->set_draining();
    doors_->stop_accepting();
    events_->feed().close();  // streams end now, not after the draining
    scheduler_->stop();
    while (!scheduler_ended_) co_await stop_signal_.wait();
    tasks_.stop();
    co_await doors_->stop();
    co_await tasks_.join();
    co_await alerting_->stop(failure_ == nullptr);
    store_->close();
    spdlog::info("stopped");
    if (failure_) std::rethrow_exception(failure_);
  }

  void tell(const std::string& message) {
    if (const auto sent = notify_.send(message); !sent) spdlog::debug("{}", sent.error().message());
  }

  Executor executor_;
  Clock& clock_;
  Random& random_;
  Config config_;
  SystemdNotify notify_;
  AppHooks hooks_;
  Metrics metrics_;
  JobSet jobs_;
  storage::AttemptLogFolder logs_;
  MetricsObserver observer_;
  std::unique_ptr<storage::AsyncStateStore> store_;
  std::unique_ptr<storage::AsyncBackfills> backfills_;
  std::unique_ptr<storage::AsyncCatchUp> catch_up_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<ExportRunner> runner_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Reloader> reloader_;
  std::vector<job::Problem> problems_;  // of the job files at the start
  std::unique_ptr<EventObserver> events_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<Alerting> alerting_;
  std::unique_ptr<AppService> service_;
  std::unique_ptr<Doors> doors_;
  std::unique_ptr<storage::AsyncHistory> history_;
  std::unique_ptr<Housekeeping> housekeeping_;
  std::unique_ptr<Backups> backups_;
  Signal stop_signal_;
  TaskGroup tasks_;
  std::uint16_t tcp_port_ = 0;
  std::exception_ptr failure_;
  bool stopping_ = false;
  bool reloading_ = false;     // by a signal
  bool reload_again_ = false;  // a signal came
  bool scheduler_ended_ = false;
};

App::App(boost::asio::io_context& loop, Clock& clock, Random& random, Config config, SystemdNotify notify,
         AppHooks hooks)
    : impl_(std::make_unique<Impl>(loop, clock, random, std::move(config), std::move(notify),
                                   std::move(hooks))) {}
App::~App() = default;
awaitable<Result<void>> App::run() { return impl_->run(); }
void App::stop() { impl_->stop(); }
void App::reload() { impl_->reload(); }

}  // namespace sluice::daemon
