// The oracles of every moment: what starts, what runs, what every row looks like, and why it waits.

#include "tests/sim/oracles.hpp"

#include <fmt/format.h>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using scheduler::WhyStep;

// With a slow store so much passes between a decision and the attempt it leads to.
constexpr Duration kOnItsWay = 15min;

void demand_that(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace

const job::Job* Oracles::present(const std::string& job) const {
  for (const job::Job& known : bench_.jobs) {
    if (known.name == job) return &known;
  }
  return nullptr;
}

bool Oracles::lately(const std::map<std::string, Duration>& times, const std::string& name) const {
  const auto found = times.find(name);
  return found != times.end() && bench_.clock.monotonic() - found->second < kOnItsWay;
}

void Oracles::broken(const std::string& what, const Instance& instance) {
  throw std::logic_error(fmt::format("{}: {}", what, to_string(instance.id, "UTC")));
}

void Oracles::on_execute(const Instance& instance, int attempt) {
  try {
    check_start(instance, attempt);
  } catch (const std::logic_error& broken) {
    if (broken_.empty()) broken_ = fmt::format("{}: {}", name(instance), broken.what());
  }
}

void Oracles::check_start(const Instance& instance, int attempt) {
  const std::string& job = instance.id.job;
  const std::optional<Instance> stored = view_.find(instance.id);
  demand_that(stored.has_value(), "executes without a row");
  demand_that(stored->state == State::running && stored->attempts == attempt,
              "executes what is not stored as running");
  demand_that(!stored->dry_run, "executes a dry run");
  demand_that(instance.id.scheduled <= bench_.clock.now() + 2h + kOnItsWay, "starts before its time");
  const auto paused = truth_.paused.find(job);
  const bool held = instance.id.group == 0 && paused != truth_.paused.end() &&
                    bench_.clock.monotonic() - paused->second > kOnItsWay;
  demand_that(!held, "starts though its job is paused");
  const auto stopped = truth_.held.find(chain_of(instance.id));
  if (stopped != truth_.held.end() && bench_.clock.monotonic() - stopped->second > kOnItsWay)
    throw std::logic_error("starts though its backfill is paused or cancelled");
  const job::Job* definition = present(job);
  if (definition == nullptr || lately(truth_.changed, job)) return;
  if (definition->max_parallel > 0) {
    std::size_t of_job = 0;
    for (const InstanceId& id : bench_.runner.in_progress) of_job += id.job == job ? 1U : 0U;
    demand_that(of_job <= definition->max_parallel, "more of the job run than maxParallel allows");
  }
  const std::string chain = chain_of(instance.id);
  if (definition->dependencies.self && !lately(truth_.reopened, chain))
    demand_that(view_.open_before(chain, instance.id.scheduled) == 0,
                "starts before the one before it is done");
  if (instance.id.group == 0 && !stored->released) check_upstreams(instance, *definition);
}

void Oracles::check_upstreams(const Instance& instance, const job::Job& job) {
  for (const job::Upstream& edge : job.dependencies.jobs) {
    const job::Job* upstream = present(edge.job);
    demand_that(upstream != nullptr || lately(truth_.changed, edge.job),
                "starts though " + edge.job + " is not loaded");
    // Where a schedule was changed an earlier slot may stand for the one that is not there.
    const bool constant = truth_.eras.at(edge.job).size() == 1 && truth_.eras.at(job.name).size() == 1;
    const std::optional<Instance> first = view_.first(edge.job);
    if (upstream == nullptr || !constant || !first || lately(truth_.reopened, edge.job)) continue;
    for (const Instant slot : upstreams_.find(job, instance.id.scheduled, *upstream, edge.previous_cycle)) {
      if (slot < first->id.scheduled) continue;
      const InstanceId id{edge.job, slot};
      const std::optional<Instance> waited_for = view_.find(id);
      if (!waited_for || !is_done(waited_for->state))
        throw std::logic_error("starts before " + to_string(id, "UTC") + " is done");
    }
  }
}

void Oracles::check_now() {
  demand_that(broken_.empty(), broken_);
  demand_that(!bench_.runner.overlapped, "an instance runs twice at once");
  std::size_t backfills = 0;
  for (const InstanceId& id : bench_.runner.in_progress) backfills += id.group != 0 ? 1U : 0U;
  // What is due gets its place whatever backfills have; they leave one to it.
  const std::size_t limit = truth_.attempts_max;
  demand_that(bench_.runner.executing - backfills <= limit, "more attempts than the limit allows");
  demand_that(backfills <= std::max<std::size_t>(limit - 1, 1), "backfills have taken the last place");
}

void Oracles::check_rows() {
  check_now();
  const bool settled = bench_.scheduler->ready() && !bench_.scheduler->store_failure();
  std::size_t running = 0;
  for (const auto& [job, eras] : truth_.eras) {
    Instant before = Instant::min();
    view_.each(job, Instant::min(), [&](const Instance& instance) {
      if (instance.id.scheduled <= before) broken("two instances of one slot", instance);
      before = instance.id.scheduled;
      if ((instance.state == State::retry_wait) != instance.retry_at.has_value())
        broken("what waits for a retry has a time for it, and nothing else has", instance);
      if (instance.state != State::running) return;
      ++running;
      if (instance.attempts == 0 || !instance.started) broken("runs without an attempt", instance);
    });
  }
  // What a broken store could not take down is made up for once the scheduler has noticed that it works.
  if (settled && running > 0)
    demand_that(bench_.scheduler->running() > 0, "stored as running, and nobody runs it");
}

void Oracles::check_replaced(const Era& era) {
  view_.each(era.job.name, era.sure + Duration(1), [&](const Instance& instance) {
    const bool waits = instance.state == State::wait_time || instance.state == State::wait_resource;
    if (instance.version == era.job.version || instance.attempts > 0 || !waits) return;
    // Whoever was frozen or failed when the definition changed stays.
    if (!truth_.touched.contains(instance.id)) broken("a row of a definition that was replaced", instance);
  });
}

void Oracles::check_rest() {
  const Instant now = bench_.clock.now();
  for (const auto& [job, eras] : truth_.eras) {
    const Coverage coverage = bench_.ask(bench_.store.coverage(job));
    Instant& furthest = truth_.covered.try_emplace(job, Instant::min()).first->second;
    if (!coverage.until) continue;
    demand_that(*coverage.until >= furthest, "coverage of " + job + " goes back");
    furthest = *coverage.until;
  }
  std::vector<Instance> waiting;
  for (const auto& [job, eras] : truth_.eras) {
    std::size_t taken = 0;
    view_.each(job, now - 24h, [&](const Instance& instance) {
      if (is_done(instance.state) || instance.id.scheduled > now || taken++ >= 2) return;
      waiting.push_back(instance);
    });
  }
  for (const Instance& instance : waiting) check_reason(instance);
}

// At the end of the way stands something that will end by itself, or that a person has to do.
void Oracles::check_reason(const Instance& instance) {
  const Result<scheduler::Why> why = bench_.ask(bench_.scheduler->why(instance.id));
  demand_that(why.has_value(), "nobody knows why " + name(instance) + " waits");
  const std::string text = scheduler::sentence(*why);
  const WhyStep& last = why->steps.back();
  demand_that(!last.reason.empty(), "waits without a reason: " + name(instance));
  if (!last.instance) {
    demand_that(present(last.job) == nullptr || text.find("no instances planned") != std::string::npos,
                name(instance) + " waits for nothing: " + text);
    return;
  }
  const Instance root = view_.find(last.instance->id).value();
  const Instant now = bench_.clock.now();
  const job::Job* job = present(root.id.job);
  bool holds = root.state == State::failure || root.state == State::lost || root.state == State::frozen;
  holds = holds || job == nullptr || bench_.scheduler->pauses().contains(root.id.job);
  holds = holds || root.id.scheduled > now || (root.retry_at && *root.retry_at > now);
  holds = holds || bench_.scheduler->running() >= bench_.options.attempts_max;
  for (const InstanceId& id : bench_.runner.in_progress)
    holds = holds || id == root.id || (job != nullptr && job->max_parallel > 0 && id.job == root.id.job);
  // Run again while the attempt of a later one of its chain is in progress.
  if (text.find("waits for the attempt of its job") != std::string::npos) {
    for (const InstanceId& id : bench_.runner.in_progress) holds = holds || chain_of(id) == chain_of(root.id);
  }
  // An attempt that has run and whose end the store does not take yet holds its place.
  holds = holds || (bench_.scheduler->running() > bench_.runner.in_progress.size() &&
                    text.find("waits for a free place") != std::string::npos);
  // Planning its positions, or taking back what it wrote.
  holds = holds || text.find("is running") != std::string::npos || last.state == State::killing;
  std::string running;
  for (const InstanceId& id : bench_.runner.in_progress) running += " " + to_string(id, "UTC");
  demand_that(holds, fmt::format("{} waits for nothing: {}; {} in progress, of them executing:{}",
                                 name(instance), text, bench_.scheduler->running(), running));
}

}  // namespace sluice::test
