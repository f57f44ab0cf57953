#include "daemon/export/export_runner.hpp"

#include "core/base/within.hpp"
#include "core/http/role_credentials.hpp"
#include "core/job/civil_time.hpp"
#include "core/pipeline/dirty_limit.hpp"
#include "core/pipeline/joined_writer.hpp"
#include "core/tablestore/hand_over.hpp"
#include "core/tablestore/stream_reader.hpp"
#include "core/tablestore/table_reader.hpp"
#include "core/tablestore/traffic.hpp"
#include "daemon/export/export_log.hpp"
#include "daemon/export/export_writers.hpp"
#include "daemon/export/reader_limits.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <exception>

namespace sluice::daemon {
namespace {

using pipeline::Level;

// How long a failed attempt may take to remove what it has written.
constexpr std::chrono::seconds kAbortLimit{60};

// How long a window that is exported may wait until it is handed over: two requests and a row for each shard.
constexpr std::chrono::minutes kHandOverLimit{5};

tablestore::ClientOptions client_options(const job::TableStoreSource& source, http::Endpoint endpoint,
                                         std::shared_ptr<http::CredentialsProvider> keys) {
  tablestore::ClientOptions options;
  options.endpoint = std::move(endpoint);
  options.instance = source.instance;
  options.credentials = std::move(keys);
  options.region = source.region;
  options.table = source.table;
  options.time_series = source.is_time_series;
  options.retry.max_retries = source.max_retries;
  options.retry.budget = source.retry_budget;
  options.compress_answers = source.compress_answers;
  return options;
}

awaitable<Result<void>> abort_all(pipeline::WindowWriter& writer) {
  co_await writer.abort();
  co_return Result<void>();
}

std::unique_ptr<pipeline::Reader> make_reader(tablestore::Client& client, Clock& clock,
                                              const job::Export& work) {
  if (work.source.kind == job::SourceKind::stream) {
    return std::make_unique<tablestore::StreamReader>(client, clock, work.source,
                                                      stream_limits(work.settings), &client);
  }
  return std::make_unique<tablestore::TableReader>(client, client, clock, work.source, Instant{},
                                                   scan_limits(work.settings, work.target));
}

// A backfill's windows are no part of the recurring chain: they do not load the table with their first one,
// and neither take over nor move the original's checkpoints.
void stand_aside(job::TableStoreSource& source) {
  source.full_table_first = false;
  source.take_over = job::TakeOver::never;
  source.hand_over = false;
}

class ExportRun final : public scheduler::Run {
 public:
  ExportRun(const ExportPorts& ports, job::Export work, std::string definition, http::Endpoint endpoint,
            std::shared_ptr<http::CredentialsProvider> keys, ExportWriters writers,
            std::unique_ptr<pipeline::Log> log, std::unique_ptr<pipeline::DirtyFile> dirty_file,
            CountsListener on_counts)
      : clock_(ports.clock),
        work_(std::move(work)),
        definition_(std::move(definition)),
        log_(std::move(log)),
        client_(ports.transport, ports.clock, ports.random,
                client_options(work_.source, std::move(endpoint), std::move(keys))),
        reader_(make_reader(client_, ports.clock, work_)),
        writers_(std::move(writers)),
        dirty_({work_.settings.error_limit, work_.settings.error_percentage}, work_.target.columns,
               statistics_, *log_, std::move(dirty_file)),
        on_counts_(std::move(on_counts)) {}

  awaitable<Result<pipeline::Positions>> plan(std::optional<pipeline::Positions> previous) override {
    // Windows of a job that exported its table have no positions to go on from.
    if (previous && previous->stream.empty()) previous.reset();
    is_first_ = !previous;
    auto positions = co_await reader_->plan(work_.window, previous, *log_);
    if (positions) {
      log_->line(Level::info, describe(*positions, previous.has_value(), work_.window));
    } else {
      log_->line(Level::error, "plan: " + positions.error().message());
    }
    co_return positions;
  }

  awaitable<Result<scheduler::Outcome>> execute(pipeline::Positions start,
                                                std::optional<pipeline::Positions> until) override {
    pipeline::ReadPlan plan;
    plan.start = std::move(start);
    plan.until = std::move(until);
    std::unique_ptr<pipeline::WindowWriter> writer = writers_.begin(work_.window, statistics_, *log_, dirty_);
    pipeline::WindowWriter* table = nullptr;  // of the whole table's rows
    if (work_.source.full_table_first && is_first_ && !plan.until) {
      auto joined =
          writers_.begin_with_table(std::move(writer), work_.window, statistics_, *log_, dirty_.table());
      table = &joined->first();
      writer = std::move(joined);
    }
    Result<scheduler::Outcome> outcome = Error();
    std::exception_ptr interrupted;
    try {
      outcome = co_await transfer(plan, *writer, table);
    } catch (...) {
      interrupted = std::current_exception();
    }
    if (interrupted || !outcome) {
      co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
      log_->line(Level::error, interrupted ? std::string("stopped") : "failed: " + outcome.error().message());
      co_await take_back(*writer);
    }
    report(outcome);
    if (interrupted) std::rethrow_exception(interrupted);
    co_return outcome;
  }

