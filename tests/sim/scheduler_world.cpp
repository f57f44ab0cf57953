#include "tests/sim/scheduler_world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration kWeek = 24h * 7;
constexpr std::size_t kHistory = 40;         // events that a failure shows
constexpr std::size_t kLookedAt = 1000;      // of a job, newest first: more than are planned ahead
constexpr std::size_t kWakesMin = 100;       // and so many more ...
constexpr std::size_t kWakesOfAttempt = 20;  // ... are no busy loop
constexpr std::size_t kCallsMax = 200'000;   // of the store at one instant; more is a loop that never rests

}  // namespace

SchedulerWorld::SchedulerWorld(std::uint64_t seed) : SchedulerWorld(seed, nullptr, nullptr) {}

SchedulerWorld::SchedulerWorld(std::uint64_t seed, scheduler::StateStore& store, StoreView& view)
    : SchedulerWorld(seed, &store, &view) {}

SchedulerWorld::SchedulerWorld(std::uint64_t seed, scheduler::StateStore* store, StoreView* view)
    : dice_(seed),
      week_(make_week(dice_)),
      bench_(week_.start, store),
      memory_view_(std::make_unique<MemoryView>(bench_.memory)),
      view_(view != nullptr ? *view : *memory_view_),
      oracles_(bench_, view_, truth_) {
  static constexpr std::array<Duration, 4> kLookAgain = {30s, 1h, 6h, 24h};
  bench_.options.attempts_max = 1 + pick(4);
  bench_.options.drain_limit = std::chrono::seconds(pick(120));
  // Whoever is woken needs no clock for it: mostly nothing is looked at again for its own sake.
  bench_.options.look_again = kLookAgain.at(chance(1) ? 0 : 1 + pick(3));
  truth_.attempts_max = bench_.options.attempts_max;
  with_backfills_ = chance(50);
  bench_.runner.script = [this](const Instance&, int) { return next_act(); };
  bench_.runner.on_execute = [this](const Instance& instance, int attempt) {
    oracles_.on_execute(instance, attempt);
  };
  bench_.latency = [this](bool writes) { return next_latency(writes); };
  bench_.jobs = make_jobs(dice_, week_);
  put_in_force();
}

ScriptedRunner::Act SchedulerWorld::next_act() {
  static constexpr std::array kErrors = {Errc::unavailable, Errc::throttled, Errc::trimmed,
                                         Errc::unauthenticated};
  ScriptedRunner::Act act;
  act.takes = std::chrono::seconds(pick(chance(5) ? 3000 : 60));
  if (calm_) return act;
  if (chance(2)) act.takes = 200h;  // hangs until its timeout
  act.takes_back = chance(10) ? std::chrono::seconds(pick(300)) : 0s;
  if (!chance(15)) return act;
  act.error = Error(kErrors.at(pick(kErrors.size())), "go wrong");
  act.at = static_cast<ScriptedRunner::Stage>(pick(3));
  act.throws = chance(20);
  return act;
}

Fault SchedulerWorld::next_fault(bool writes) {
  if (++calls_ > kCallsMax) throw std::logic_error("the store is asked without end");
  if (dead_) return Fault::before;
  if (looking_) return Fault::none;
  if (writes && crash_in_ > 0 && --crash_in_ == 0) {
    dead_ = true;
    return chance(50) ? Fault::before : Fault::after;
  }
  if (store_broken_ && writes) return Fault::before;
  if (calm_ || pick(3000) != 0) return Fault::none;
  return chance(50) ? Fault::before : Fault::after;
}

Duration SchedulerWorld::next_latency(bool) {
  if (store_takes_ == Duration(0)) return Duration(0);
  return Duration(static_cast<Duration::rep>(pick(static_cast<std::uint64_t>(store_takes_.count()))));
}

void SchedulerWorld::note(std::string event) {
  const auto now = std::chrono::floor<std::chrono::seconds>(bench_.clock.now());
  history_.push_back(job::format_local(now, week_.zone) + " " + std::move(event));
  if (aloud_) tell();
  if (history_.size() > kHistory) history_.pop_front();
}

void SchedulerWorld::tell() {
  for (; shown_ < bench_.runner.starts.size(); ++shown_) {
    const ScriptedRunner::Start& start = bench_.runner.starts[shown_];
    fmt::print("    {} runs {}, attempt {}\n", job::format_local(start.at, week_.zone),
               to_string(start.id, week_.zone), start.attempt);
  }
  for (; told_ < bench_.observer.lines.size(); ++told_)
    fmt::print("    log: {}\n", bench_.observer.lines[told_]);
  fmt::print("{}\n", history_.back());
}

