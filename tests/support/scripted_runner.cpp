#include "tests/support/scripted_runner.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

namespace sluice::test {

pipeline::Positions stream_position(Instant at) {
  pipeline::ShardPosition shard;
  shard.shard = "shard-1";
  shard.kind = pipeline::ShardPosition::Kind::at_time;
  shard.time = at;
  pipeline::Positions positions;
  positions.stream = "stream-1";
  positions.shards.push_back(std::move(shard));
  return positions;
}

struct ScriptedRunner::Executing {
  Executing(ScriptedRunner& runner, scheduler::InstanceId instance) : owner(runner), id(std::move(instance)) {
    owner.overlapped = owner.overlapped || !owner.in_progress.insert(id).second;
    owner.executing_max = std::max(owner.executing_max, ++owner.executing);
  }
  ~Executing() {
    owner.in_progress.erase(id);
    --owner.executing;
  }
  Executing(const Executing&) = delete;
  Executing& operator=(const Executing&) = delete;
  ScriptedRunner& owner;
  scheduler::InstanceId id;
};

class ScriptedRunner::ScriptedRun final : public scheduler::Run {
 public:
  ScriptedRun(ScriptedRunner& owner, scheduler::Instance instance, int attempt, Act act)
      : owner_(owner), instance_(std::move(instance)), attempt_(attempt), act_(std::move(act)) {}

  awaitable<Result<pipeline::Positions>> plan(std::optional<pipeline::Positions> previous) override {
    if (act_.error && act_.at == Stage::plan) {
      take_back();
      co_await owner_.clock_.sleep_for(act_.takes);
      if (act_.throws) throw ErrorException(*act_.error);
      co_return *act_.error;
    }
    if (act_.plans > Duration(0)) co_await owner_.clock_.sleep_for(act_.plans);
    const Instant from = previous ? previous->shards.at(0).time : instance_.window_start;
    co_return stream_position(from);
  }

  awaitable<Result<scheduler::Outcome>> execute(pipeline::Positions start,
                                                std::optional<pipeline::Positions> until) override {
    const Executing now_executing(owner_, instance_.id);
    owner_.starts.push_back(Start{instance_.id, attempt_, owner_.clock_.now()});
    if (owner_.on_execute) owner_.on_execute(instance_, attempt_);
    take_back();
    co_await work();
    if (act_.error) {
      if (act_.throws) throw ErrorException(*act_.error);
      co_return *act_.error;
    }
    const Instant from = start.shards.at(0).time;
    const Instant to = until ? until->shards.at(0).time : std::max(from, instance_.window_end);
    owner_.objects[instance_.id] = Committed{from, to};
    owner_.contents[instance_.id].emplace(from, to);
    statistics_.rows = static_cast<std::uint64_t>((to - from) / std::chrono::minutes(1));
    scheduler::Outcome outcome;
    outcome.end = stream_position(to);
    outcome.statistics = statistics_;
    if (owner_.object_name) outcome.objects.emplace_back().name = owner_.object_name(instance_);
    co_return outcome;
  }

  bool writes(std::string_view object) const override {
    return owner_.object_name && owner_.object_name(instance_) == object;
  }
  const pipeline::Statistics& statistics() const override { return statistics_; }
  void note(std::string_view text) noexcept override { owner_.notes.emplace_back(text); }

 private:
  // A cancelled attempt cleans up before it unwinds.
  awaitable<void> work() {
    std::exception_ptr cancelled;
    try {
      co_await owner_.clock_.sleep_for(act_.takes);
    } catch (...) {
      cancelled = std::current_exception();
    }
    if (!cancelled) co_return;
    if (act_.takes_back > Duration(0)) {
      co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
      co_await owner_.clock_.sleep_for(act_.takes_back);
    }
    std::rethrow_exception(cancelled);
  }

  // A new attempt first removes what an earlier one left of the window.
  void take_back() { owner_.objects.erase(instance_.id); }

  ScriptedRunner& owner_;
  scheduler::Instance instance_;
  int attempt_;
  Act act_;
  pipeline::Statistics statistics_;
};

Result<std::unique_ptr<scheduler::Run>> ScriptedRunner::prepare(const job::Job&,
                                                                const scheduler::Instance& instance,
                                                                int attempt) {
  Act act = script ? script(instance, attempt) : Act();
  if (act.error && act.at == Stage::prepare) {
    objects.erase(instance.id);
    if (act.throws) throw ErrorException(*act.error);
    return *act.error;
  }
  return std::unique_ptr<scheduler::Run>(
      std::make_unique<ScriptedRun>(*this, instance, attempt, std::move(act)));
}

}  // namespace sluice::test