  // A single object has the same name in every window.
  bool writes(std::string_view object) const override {
    if (work_.target.write_single_object) return false;
    const auto names = objects::ObjectNames::make(work_.target, work_.window);
    return names && names->contains(object);
  }

  const pipeline::Statistics& statistics() const override { return statistics_; }

  void note(std::string_view text) noexcept override { log_->line(Level::info, text); }

 private:
  // The fixed order: target, readers into writers, objects, hand-over. The positions are the scheduler's.
  awaitable<Result<scheduler::Outcome>> transfer(const pipeline::ReadPlan& plan,
                                                 pipeline::WindowWriter& writer,
                                                 pipeline::WindowWriter* table) {
    const auto prepared = co_await writer.prepare();
    if (!prepared) co_return prepared.error();
    if (table != nullptr) {
      const auto loaded = co_await load(*table);
      if (!loaded) co_return loaded.error();
    }
    auto read = co_await reader_->read(work_.window, plan, writer, statistics_, *log_);
    if (!read) co_return read.error();
    if (const auto checked = dirty_.check_percentage(); !checked) co_return checked.error();
    writer.describe(facts_of(plan, *read));
    auto objects = co_await writer.commit();
    if (!objects) co_return objects.error();
    if (work_.source.hand_over) co_await hand_over(read->end);
    // The table's rows belong to the window that is repeated, as its objects do.
    if (plan.until) statistics_.rows += writers_.table_rows();
    scheduler::Outcome outcome;
    outcome.end = std::move(read->end);
    outcome.gaps = std::move(read->gaps);
    outcome.objects = plan.until ? writers_.with_table_objects(std::move(*objects)) : std::move(*objects);
    outcome.statistics = statistics_;
    co_return outcome;
  }

  pipeline::WindowFacts facts_of(const pipeline::ReadPlan& plan, const pipeline::ReadOutcome& read) const {
    pipeline::WindowFacts facts;
    facts.definition = definition_;
    facts.records = statistics_.records;
    facts.start = plan.start;
    facts.end = read.end;
    return facts;
  }

  // All that happened to the table before the window's start is in its rows then, whichever machine's clock
  // is a little late (docs/decisions/006-full-table-first.md).
  awaitable<Result<void>> load(pipeline::WindowWriter& table) {
    const Instant not_before = work_.window.start + work_.source.settle;
    tablestore::TableReader reader(client_, client_, clock_, work_.source, not_before,
                                   scan_limits(work_.settings, work_.target));
    const auto read = co_await reader.read(work_.window, pipeline::ReadPlan(), table, statistics_, *log_);
    if (!read) co_return read.error();
    co_return Result<void>();
  }

  // The objects are there and stay, so nothing that happens here, not even a stop, may undo the window.
  awaitable<void> hand_over(const pipeline::Positions& end) {
    const tablestore::StatusTable table{client_, client_, work_.source.status_table};
    const tablestore::Traffic traffic(client_, &statistics_, *log_);
    Result<void> done = Error();
    try {
      auto work = tablestore::hand_over(table, work_.source.table, work_.window, end);
      done = co_await within(clock_, kHandOverLimit, "hand over", std::move(work));
    } catch (const std::exception& thrown) {
      done = Error(Errc::cancelled, fmt::format("hand over {}: {}", work_.source.table, thrown.what()));
    }
    if (done) {
      log_->line(Level::info,
                 fmt::format("handed over {} shards in status table {}", end.shards.size(), table.name));
      co_return;
    }
    ++statistics_.hand_over_failures;
    log_->line(Level::warning,
               done.error().message() + "; the window counts all the same, rerun it to hand it over again");
  }

  awaitable<void> take_back(pipeline::WindowWriter& writer) {
    const auto aborted = co_await within(clock_, kAbortLimit, "take back the attempt", abort_all(writer));
    if (!aborted) {
      log_->line(Level::warning, aborted.error().message() + "; the next attempt removes what is left");
    }
    if (!aborted || writer.left_behind()) statistics_.left_behind = 1;
  }

  void report(const Result<scheduler::Outcome>& outcome) {
    dirty_.close();
    if (outcome) {
      for (const auto& gap : outcome->gaps) log_->line(Level::warning, describe(gap, work_.window.zone));
    }
    for (const std::string& line : describe(statistics_, work_.window.zone)) log_->line(Level::info, line);
    on_counts_(work_.window.job, statistics_);
  }

