// What happens to a scheduler: time, crashes, its machine, its store, its files and its operators.

#include "tests/sim/scheduler_world.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::test {

using namespace std::chrono_literals;
using scheduler::Action;

void SchedulerWorld::random_event() {
  // A disk that is full for days shows little more than one that is full for hours.
  if (store_broken_ && chance(30)) return mend_store();
  const std::uint64_t kind = pick(100);
  if (kind < 50) return let_time_pass();
  if (kind < 57) return restart();
  if (kind < 61) return step_clock();
  if (kind < 68) return disturb_store();
  if (kind < 73) return edit_jobs();
  if (kind < 75) return change_limit();
  if (kind < 82) return pause_or_resume();
  if (kind < 86 && with_backfills_) return backfill();
  operate();
}

void SchedulerWorld::let_time_pass() {
  pass(chance(35) ? std::chrono::seconds(1 + pick(1200)) : std::chrono::seconds(1 + pick(12 * 3600)));
}

void SchedulerWorld::restart() {
  if (chance(50)) {
    reboot("crash");
  } else if (chance(40)) {
    crash_in_ = 1 + pick(40);
    note(fmt::format("the process will die at write {}", crash_in_));
  } else {
    note("restart");
    bench_.stop();
    dead_ = false;
    crash_in_ = 0;
    if (!bench_.runner.in_progress.empty()) throw std::logic_error("something executes after a stop");
    start();
  }
}

void SchedulerWorld::step_clock() {
  const auto minutes = static_cast<std::int64_t>(pick(241)) - 120;
  const Duration step =
      chance(30) ? Duration(std::chrono::seconds(minutes)) : Duration(std::chrono::minutes(minutes));
  note(fmt::format("clock step of {} s", step / 1s));
  bench_.clock.step_wall(step);
}

void SchedulerWorld::disturb_store() {
  if (store_broken_) {
    mend_store();
  } else if (chance(50)) {
    store_broken_ = true;
    note("the disk is full");
  } else {
    static constexpr std::array<Duration, 3> kSlow = {20ms, 2s, 60s};
    fast_since_ = bench_.clock.monotonic();
    store_takes_ = store_takes_ > Duration(0) ? Duration(0) : kSlow.at(pick(3));
    note(fmt::format("the store takes up to {} ms", store_takes_ / 1ms));
  }
}

void SchedulerWorld::mend_store() {
  store_broken_ = false;
  note("the disk has room again");
}

// The present jobs apply: the scheduler is told, or begins with them.
void SchedulerWorld::put_in_force() {
  const Instant now = bench_.clock.now();
  for (const job::Job& job : bench_.jobs) {
    std::vector<Era>& eras = truth_.eras[job.name];
    if (!eras.empty() && eras.back().job.version == job.version) continue;
    Era era;
    era.job = job;
    era.begin = now;
    era.sure = now;
    if (const std::optional<Instance> newest = view_.newest(job.name))
      era.begin = std::min(now, newest->id.scheduled);
    truth_.changed[job.name] = bench_.clock.monotonic();
    eras.push_back(std::move(era));
  }
  if (bench_.scheduler) bench_.scheduler->set_jobs(bench_.jobs);
}

void SchedulerWorld::edit_jobs() {
  const std::size_t at = pick(bench_.jobs.size());
  if (chance(25)) {
    if (!away_.empty()) {
      note("the file of " + away_.back().name + " is put back");
      truth_.changed[away_.back().name] = bench_.clock.monotonic();
      bench_.jobs.push_back(away_.back());
      away_.pop_back();
    } else if (bench_.jobs.size() > 1) {
      note("the file of " + bench_.jobs.at(at).name + " is taken away");
      truth_.changed[bench_.jobs.at(at).name] = bench_.clock.monotonic();
      away_.push_back(bench_.jobs.at(at));
      bench_.jobs.erase(bench_.jobs.begin() + static_cast<std::ptrdiff_t>(at));
    }
  } else {
    const bool schedule_too = chance(40);
    job::Job& job = bench_.jobs.at(at);
    job = edited(dice_, job, schedule_too, ++edits_);
    note(
        fmt::format("{} of {} changes: {}", schedule_too ? "the schedule" : "a rule", job.name, job.version));
  }
  put_in_force();
  bench_.clock.settle();
}

void SchedulerWorld::change_limit() {
  const std::size_t limit = 1 + pick(4);
  note(fmt::format("{} attempts are allowed at once", limit));
  truth_.attempts_max = std::max(truth_.attempts_max, limit);
  bench_.options.attempts_max = limit;
  bench_.scheduler->set_limits(limit, bench_.options.drain_limit);
  bench_.clock.settle();
}

void SchedulerWorld::pause_or_resume() {
  static constexpr std::array<std::optional<scheduler::RunChoice>, 4> kChoices = {
      std::nullopt, scheduler::RunChoice::all, scheduler::RunChoice::latest, scheduler::RunChoice::none};
  const std::string job = bench_.jobs.at(pick(bench_.jobs.size())).name;
  const bool resumes = truth_.paused.contains(job);
  const std::string action = resumes ? "resume" : "pause";
  note(action + " " + job);
  const bool certain = at_rest();
  const std::string actor = next_actor();
  try {
    calls_ = 0;
    bool done = false;
    if (resumes) {
      truth_.paused.erase(job);
      done = bench_.ask(bench_.scheduler->resume(job, kChoices.at(pick(4)), actor, "")).has_value();
      if (!done) truth_.paused[job] = bench_.clock.monotonic();
    } else {
      done = bench_.ask(bench_.scheduler->pause(job, actor, "")).has_value();
      if (done) truth_.paused[job] = bench_.clock.monotonic();
    }
    if (done) truth_.actions.push_back(Accepted{actor, action, job, true});
  } catch (const ErrorException&) {
    truth_.actions.push_back(Accepted{actor, action, job, false});
    if (certain && !resumes) truth_.paused.erase(job);
  }
}

