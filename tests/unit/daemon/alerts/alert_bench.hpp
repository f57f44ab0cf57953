#pragma once
// Alerts on a virtual clock: the real store on a real file, channels that a test scripts, a world it sets.

#include "core/base/virtual_clock.hpp"
#include "core/job/civil_time.hpp"
#include "daemon/alerts/alert_service.hpp"
#include "storage/async_backfills.hpp"
#include "storage/sqlite_alerts.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

// What a channel was asked to send, and how it answers: "" is taken.
struct ChannelScript {
  std::vector<std::string> sent;  // "opened exhausted 1", for each try
  std::function<std::string(std::size_t tries)> answer;
  Duration takes{0};
};

class ScriptedChannel final : public daemon::Channel {
 public:
  ScriptedChannel(Clock& clock, ChannelScript& script) : clock_(clock), script_(script) {}
  awaitable<Result<void>> send(daemon::AlertMessage message) override {
    std::string said;
    std::string id;
    for (const auto& [name, value] : message.variables) {
      if (name == "event" || name == "rule") said += value + " ";
      if (name == "id") id = value;
    }
    script_.sent.push_back(said + id);
    if (script_.takes > Duration(0)) co_await clock_.sleep_for(script_.takes);
    const std::string failure = script_.answer ? script_.answer(script_.sent.size()) : "";
    if (!failure.empty()) co_return Error(Errc::unavailable, failure);
    co_return Result<void>();
  }

 private:
  Clock& clock_;
  ChannelScript& script_;
};

// A store that fails on request, in front of the real one.
class FaultyAlertStore final : public scheduler::AlertStore {
 public:
  explicit FaultyAlertStore(scheduler::AlertStore& inner) : inner_(inner) {}
  // The call with this number, counted from 0, fails; after it took effect if `after`. Negative: none.
  std::int64_t fail_at = -1;
  bool after = false;
  bool broken = false;         // every call fails
  bool keeps_nothing = false;  // record() fails: the file can be read, not written
  std::int64_t calls = 0;

  awaitable<std::vector<scheduler::ChainFacts>> chain_facts(Instant now) override {
    return pass(inner_.chain_facts(now));
  }
  awaitable<std::optional<scheduler::Instance>> first_open_of_cycle(std::string chain, int cycle,
                                                                    Instant before) override {
    return pass(inner_.first_open_of_cycle(std::move(chain), cycle, before));
  }
  awaitable<std::vector<scheduler::Incident>> current_incidents(Instant since) override {
    return pass(inner_.current_incidents(since));
  }
  awaitable<std::vector<std::int64_t>> apply(std::vector<scheduler::AlertChange> changes,
                                             std::map<std::string, std::string> marks, Instant now,
                                             scheduler::Forget forget) override {
    return pass(inner_.apply(std::move(changes), std::move(marks), now, forget));
  }
  awaitable<std::map<std::string, std::string>> marks() override { return pass(inner_.marks()); }
  awaitable<Result<void>> acknowledge(std::int64_t incident, scheduler::AuditEntry entry) override {
    return pass(inner_.acknowledge(incident, std::move(entry)));
  }
  awaitable<std::int64_t> add_test(std::string channel, Instant now) override {
    return pass(inner_.add_test(std::move(channel), now));
  }
  awaitable<std::vector<scheduler::Delivery>> pending() override { return pass(inner_.pending()); }
  awaitable<void> record(scheduler::Delivery delivery) override {
    return pass(inner_.record(std::move(delivery)), keeps_nothing);
  }
  awaitable<std::vector<scheduler::Incident>> incidents(scheduler::IncidentQuery query) override {
    return pass(inner_.incidents(std::move(query)));
  }
  awaitable<std::optional<scheduler::Incident>> incident(std::int64_t id) override {
    return pass(inner_.incident(id));
  }
  awaitable<std::vector<scheduler::Delivery>> deliveries(std::int64_t incident) override {
    return pass(inner_.deliveries(incident));
  }
  awaitable<std::optional<scheduler::Delivery>> delivery(std::int64_t id) override {
    return pass(inner_.delivery(id));
  }

