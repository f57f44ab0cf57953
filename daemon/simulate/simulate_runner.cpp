#include "daemon/simulate/simulate_runner.hpp"

namespace sluice::daemon {
namespace {

// The stream is time itself: where a window ends the next one begins.
pipeline::Positions position_at(Instant at) {
  pipeline::ShardPosition shard;
  shard.shard = "simulated";
  shard.kind = pipeline::ShardPosition::Kind::at_time;
  shard.time = at;
  pipeline::Positions positions;
  positions.stream = "simulated";
  positions.shards.push_back(std::move(shard));
  return positions;
}

class SimulatedRun final : public scheduler::Run {
 public:
  SimulatedRun(Clock& clock, ScriptedAct act, Instant window_start, Instant window_end)
      : clock_(clock), act_(std::move(act)), window_start_(window_start), window_end_(window_end) {}

  awaitable<Result<pipeline::Positions>> plan(std::optional<pipeline::Positions> previous) override {
    if (previous) co_return std::move(*previous);
    co_return position_at(window_start_);
  }

  awaitable<Result<scheduler::Outcome>> execute(pipeline::Positions start,
                                                std::optional<pipeline::Positions> until) override {
    co_await clock_.sleep_for(act_.takes);
    if (act_.error) co_return *act_.error;
    scheduler::Outcome outcome;
    outcome.end = until ? std::move(*until) : position_at(std::max(start.shards.at(0).time, window_end_));
    co_return outcome;
  }

  bool writes(std::string_view) const override { return false; }
  const pipeline::Statistics& statistics() const override { return statistics_; }
  void note(std::string_view) noexcept override {}

 private:
  Clock& clock_;
  ScriptedAct act_;
  Instant window_start_;
  Instant window_end_;
  pipeline::Statistics statistics_;
};

}  // namespace

Result<std::unique_ptr<scheduler::Run>> SimulatedRunner::prepare(const job::Job& job,
                                                                 const scheduler::Instance& instance,
                                                                 int attempt) {
  ScriptedAttempt present;
  present.job = job.name;
  present.slot = instance.id.scheduled;
  present.number = attempt;
  present.begin = clock_.now();
  present.mended = mended_;
  ScriptedAct act = scripted_act(faults_, present, seed_, run_time_);
  return std::unique_ptr<scheduler::Run>(
      std::make_unique<SimulatedRun>(clock_, std::move(act), instance.window_start, instance.window_end));
}

}  // namespace sluice::daemon