  Clock& clock_;
  job::Export work_;
  std::string definition_;  // job::Job::version
  std::unique_ptr<pipeline::Log> log_;
  tablestore::Client client_;
  std::unique_ptr<pipeline::Reader> reader_;
  ExportWriters writers_;
  pipeline::Statistics statistics_;
  pipeline::DirtyLimit dirty_;
  bool is_first_ = false;  // the window was planned without a predecessor
  CountsListener on_counts_;
};

}  // namespace

ExportRunner::ExportRunner(ExportPorts ports, job::DataSources sources, LogMaker make_log,
                           CountsListener on_counts)
    : ports_(std::move(ports)),
      sources_(std::move(sources)),
      make_log_(std::move(make_log)),
      on_counts_(std::move(on_counts)) {}

Result<std::unique_ptr<scheduler::Run>> ExportRunner::prepare(const job::Job& job,
                                                              const scheduler::Instance& instance,
                                                              int attempt) {
  auto log = make_log_(instance, attempt);
  for (const std::string& line : describe(instance, attempt)) log->line(Level::info, line);
  const auto refuse = [&](const Error& error) {
    log->line(Level::error, error.message());
    return error;
  };
  auto work = resolve(job, instance);
  if (!work) return refuse(work.error());
  if (instance.id.group != 0) stand_aside(work->source);
  auto endpoint = http::parse_endpoint(work->source.endpoint);
  if (!endpoint) return refuse(endpoint.error().in("reader endpoint"));
  const auto& from = work->source;
  auto keys =
      keys_of(from.ram_role, from.metadata_endpoint, {from.access_id, from.access_key, from.security_token});
  if (!keys) return refuse(keys.error().in("reader"));
  const auto target_ports = ports_of(work->target);
  if (!target_ports) return refuse(target_ports.error());
  const auto make_writer = make_writer_maker(*target_ports, work->target);
  if (!make_writer) return refuse(make_writer.error());
  auto writers = ExportWriters::make(*make_writer, *work, instance.objects);
  if (!writers) return refuse(writers.error());
  log->line(Level::info, describe(*work));
  std::unique_ptr<pipeline::DirtyFile> dirty_file;
  if (ports_.keep_dirty) dirty_file = ports_.keep_dirty(instance, attempt);
  return std::unique_ptr<scheduler::Run>(std::make_unique<ExportRun>(
      ports_, std::move(*work), job.version, std::move(*endpoint), std::move(*keys), std::move(*writers),
      std::move(log), std::move(dirty_file), on_counts_));
}

Result<TargetPorts> ExportRunner::ports_of(const job::Target& target) {
  auto keys = keys_of(target.ram_role, target.metadata_endpoint,
                      {target.access_id, target.access_key, target.security_token});
  if (!keys) return keys.error().in("writer");
  return TargetPorts{ports_.executor,  ports_.clock,     ports_.random,
                     ports_.transport, std::move(*keys), ports_.rows};
}

Result<ExportRunner::OpenSource> ExportRunner::open_source(const job::Job& job,
                                                           const scheduler::Instance& instance) {
  auto work = resolve(job, instance);
  if (!work) return work.error();
  job::TableStoreSource& source = work->source;
  source.max_retries = 1;
  auto endpoint = http::parse_endpoint(source.endpoint);
  if (!endpoint) return endpoint.error().in("reader endpoint");
  auto keys = keys_of(source.ram_role, source.metadata_endpoint,
                      {source.access_id, source.access_key, source.security_token});
  if (!keys) return keys.error().in("reader");
  auto client =
      std::make_unique<tablestore::Client>(ports_.transport, ports_.clock, ports_.random,
                                           client_options(source, std::move(*endpoint), std::move(*keys)));
  return OpenSource{std::move(source), std::move(client)};
}

Result<ExportRunner::OpenTarget> ExportRunner::open_target(const job::Job& job,
                                                           const scheduler::Instance& instance) {
  auto work = resolve(job, instance);
  if (!work) return work.error();
  const auto ports = ports_of(work->target);
  if (!ports) return ports.error();
  auto opened = daemon::open_target(*ports, work->target);
  if (!opened) return opened.error();
  return OpenTarget{std::move(*work), std::move(opened->open_store)};
}

Result<ExportRunner::Keys> ExportRunner::keys_of(const std::string& role,
                                                 const std::string& metadata_endpoint,
                                                 http::Credentials own) {
  if (role.empty()) return http::fixed_credentials(std::move(own));
  Keys& known = roles_[{metadata_endpoint, role}];
  if (known) return known;
  const auto endpoint = http::parse_endpoint(metadata_endpoint);
  if (!endpoint) return endpoint.error().in("metadataEndpoint");
  const auto warn = ports_.warn ? ports_.warn : [](std::string_view) {};
  known = std::make_shared<http::RoleCredentials>(ports_.executor, ports_.clock, ports_.transport,
                                                  http::RoleOptions{*endpoint, role}, warn);
  return known;
}

Result<job::Export> ExportRunner::resolve(const job::Job& job, const scheduler::Instance& instance) const {
  auto work = job::resolve(job, instance.values, sources_, instance.id.scheduled);
  if (!work) return work;
  work->source.stands_alone = windows_stand_alone_ || instance.id.group != 0;
  if (!load_tables_first_) return work;
  work->source.full_table_first = true;
  if (const auto checked = job::check_export(*work); !checked) return checked.error();
  return work;
}

}  // namespace sluice::daemon