 private:
  template <class T>
  awaitable<T> pass(awaitable<T> call, bool refused = false) {
    const bool fails = broken || refused || calls++ == fail_at;
    const ErrorException failure(Error(Errc::disk_full, "write state file: no space left on device"));
    if (fails && !after) throw failure;
    if constexpr (std::is_void_v<T>) {
      co_await std::move(call);
      if (fails) throw failure;
    } else {
      T result = co_await std::move(call);
      if (fails) throw failure;
      co_return result;
    }
  }
  scheduler::AlertStore& inner_;
};

class AlertBench {
 public:
  explicit AlertBench(const std::string& start = "2018-10-16T08:00+08:00")
      : clock(io, *job::parse_local(start)) {
    for (const char* name : {"ops", "mail"}) {
      daemon::ChannelConfig channel;
      channel.name = name;
      config.channels.push_back(channel);
    }
    daemon::declare_all(metrics, "1");
    job::Job orders;
    orders.name = "orders";
    jobs.push_back(orders);
    std::filesystem::copy_file(new_state_file(), folder.path("state.db"));
    open();
  }
  ~AlertBench() {
    if (service) stop(false);
  }

  // A daemon starts; `faults` is in front of its alert store.
  void start() {
    std::vector<std::unique_ptr<daemon::Channel>> channels;
    for (const daemon::ChannelConfig& channel : config.channels)
      channels.push_back(std::make_unique<ScriptedChannel>(clock, scripts[channel.name]));
    daemon::AlertWorld world;
    world.jobs = [this] { return daemon::JobList(jobs); };
    world.ready = [this] { return ready; };
    world.store_failure = [this] { return store_failure; };
    world.blocked = [this]() -> awaitable<std::vector<scheduler::BlockedChain>> { co_return blocked; };
    world.lost_attempts = [this] { return lost; };
    world.definition_problems = [this] { return problems; };
    world.clock_in_doubt = [this] { return doubted; };
    service = std::make_unique<daemon::AlertService>(
        daemon::AlertService::Parts{io.get_executor(), clock, random, *states, *faulty, *backfills, config,
                                    metrics, world},
        std::move(channels));
    tasks = std::make_unique<TaskGroup>(io.get_executor());
    tasks->start(service->run());
    clock.settle();
  }
  // In order, or as if the process had died.
  void stop(bool in_order) {
    if (!in_order) faulty->broken = true;
    tasks->stop();
    ask(tasks->join());
    ask(service->stop(in_order));
    service.reset();
    tasks.reset();
    open();
  }

