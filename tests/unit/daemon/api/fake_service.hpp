#pragma once
// The daemon of the API tests: a memory store with a few instances of the job orders.

#include "core/job/civil_time.hpp"
#include "daemon/api/event_feed.hpp"
#include "daemon/api/router.hpp"
#include "tests/support/memory_backfills.hpp"
#include "tests/support/memory_state_store.hpp"
#include "tests/support/memory_version_store.hpp"
#include "tests/support/run.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::test {

using daemon::HttpRequest;
using daemon::HttpResponse;

class FakeService final : public daemon::Service {
 public:
  explicit FakeService(Loop& world) : feed(world.io.get_executor(), world.clock, "boot"), world_(world) {
    job::Job job;
    job.name = "orders";
    job.file = "/etc/sluice/jobs.d/orders.yaml";
    job.version = "0123456789ab";
    jobs_.push_back(job);
  }

  // Instances 00:00, 00:05, ... of the day the loop's clock begins on.
  void plan(int count) {
    std::vector<scheduler::NewInstance> rows;
    for (int i = 0; i < count; ++i) {
      scheduler::NewInstance row;
      row.id.job = "orders";
      row.id.scheduled = day_ + std::chrono::minutes(5 * i);
      row.zone = "Asia/Shanghai";
      row.cycle = i + 1;
      row.values.emplace_back("start_time", "20181016000000");
      row.window_start = row.id.scheduled - std::chrono::minutes(10);
      row.window_end = row.id.scheduled - std::chrono::minutes(5);
      row.version = "0123456789ab";
      rows.push_back(std::move(row));
    }
    world_.run(store_.add_instances(std::move(rows)));
  }

  void succeed(int number, std::uint64_t rows) {
    scheduler::Outcome outcome;
    outcome.statistics.rows = rows + dirty_rows;
    outcome.statistics.dirty_rows = dirty_rows;
    pipeline::ObjectInfo object;
    object.name = "instance/orders/a,b.csv";
    object.rows = rows;
    outcome.objects.push_back(object);
    outcome.end = end_positions;
    const auto attempt = begin(number);
    world_.run(store_.succeed(attempt, std::move(outcome), world_.clock.now()));
  }

  void fail(int number, Error error) {
    const auto attempt = begin(number);
    world_.run(store_.fail(attempt, scheduler::AttemptResult::failed, std::move(error), {}, std::nullopt,
                           world_.clock.now()));
  }

  scheduler::Attempt begin(int number) {
    const auto instance = world_.run(store_.instance(id(number)));
    return world_.run(store_.begin_attempt(instance->row, {}, world_.clock.now())).value();
  }

  scheduler::InstanceId id(int number) const {
    scheduler::InstanceId id;
    id.job = "orders";
    id.scheduled = day_ + std::chrono::minutes(5 * number);
    return id;
  }

  // The answer to a request; a target with a query is fine.
  HttpResponse ask(const std::string& method, const std::string& target, bool control = true,
                   const std::string& body = "") {
    const auto parsed = daemon::parse_target(target).value();
    HttpRequest request;
    request.method = method;
    request.path = parsed.path;
    request.query = parsed.query;
    request.body = body;
    request.actor = "uid 1 (test)";
    request.role = control ? daemon::Role::admin : daemon::Role::viewer;
    return world_.run(daemon::dispatch(daemon::routes(), *this, request));
  }

