#include "daemon/simulate/simulate.hpp"

#include "core/base/virtual_clock.hpp"
#include "core/job/civil_time.hpp"
#include "daemon/base/console.hpp"
#include "daemon/config/config.hpp"
#include "daemon/simulate/simulate_runner.hpp"
#include "daemon/simulate/simulate_timeline.hpp"
#include "scheduler/scheduler.hpp"
#include "storage/async_backfills.hpp"
#include "storage/async_state_store.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdlib.h>

namespace sluice::daemon {
namespace {

using namespace std::chrono_literals;
using scheduler::Instance;
using scheduler::State;

// Whoever is due wakes the scheduler by himself; looking again for its own sake is what a simulation would
// spend its time on.
constexpr Duration kLookAgain = 24h;
constexpr Duration kProgressEvery = 6h;  // of simulated time
constexpr Duration kLastAttempts = 24h * 30;
constexpr std::string_view kOperator = "the simulated operator";

// The file has lost its name as soon as it is open: nothing of it stays, however the program ends. So nothing
// in it has to survive a crash either.
std::unique_ptr<storage::SqliteStateStore> make_store() {
  std::error_code failure;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(failure);
  if (failure)
    throw ErrorException(from_errno(failure.value(), "find the folder for temporary files, $TMPDIR"));
  std::string folder = (parent / "sluice-simulate-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    throw ErrorException(from_errno(errno, "make the temporary folder " + folder));
  storage::DatabaseOptions options;
  options.path = state_file_in(folder);
  try {
    auto store = std::make_unique<storage::SqliteStateStore>(std::move(options));
    store->database().execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY");
    std::filesystem::remove_all(folder);
    return store;
  } catch (...) {
    std::filesystem::remove_all(folder, failure);
    throw;
  }
}

// What was true before the simulated time is no part of it.
std::vector<job::Job> present_jobs(const SimulationOrder& order) {
  std::vector<job::Job> jobs = order.jobs;
  for (job::Job& job : jobs) {
    std::optional<Instant>& first = job.schedule.first_slot;
    if (first && *first < order.time.from) first.reset();
  }
  std::ranges::sort(jobs, {}, &job::Job::name);
  return jobs;
}

class Simulation {
 public:
  explicit Simulation(const SimulationOrder& order)
      : order_(order),
        jobs_(present_jobs(order)),
        clock_(loop_, order.time.from - Duration(1)),
        store_(make_store(), storage::Threading::caller),
        catch_up_(store_),
        runner_(clock_, order.faults, order.seed, order.run_time),
        random_(order.seed),
        timeline_(clock_, jobs_, order.time, order.zone, order.attempts_max) {
    arrange();
  }
  // What cannot be ended is a mistake of the simulation.  NOLINTNEXTLINE(bugprone-exception-escape)
  ~Simulation() {
    if (scheduler_) crash();
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  SimulatedReport run() {
    start();
    for (const Moment& moment : moments_) {
      pass_until(moment.at);
      moment.happens();
    }
    pass_until(order_.time.to - Duration(1));
    SimulatedReport report;
    if (scheduler_) report.blocked = ask(scheduler_->blocked());
    finish_attempts();
    report.from = order_.time.from;
    report.to = order_.time.to;
    report.zone = order_.zone;
    report.seed = order_.seed;
    report.run_time = order_.run_time;
    report.faults = order_.fault_texts;
    report.places = order_.attempts_max;
    timeline_.sum_up(report);
    for (SimulatedJob& job : report.jobs) {
      job.coverage = ask(store_.coverage(job.name));
      if (job.first_open) job.why = why(*job.first_open);
    }
    return report;
  }

 private:
  struct Moment {
    Instant at{};
    std::function<void()> happens;
  };

  void arrange() {
    const Faults& faults = order_.faults;
    const auto at = [this](Instant when, std::function<void()> happens) {
      if (when < order_.time.to) moments_.push_back(Moment{when, std::move(happens)});
    };
    for (const TimeSpan& outage : faults.outages) {
      at(outage.from, [this, outage] { go_down(outage); });
      at(outage.to, [this] { come_up(); });
    }
    for (const TimeSpan& gone : faults.source_gone) {
      at(gone.from, [this, gone] {
        timeline_.note(event_kind::source,
                       fmt::format("the Table Store cannot be reached until {}", local(gone.to)));
      });
      at(gone.to, [this] { timeline_.note(event_kind::source, "the Table Store can be reached again"); });
    }
    for (const ClockStep& step : faults.clock_steps) at(step.at, [this, step] { step_clock(step.by); });
    for (const Instant rerun : faults.reruns) at(rerun, [this] { rerun_failures(); });
    std::ranges::stable_sort(moments_, {}, &Moment::at);
  }

  std::string local(Instant at) const { return job::format_local(at, order_.zone); }

  void start() {
    scheduler::Options options;
    options.attempts_max = order_.attempts_max;
    options.look_again = kLookAgain;
    options.catch_up = &catch_up_;
    scheduler_ = std::make_unique<scheduler::Scheduler>(loop_.get_executor(), clock_, store_, runner_,
                                                        random_, timeline_, std::move(options), jobs_);
    running_ = true;
    auto on_end = [this](std::exception_ptr) { running_ = false; };
    boost::asio::co_spawn(loop_, scheduler_->run(),
                          boost::asio::bind_cancellation_slot(cancel_.slot(), std::move(on_end)));
    clock_.settle();
  }

  // As a killed process: attempts in progress are lost.
  void crash() {
    cancel_.emit(boost::asio::cancellation_type::terminal);
    clock_.settle();
    while (running_) step();
    scheduler_.reset();
  }

  void go_down(const TimeSpan& outage) {
    timeline_.note(event_kind::outage, fmt::format("the daemon is down until {}", local(outage.to)));
    crash();
  }

  void come_up() {
    timeline_.note(event_kind::outage, "the daemon is up again");
    start();
  }

  void step_clock(Duration by) {
    timeline_.note(event_kind::clock_step,
                   fmt::format("the wall clock is set {} by {}", by < Duration(0) ? "back" : "forward",
                               length_text(by)));
    clock_.step_wall(by);
  }

  void rerun_failures() {
    if (!scheduler_) {
      timeline_.note(event_kind::rerun, "nothing is run again: the daemon is down");
      return;
    }
    runner_.mend();
    timeline_.note_blocked(ask(scheduler_->blocked()));
    const std::vector<Instance> failed = failures();
    std::size_t again = 0;
    for (const Instance& instance : failed) {
      scheduler::Order order;
      order.actor = kOperator;
      order.force = true;
      const Result<void> done = ask(scheduler_->act(std::move(order), instance.id));
      if (done) ++again;
      if (!done) timeline_.note(event_kind::error, done.error().message());
    }
    timeline_.note(event_kind::rerun,
                   fmt::format("an operator runs {} failed window{} again", again, again == 1 ? "" : "s"));
  }

  // Oldest first.
  std::vector<Instance> failures() {
    scheduler::InstanceQuery query;
    query.states = {State::failure, State::lost};
    query.limit = 1000;
    std::vector<Instance> found;
    while (true) {
      std::vector<Instance> page = ask(store_.instances(query));
      if (page.empty()) break;
      query.after = page.back().id;
      found.insert(found.end(), page.begin(), page.end());
    }
    std::ranges::reverse(found);
    return found;
  }

  // By the wall clock, wherever it is set meanwhile.
  void pass_until(Instant when) {
    while (clock_.now() < when) {
      clock_.advance(std::min<Duration>(when - clock_.now(), kProgressEvery));
      if (order_.progress) order_.progress(clock_.now());
    }
  }

  // Nothing new begins.
  void finish_attempts() {
    if (!scheduler_) return;
    scheduler_->set_limits(order_.attempts_max, kLastAttempts);
    scheduler_->stop();
    clock_.settle();
    while (running_) step();
  }

  std::string why(const scheduler::InstanceId& id) {
    if (!scheduler_) return "waits: the daemon is down";
    const Result<scheduler::Why> why = ask(scheduler_->why(id));
    return why ? sentence(*why) : why.error().message();
  }

  void step() {
    const auto next = clock_.next_wake();
    if (!next) throw ErrorException(Error(Errc::internal, "simulate: everything waits for what never comes"));
    clock_.advance(*next - clock_.monotonic());
  }

  template <class T>
  T ask(awaitable<T> call) {
    std::optional<T> answer;
    std::exception_ptr failure;
    boost::asio::co_spawn(loop_, std::move(call), [&](std::exception_ptr thrown, T value) {
      failure = thrown;
      if (!failure) answer.emplace(std::move(value));
    });
    clock_.settle();
    while (!answer && !failure) step();
    if (failure) std::rethrow_exception(failure);
    return std::move(*answer);
  }

  const SimulationOrder& order_;
  std::vector<job::Job> jobs_;
  boost::asio::io_context loop_{1};
  VirtualClock clock_;
  storage::AsyncStateStore store_;
  storage::AsyncCatchUp catch_up_;
  SimulatedRunner runner_;
  SeededRandom random_;
  Timeline timeline_;
  std::vector<Moment> moments_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  boost::asio::cancellation_signal cancel_;
  bool running_ = false;
};

}  // namespace

SimulatedReport simulate(const SimulationOrder& order) { return Simulation(order).run(); }

}  // namespace sluice::daemon
