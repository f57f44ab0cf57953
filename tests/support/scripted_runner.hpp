#pragma once
// A data plane that does what a script says, and a target that remembers what was committed to it.

#include "scheduler/runner.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

// The stream of these runs is time itself: a position is an instant, a window carries (start, end].
inline pipeline::Positions stream_position(Instant at) {
  pipeline::ShardPosition shard;
  shard.shard = "shard-1";
  shard.kind = pipeline::ShardPosition::Kind::at_time;
  shard.time = at;
  pipeline::Positions positions;
  positions.stream = "stream-1";
  positions.shards.push_back(std::move(shard));
  return positions;
}

class ScriptedRunner final : public scheduler::Runner {
 public:
  enum class Stage { prepare, plan, execute };

  // What one attempt does.
  struct Act {
    Duration takes = std::chrono::seconds(1);
    std::optional<Error> error;
    Stage at = Stage::execute;  // where the error comes
    bool throws = false;        // the error is thrown, not returned
    Duration takes_back{0};     // a cancelled attempt needs so long to take back what it wrote
  };

  struct Start {
    scheduler::InstanceId id;
    int attempt = 0;
    Instant at{};
  };

  // What the target holds of one window.
  struct Committed {
    Instant from{};
    Instant to{};
    friend bool operator==(const Committed&, const Committed&) = default;
  };

  explicit ScriptedRunner(Clock& clock) : clock_(clock) {}

  std::function<Act(const scheduler::Instance& instance, int attempt)> script;
  // Told of each attempt when it begins to execute, as it was when it was chosen.
  std::function<void(const scheduler::Instance& instance, int attempt)> on_execute;

  std::vector<Start> starts;                           // attempts that executed, in order
  std::map<scheduler::InstanceId, Committed> objects;  // by window: names are a function of the window
  std::map<scheduler::InstanceId, std::set<std::pair<Instant, Instant>>>
      contents;                    // ever committed, by window
  std::vector<std::string> notes;  // lines for the attempts' logs
  std::size_t executing = 0;
  std::size_t executing_max = 0;
  std::set<scheduler::InstanceId> in_progress;
  bool overlapped = false;  // an instance ran twice at once

  Result<std::unique_ptr<scheduler::Run>> prepare(const job::Job&, const scheduler::Instance& instance,
                                                  int attempt) override {
    Act act = script ? script(instance, attempt) : Act();
    if (act.error && act.at == Stage::prepare) {
      objects.erase(instance.id);
      if (act.throws) throw ErrorException(*act.error);
      return *act.error;
    }
    return std::unique_ptr<scheduler::Run>(
        std::make_unique<ScriptedRun>(*this, instance, attempt, std::move(act)));
  }

 private:
  class ScriptedRun final : public scheduler::Run {
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
      const Instant from = previous ? previous->shards.at(0).time : instance_.window_start;
      co_return stream_position(from);
    }

    awaitable<Result<scheduler::Outcome>> execute(pipeline::Positions start,
                                                  std::optional<pipeline::Positions> until) override {
      const Executing executing(owner_, instance_.id);
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
      co_return outcome;
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

  struct Executing {
    Executing(ScriptedRunner& runner, scheduler::InstanceId instance)
        : owner(runner), id(std::move(instance)) {
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

  Clock& clock_;
};

}  // namespace sluice::test