  Instant now() const override {
    if (broken) throw ErrorException(Error(Errc::disk_full, "write sluice.db: no space"));
    return world_.clock.now();
  }
  daemon::ServiceStatus status() const override {
    daemon::ServiceStatus status;
    status.version = "1.2.3";
    status.started = day_;
    status.running_max = 8;
    status.clock_in_doubt = clock_in_doubt;
    status.store_failure = store_failure;
    return status;
  }
  daemon::JobList jobs() const override { return daemon::JobList(jobs_); }
  scheduler::StateStore& store() override { return store_; }
  awaitable<std::string> metrics() override { co_return "sluice_jobs 1\n"; }
  awaitable<Result<scheduler::Why>> why(scheduler::InstanceId wanted) override {
    if (why_steps) co_return *why_steps;
    scheduler::WhyStep step;
    step.job = wanted.job;
    step.instance = co_await store_.instance(wanted);
    if (!step.instance) co_return scheduler::none_planned(wanted);
    step.state = step.instance->state;
    step.reason = "waits for its time";
    scheduler::Why way;
    way.steps.push_back(step);
    co_return way;
  }
  awaitable<std::vector<scheduler::Instance>> shown(std::vector<scheduler::Instance> instances) override {
    const auto heads = co_await store_.heads(Instant::max());
    for (scheduler::Instance& instance : instances) {
      const bool behind = !heads.empty() && heads.front().id.scheduled < instance.id.scheduled;
      scheduler::Situation situation;
      situation.now = now();
      situation.pause = paused;
      const auto shown = scheduler::shown_state(instance, behind, now());
      instance.state = scheduler::shown_state(instance, shown, situation);
    }
    co_return instances;
  }
  awaitable<std::vector<scheduler::BlockedChain>> blocked() override { co_return blocked_chains; }
  awaitable<Result<void>> act(scheduler::Order order, scheduler::InstanceId id) override {
    acted.push_back(std::string(scheduler::to_string(order.action)) + " " +
                    scheduler::to_string(id, "Asia/Shanghai") + " " + order.actor);
    given.push_back(order);
    if (refuse) co_return *refuse;
    co_return Result<void>();
  }
  awaitable<Result<std::vector<scheduler::Instance>>> downstream(scheduler::InstanceId id) override {
    scheduler::InstanceQuery query;
    query.from = id.scheduled;
    std::vector<scheduler::Instance> found = co_await store_.instances(query);
    std::reverse(found.begin(), found.end());
    co_return found;
  }
  awaitable<Result<std::vector<scheduler::Instance>>> rerun_downstream(scheduler::Order order,
                                                                       scheduler::InstanceId id) override {
    given.push_back(order);
    if (refuse) co_return *refuse;
    co_return co_await downstream(id);
  }
  awaitable<Result<void>> pause(std::string job, std::string actor, std::string reason) override {
    acted.push_back("pause " + job + " " + actor + " " + reason);
    if (refuse) co_return *refuse;
    scheduler::Pause pause;
    pause.job = job;
    pause.actor = actor;
    pause.reason = reason;
    pause.since = day_;
    paused = pause;
    co_return Result<void>();
  }
  awaitable<Result<scheduler::Resumed>> resume(std::string job, std::optional<scheduler::RunChoice> choice,
                                               std::string actor, std::string reason) override {
    acted.push_back("resume " + job + " " + (choice ? std::to_string(static_cast<int>(*choice)) : "?") + " " +
                    actor + " " + reason);
    if (refuse) co_return *refuse;
    paused.reset();
    scheduler::Resumed done;
    done.due = 3;
    done.skipped = 2;
    done.text = "1 due windows run, 2 are skipped";
    co_return done;
  }
  std::vector<scheduler::Pause> pauses() const override {
    return paused ? std::vector<scheduler::Pause>(1, *paused) : std::vector<scheduler::Pause>();
  }
  awaitable<Result<daemon::LogPart>> log(scheduler::Instance instance, int number, std::uint64_t offset,
                                         std::size_t limit) override {
    daemon::LogPart part;
    part.newest = std::max({instance.attempts, planning, 1});
    part.attempt = number == 0 ? part.newest : number;
    part.open = part.attempt == planning ||
                (instance.state == scheduler::State::running && part.attempt == instance.attempts);
    if (no_logs) co_return Error(Errc::not_found, "find a log: none");
    part.offset = offset;
    part.text = log_text.substr(offset, limit);
    part.next = offset + part.text.size();
    part.at_end = part.next == log_text.size();
    co_return part;
  }
  std::string dirty_file(const scheduler::Instance&, int number) const override {
    return number == dirty_attempt ? "/logs/orders/0015_1.dirty.jsonl" : "";
  }
  awaitable<Result<daemon::VerifiedPage>> verify(job::Job, daemon::VerifyQuery query) override {
    verified.push_back(query);
    if (refuse) co_return *refuse;
    daemon::VerifiedPage page;
    if (verified.size() <= pages.size()) page = pages[verified.size() - 1];
    co_return page;
  }
  Result<daemon::PlannedPage> preview(const std::string&, Instant from, Instant to) override {
    previewed = std::pair(from, to);
    daemon::PlannedPage page;
    page.instances.resize(1);
    page.next = next_slot();
    return page;
  }
  scheduler::BackfillStore& backfills() override { return backfills_; }
  awaitable<Result<daemon::PlannedBackfill>> preview_backfill(scheduler::BackfillOrder order,
                                                              std::size_t slots_max) override {
    ordered.push_back(order);
    if (refuse) co_return *refuse;
    daemon::PlannedBackfill planned;
    planned.preview.zone = "Asia/Shanghai";
    planned.preview.groups = group_of(order);
    planned.preview.runs = 1;
    planned.preview.left_out = 1;
    for (const char* left_out : {"", "it succeeded"}) {
      if (planned.preview.slots.size() == slots_max) break;
      scheduler::BackfillSlot& slot = planned.preview.slots.emplace_back();
      slot.instance.id.job = order.job;
      slot.instance.id.scheduled = order.from;
      slot.instance.zone = "Asia/Shanghai";
      slot.left_out = left_out;
      slot.group = slot.left_out.empty() ? 1 : 0;
      planned.objects.push_back("instance/orders/x.csv");
    }
    co_return planned;
  }
  awaitable<Result<scheduler::Backfill>> create_backfill(scheduler::BackfillOrder order,
                                                         std::string actor) override {
    ordered.push_back(order);
    if (refuse) co_return *refuse;
    scheduler::Backfill backfill;
    backfill.order = order;
    backfill.zone = "Asia/Shanghai";
    backfill.actor = std::move(actor);
    backfill.created = now();
    backfill.groups = group_of(order);
    co_return co_await backfills_.add_backfill(std::move(backfill), scheduler::AuditEntry());
  }
  awaitable<Result<scheduler::Backfill>> act_on_backfill(daemon::BackfillAction action, std::int64_t id,
                                                         std::string actor, bool kill) override {
    acted.push_back(std::string(to_string(action)) + " " + std::to_string(id) + " " + actor +
                    (kill ? " kill" : ""));
    if (refuse) co_return *refuse;
    auto found = co_await backfills_.backfill(id);
    if (!found) co_return Error(Errc::not_found, "find backfill: there is none");
    co_return std::move(*found);
  }
  awaitable<Result<std::uint64_t>> backup(std::string file) override {
    backed_up = std::move(file);
    co_return std::uint64_t{4096};
  }
  awaitable<Result<daemon::ReloadReport>> reload(daemon::ReloadRequest request) override {
    reloads.push_back(request);
    if (refuse) co_return *refuse;
    report.dry_run = request.dry_run;
    co_return report;
  }
  scheduler::VersionStore& versions() override { return kept; }
  scheduler::AuditLog& audit() override { return kept; }
  const job::DataSources& sources() const override { return sources_; }
  awaitable<Result<daemon::PlanDifference>> difference(daemon::DifferenceRequest request) override {
    differences.push_back(request);
    if (refuse) co_return *refuse;
    compared.next = next_slot();
    co_return compared;
  }