void SchedulerWorld::start() {
  bench_.start([this](std::size_t, bool writes) { return next_fault(writes); });
}

// One wake-up after the other, so that a process that dies is dead at once and the oracles see each moment.
void SchedulerWorld::pass(Duration duration) {
  const Duration until = bench_.clock.monotonic() + duration;
  const bool rested = at_rest();
  const std::size_t starts = bench_.runner.starts.size();
  std::size_t wakes = 0;
  while (!dead_ && bench_.clock.monotonic() < until) {
    ++wakes;
    const Duration next = std::min(bench_.clock.next_wake().value_or(until), until);
    calls_ = 0;
    bench_.clock.advance(std::max(next - bench_.clock.monotonic(), Duration(0)));
    oracles_.check_now();
  }
  if (dead_) return reboot("the process dies at a write");
  if (!rested || !at_rest()) return;
  // A slot comes every five minutes of a job at most, and an attempt wakes for its stages.
  const auto looks = static_cast<std::size_t>(2 * (duration / bench_.options.look_again) + duration / 1min);
  if (wakes > kWakesMin + looks + kWakesOfAttempt * (bench_.runner.starts.size() - starts))
    throw std::logic_error(fmt::format("wakes {} times in {} min", wakes, duration / 1min));
}

void SchedulerWorld::reboot(const std::string& what) {
  note(what);
  bench_.crash();
  dead_ = false;
  crash_in_ = 0;
  calls_ = 0;
  if (!bench_.runner.in_progress.empty()) throw std::logic_error("something executes in a dead process");
  const Duration away = calm_        ? Duration(0)
                        : chance(6)  ? std::chrono::minutes(pick(3 * 24 * 60))
                        : chance(50) ? std::chrono::seconds(pick(4 * 3600))
                                     : Duration(0);
  if (away > Duration(0)) note(fmt::format("nothing runs for {} min", away / 1min));
  bench_.advance(away);
  start();
}

bool SchedulerWorld::at_rest() const {
  const bool fast = store_takes_ == Duration(0) && bench_.clock.monotonic() - fast_since_ > 3min;
  return !store_broken_ && !dead_ && fast && bench_.scheduler->ready() && !bench_.scheduler->store_failure();
}

// A definition is certainly in force once its rows are the newest; until then slots may belong to the one
// before it, however the clock is set meanwhile.
void SchedulerWorld::follow_eras() {
  const Instant now = bench_.clock.now();
  for (auto& [job, eras] : truth_.eras) {
    Era& era = eras.back();
    if (era.planned) continue;
    era.begin = std::min(era.begin, now);
    era.sure = std::max(era.sure, now);
    // A clock that was set back leaves slots ahead that have begun: nothing is planned before them.
    for (const Instance& instance : view_.recent(job, Instant::max(), kLookedAt)) {
      if (instance.state != State::success && instance.state != State::running) continue;
      era.sure = std::max(era.sure, instance.id.scheduled);
      break;
    }
    if (!at_rest()) continue;
    const std::optional<Instance> newest = view_.newest(job);
    era.planned = newest && newest->version == era.job.version;
    if (era.planned) oracles_.check_replaced(era);
  }
}

void SchedulerWorld::run() {
  try {
    live();
  } catch (const std::exception& broken) {
    throw std::logic_error(fmt::format("{}\n  {}", broken.what(), fmt::join(history_, "\n  ")));
  }
}

// What is asked through the scheduler itself meets no fault.
void SchedulerWorld::look() {
  looking_ = true;
  calls_ = 0;
  oracles_.check_rest();
  looking_ = false;
}

void SchedulerWorld::live() {
  start();
  const Duration end = bench_.clock.monotonic() + kWeek;
  for (std::size_t event = 1; bench_.clock.monotonic() < end; ++event) {
    random_event();
    if (dead_) reboot("the process dies at a write");
    oracles_.check_rows();
    follow_eras();
    if (event % 12 == 0 && at_rest()) look();
  }
  note("set everything right");
  settle_everything();
  follow_eras();
  oracles_.check_rows();
  look();
  oracles_.check_slots();
  oracles_.check_exactly_once();
  oracles_.check_backfills();
  oracles_.check_audit();
}

}  // namespace sluice::test