void SchedulerWorld::operate() {
  static constexpr std::array kActions = {Action::rerun,    Action::rerun,    Action::kill,
                                          Action::freeze,   Action::unfreeze, Action::skip,
                                          Action::priority, Action::release,  Action::set_success};
  const std::string job = bench_.jobs.at(pick(bench_.jobs.size())).name;
  const std::vector<std::string> chains = view_.chains();
  const bool of_backfill = with_backfills_ && chance(15);
  const std::string& chain = of_backfill ? chains.at(pick(chains.size())) : job;
  const std::vector<Instance> recent = view_.recent(chain, bench_.clock.now() + 1h, 12);
  if (recent.empty()) return;
  scheduler::Order order;
  order.action = kActions.at(pick(kActions.size()));
  order.priority = 1 + static_cast<int>(pick(9));
  order.force = chance(30);
  act(std::move(order), recent.at(pick(recent.size())));
}

void SchedulerWorld::act(scheduler::Order order, const Instance& instance) {
  const std::string action(to_string(order.action));
  const std::string target = to_string(instance.id, instance.zone);
  note(fmt::format("{} {}, which is {}", action, target, to_string(instance.state)));
  order.actor = next_actor();
  const std::string actor = order.actor;
  const std::string chain = chain_of(instance.id);
  if (order.action == Action::set_success || order.action == Action::skip) truth_.by_hand.insert(instance.id);
  truth_.touched.insert(instance.id);
  const bool stays = order.action == Action::priority || order.action == Action::release;
  if (order.action == Action::rerun) truth_.covered.erase(instance.id.job);
  if (!stays) truth_.reopened[chain] = bench_.clock.monotonic();
  if (order.action == Action::rerun && instance.state == State::success && !order.latest) {
    const auto from = view_.start(instance.row);
    const auto to = view_.end(instance.row);
    if (from && to) truth_.repeated.try_emplace(instance.id, from->shards.at(0).time, to->shards.at(0).time);
  }
  const bool kills = order.action == Action::kill;
  try {
    calls_ = 0;
    const Result<void> done = bench_.ask(bench_.scheduler->act(std::move(order), instance.id));
    if (done) {
      truth_.actions.push_back(Accepted{actor, action, target, true});
    } else {
      note("refused: " + done.error().message());
      // A kill is in the log before it is known how the attempt ended.
      if (kills) truth_.actions.push_back(Accepted{actor, action, target, false});
      if (done.error().code() == Errc::internal)
        throw std::logic_error("an action answers with a cause: " + done.error().message());
    }
  } catch (const ErrorException&) {
    truth_.actions.push_back(Accepted{actor, action, target, false});
  }
}

// One look at everything that only a person can take away; true once nothing is open.
// What of the due is not done yet and what it waits for; nothing when all is.
std::string SchedulerWorld::settle_round(Instant until) {
  std::vector<std::pair<Action, Instance>> todo;
  std::optional<Instance> open;
  for (const std::string& chain : view_.chains()) {
    // What had failed when its backfill was cancelled stays so.
    if (truth_.cancelled.contains(chain)) continue;
    view_.each(chain, Instant::min(), [&](const Instance& instance) {
      const bool due = instance.id.scheduled <= until;
      if (due && !is_done(instance.state) && !open) open = instance;
      if (instance.state == State::frozen) todo.emplace_back(Action::unfreeze, instance);
      // Also one that is due later: an earlier one of another job may wait for it.
      if (instance.state == State::failure || instance.state == State::lost)
        todo.emplace_back(Action::rerun, instance);
    });
  }
  for (auto& [action, instance] : todo) {
    scheduler::Order order;
    order.action = action;
    order.force = true;
    act(std::move(order), instance);
    if (truth_.actions.empty() || !truth_.actions.back().certain)
      throw std::logic_error("what stands still can be set going again");
  }
  if (!open) return "";
  return fmt::format("{} {}", to_string(open->id, open->zone), bench_.why(open->id));
}

void SchedulerWorld::settle_everything() {
  calm_ = true;
  store_broken_ = false;
  store_takes_ = Duration(0);
  crash_in_ = 0;
  for (job::Job& job : away_) bench_.jobs.push_back(std::move(job));
  away_.clear();
  put_in_force();
  pass(10min);
  resume_backfills();
  const auto pauses = bench_.scheduler->pauses();
  for (const auto& [job, pause] : pauses) {
    truth_.paused.erase(job);
    const std::string actor = next_actor();
    const bool resumed =
        bench_.ask(bench_.scheduler->resume(job, scheduler::RunChoice::all, actor, "")).has_value();
    if (!resumed) throw std::logic_error("a paused job can be resumed");
    truth_.actions.push_back(Accepted{actor, "resume", job, true});
  }
  truth_.paused.clear();
  const Instant until = bench_.clock.now();
  std::string open;
  for (int round = 0; round < 600; ++round) {
    open = settle_round(until);
    if (open.empty()) return;
    pass(30min);
  }
  throw std::logic_error("not everything that was due gets done: " + open);
}

}  // namespace sluice::test