  std::optional<scheduler::Why> why_steps;
  std::vector<scheduler::BlockedChain> blocked_chains;
  daemon::AlertDesk* alerts() override { return desk; }
  daemon::EventFeed& events() override { return feed; }

  daemon::AlertDesk* desk = nullptr;
  daemon::EventFeed feed;
  pipeline::Positions end_positions;  // of what succeeds
  MemoryVersionStore kept;
  std::vector<daemon::ReloadRequest> reloads;
  daemon::ReloadReport report;
  std::vector<daemon::DifferenceRequest> differences;
  daemon::PlanDifference compared;
  std::vector<std::string> acted;
  std::vector<scheduler::Order> given;  // with all that belongs to them
  std::optional<scheduler::Pause> paused;
  std::optional<Error> refuse;
  std::string clock_in_doubt;  // as the status has it
  std::string store_failure;   // the same
  bool broken = false;         // as with a state store that cannot be written
  std::vector<daemon::VerifyQuery> verified;
  std::vector<daemon::VerifiedPage> pages;  // of verify()
  int dirty_attempt = 0;
  std::uint64_t dirty_rows = 0;  // of what succeeds
  bool no_logs = false;
  int planning = 0;  // the attempt that is in progress and not stored yet
  std::string log_text = "one\ntwo\nthree\n";
  std::optional<std::pair<Instant, Instant>> previewed;
  std::vector<Instant>
      next_slots;  // of plans and differences: with which page after page ends; then the last
  std::string backed_up;
  std::vector<job::Job> jobs_;
  std::vector<scheduler::BackfillOrder> ordered;

 private:
  std::optional<Instant> next_slot() {
    if (next_slots.empty()) return std::nullopt;
    const Instant next = next_slots.front();
    next_slots.erase(next_slots.begin());
    return next;
  }
  static std::vector<scheduler::BackfillGroup> group_of(const scheduler::BackfillOrder& order) {
    scheduler::BackfillGroup group;
    group.from = order.from;
    group.to = order.to;
    group.first_date = group.last_date = scheduler::business_date(order.from, "Asia/Shanghai");
    return std::vector<scheduler::BackfillGroup>(1, group);
  }
  Loop& world_;
  Instant day_ = job::parse_local("2018-10-16T00:00+08:00").value();
  MemoryStateStore store_;
  job::DataSources sources_;
  MemoryBackfills backfills_{store_};
};

inline Instant test_now() { return job::parse_local("2018-10-16T00:07+08:00").value(); }

}  // namespace sluice::test