  void ask(awaitable<void> call) {
    bool done = false;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr thrown) {
      failure = thrown;
      done = true;
    });
    clock.settle();
    while (!done) clock.advance(std::chrono::seconds(1));
    if (failure) std::rethrow_exception(failure);
  }
  template <class T>
  T ask(awaitable<T> call) {
    std::optional<T> answer;
    boost::asio::co_spawn(io, std::move(call), [&](std::exception_ptr thrown, T value) {
      if (thrown) std::rethrow_exception(thrown);
      answer.emplace(std::move(value));
    });
    clock.settle();
    return std::move(answer.value());
  }

  void plan(std::vector<std::string> slots, std::int64_t group = 0) {
    std::vector<scheduler::NewInstance> rows;
    for (const std::string& slot : slots) {
      scheduler::NewInstance row;
      row.id = id(slot);
      row.id.group = group;
      row.zone = "Asia/Shanghai";
      row.window_start = row.id.scheduled - std::chrono::minutes(10);
      row.window_end = row.id.scheduled - std::chrono::minutes(5);
      rows.push_back(row);
    }
    ask(states->add_instances(std::move(rows)));
  }
  // Every five minutes from `first` on until the end of the next day, as the planner would.
  void plan_days(const std::string& first = "00:00") {
    std::vector<std::string> slots;
    const int begin =
        static_cast<int>((id(first).scheduled - id("00:00").scheduled) / std::chrono::minutes(1));
    for (int minute = begin; minute < 2880; minute += 5) {
      slots.push_back(job::format_local(
          *job::parse_local("2018-10-16T00:00+08:00") + std::chrono::minutes(minute), "Asia/Shanghai"));
    }
    plan(slots);
  }
  static scheduler::InstanceId id(const std::string& slot) {
    scheduler::InstanceId id;
    id.job = "orders";
    id.scheduled = *job::parse_local(slot.size() == 5 ? "2018-10-16T" + slot + "+08:00" : slot);
    return id;
  }
  void attempt(const std::string& slot, scheduler::AttemptResult result, std::int64_t group = 0) {
    scheduler::InstanceId wanted = id(slot);
    wanted.group = group;
    const auto instance = ask(states->instance(wanted));
    const auto attempt = ask(states->begin_attempt(instance->row, {}, clock.now())).value();
    if (result == scheduler::AttemptResult::success) {
      ask(states->succeed(attempt, {}, clock.now()));
    } else {
      ask(states->fail(attempt, result, Error(Errc::unavailable, "put object: 503"), {}, std::nullopt,
                       clock.now()));
    }
    if (service) service->instance_changed(*ask(states->instance(wanted)));
  }
  void succeed(const std::string& slot) { attempt(slot, scheduler::AttemptResult::success); }
  void fail(const std::string& slot) { attempt(slot, scheduler::AttemptResult::failed); }

  // What `ops` was sent so far, "opened exhausted; recovered exhausted", and forgets it.
  std::string said(const std::string& channel = "ops") {
    std::string out;
    for (const std::string& line : scripts[channel].sent)
      out += (out.empty() ? "" : "; ") + line.substr(0, line.rfind(' '));
    scripts[channel].sent.clear();
    return out;
  }

  boost::asio::io_context io{1};
  VirtualClock clock;
  TempFolder folder;
  SeededRandom random{1};
  daemon::AlertConfig config;
  daemon::Metrics metrics;
  std::vector<job::Job> jobs;
  std::vector<job::Problem> problems;
  std::vector<scheduler::BlockedChain> blocked;
  std::optional<scheduler::StoreFailure> store_failure;
  std::uint64_t lost = 0;
  bool ready = true;
  bool doubted = false;  // the clock
  std::map<std::string, ChannelScript> scripts;
  std::unique_ptr<storage::AsyncStateStore> states;
  std::unique_ptr<storage::AsyncAlertStore> alerts;
  std::unique_ptr<storage::AsyncBackfills> backfills;
  std::unique_ptr<FaultyAlertStore> faulty;
  std::unique_ptr<daemon::AlertService> service;
  std::unique_ptr<TaskGroup> tasks;

 private:
  // Made once: the schema is most of the work of a new one.
  static std::string new_state_file() {
    static const TempFolder made;
    const std::string path = made.path("state.db");
    if (!std::filesystem::exists(path)) storage::SqliteStateStore{options_for(made)};
    return path;
  }
  static storage::DatabaseOptions options_for(const TempFolder& folder) {
    storage::DatabaseOptions options;
    options.path = folder.path("state.db");
    return options;
  }
  void open() {
    states.reset();
    const storage::DatabaseOptions options = options_for(folder);
    states = std::make_unique<storage::AsyncStateStore>(std::make_unique<storage::SqliteStateStore>(options),
                                                        storage::Threading::caller);
    alerts = std::make_unique<storage::AsyncAlertStore>(*states);
    backfills = std::make_unique<storage::AsyncBackfills>(*states);
    faulty = std::make_unique<FaultyAlertStore>(*alerts);
  }
};

}  // namespace sluice::test
