#include "scheduler/decide.hpp"

#include "tests/support/catch_result.hpp"

#include <array>

namespace sluice::scheduler {
namespace {

using namespace std::chrono_literals;

constexpr Instant kSlot{std::chrono::seconds(1'539'619'500)};  // 2018-10-16T00:05+08:00

constexpr std::array kStates = {State::not_run,    State::wait_time, State::wait_resource, State::running,
                                State::retry_wait, State::success,   State::failure,       State::frozen};

Instance in_state(State state) {
  Instance instance;
  instance.id.job = "orders";
  instance.id.scheduled = kSlot;
  instance.zone = "Asia/Shanghai";
  instance.state = state;
  return instance;
}

Situation at(Instant now) {
  Situation situation;
  situation.now = now;
  situation.limit = 2;
  return situation;
}

TEST_CASE("decide: the step of a head for every state, before and after its slot") {
  struct Row {
    State state;
    Step before;
    Step due;
  };
  const Row row = GENERATE(Row{State::not_run, Step::wait_for_time, Step::start},
                           Row{State::wait_time, Step::wait_for_time, Step::start},
                           Row{State::wait_resource, Step::wait_for_time, Step::start},
                           Row{State::retry_wait, Step::wait_for_time, Step::start},
                           Row{State::running, Step::orphaned, Step::orphaned},
                           Row{State::success, Step::done, Step::done},
                           Row{State::failure, Step::wait_for_person, Step::wait_for_person},
                           Row{State::frozen, Step::wait_for_person, Step::wait_for_person});
  CHECK(decide(in_state(row.state), at(kSlot - 1us)) == row.before);
  CHECK(decide(in_state(row.state), at(kSlot)) == row.due);
}

TEST_CASE("decide: an instance with an attempt of this process is left alone in every state") {
  Situation situation = at(kSlot);
  situation.claimed = true;
  for (const State state : kStates) {
    const Step expected = state == State::success ? Step::done : Step::in_progress;
    CHECK(decide(in_state(state), situation) == expected);
  }
}

TEST_CASE("decide: a retry waits for its own time") {
  Instance instance = in_state(State::retry_wait);
  instance.retry_at = kSlot + 2min;
  CHECK(decide(instance, at(kSlot + 2min - 1us)) == Step::wait_for_retry);
  CHECK(decide(instance, at(kSlot + 2min)) == Step::start);
  CHECK(due_at(instance) == kSlot + 2min);
}

TEST_CASE("decide: without a free place or without its job an instance waits") {
  Situation situation = at(kSlot);
  situation.running = 2;
  CHECK(decide(in_state(State::wait_time), situation) == Step::wait_for_place);
  situation.running = 1;
  CHECK(decide(in_state(State::wait_time), situation) == Step::start);
  situation.job_loaded = false;
  CHECK(decide(in_state(State::wait_time), situation) == Step::wait_for_job);
}

TEST_CASE("decide: an error is repeated as often as the job says, then it is a failure") {
  job::Rerun rerun;
  Ending ending;
  ending.failure = Error(Errc::unavailable, "503");
  for (int failures = 0; failures < 3; ++failures) {
    const Verdict verdict = judge(ending, rerun, failures, kSlot);
    CHECK(verdict.result == AttemptResult::failed);
    CHECK(verdict.retry_at == kSlot + 2min);
  }
  CHECK_FALSE(judge(ending, rerun, 3, kSlot).retry_at);
  rerun.times = 0;
  CHECK_FALSE(judge(ending, rerun, 0, kSlot).retry_at);
}

TEST_CASE("decide: only a hole in the stream is not repeated by itself") {
  for (const Errc code :
       {Errc::internal, Errc::invalid_argument, Errc::not_found, Errc::conflict, Errc::unauthenticated,
        Errc::permission_denied, Errc::unavailable, Errc::throttled, Errc::timeout, Errc::cancelled,
        Errc::corrupt, Errc::refused_by_state, Errc::dirty_limit, Errc::io, Errc::disk_full}) {
    CHECK(may_rerun(code));
  }
  CHECK_FALSE(may_rerun(Errc::trimmed));
  CHECK_FALSE(may_rerun(Errc::stream_changed));
}

TEST_CASE(
    "decide: a killed attempt fails for good, one cut short by a stop is lost, a success is a success") {
  Ending ending;
  CHECK(judge(ending, job::Rerun(), 0, kSlot).result == AttemptResult::success);
  ending.failure = Error(Errc::cancelled, "cancelled");
  ending.cause = Ending::Cause::killed;
  ending.killer = "killed by uid 1000";
  const Verdict killed = judge(ending, job::Rerun(), 0, kSlot);
  CHECK(killed.result == AttemptResult::killed);
  CHECK(killed.error.message() == "killed by uid 1000");
  CHECK_FALSE(killed.retry_at);
  ending.cause = Ending::Cause::shutdown;
  CHECK(judge(ending, job::Rerun(), 0, kSlot).result == AttemptResult::lost);
}

TEST_CASE("decide: where an operator's action leads from every state") {
  struct Row {
    Action action;
    std::array<std::optional<State>, 8> to;  // in the order of kStates; nothing: refused
  };
  constexpr std::optional<State> no;
  const Row row = GENERATE_COPY(
      Row{Action::rerun, {no, no, no, no, no, State::wait_resource, State::wait_resource, no}},
      Row{Action::kill, {no, no, no, State::running, State::failure, no, no, no}},
      Row{Action::freeze, {State::frozen, State::frozen, State::frozen, no, State::frozen, no, no, no}},
      Row{Action::unfreeze, {no, no, no, no, no, no, no, State::wait_resource}},
      Row{Action::set_success, {no, no, no, no, no, no, State::success, State::success}});
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    INFO(to_string(row.action) << " in " << to_string(kStates[i]));
    const Result<Transition> next = transition(row.action, in_state(kStates[i]), kSlot);
    REQUIRE(next.has_value() == row.to[i].has_value());
    if (!next) {
      CHECK(next.error().code() == Errc::refused_by_state);
      CHECK(next.error().message().find("orders@2018-10-16T00:05+08:00: it is " +
                                        std::string(to_string(kStates[i]))) != std::string::npos);
      continue;
    }
    CHECK(next->from == std::vector<State>{kStates[i]});
    CHECK(next->to == *row.to[i]);
  }
}

TEST_CASE("decide: an instance unfrozen before its slot waits for its time again") {
  CHECK(transition(Action::unfreeze, in_state(State::frozen), kSlot - 1us)->to == State::wait_time);
}

TEST_CASE("decide: turns go to the oldest slot, then by name") {
  std::vector<Instance> heads(3, in_state(State::wait_time));
  heads[0].id.job = "zebra";
  heads[1].id.scheduled = kSlot + 5min;
  heads[1].id.job = "ant";
  heads[2].id.job = "bee";
  sort_by_turn(heads);
  CHECK(heads[0].id.job == "bee");
  CHECK(heads[1].id.job == "zebra");
  CHECK(heads[2].id.job == "ant");
}

TEST_CASE("decide: what a waiting instance shows follows from the clock and what it depends on") {
  const Instance waiting = in_state(State::wait_time);
  CHECK(shown_state(waiting, false, kSlot - 1us) == State::wait_time);
  CHECK(shown_state(waiting, false, kSlot) == State::wait_resource);
  CHECK(shown_state(waiting, true, kSlot - 1us) == State::not_run);
  CHECK(shown_state(waiting, true, kSlot) == State::not_run);
  CHECK(shown_state(in_state(State::running), true, kSlot) == State::running);
  CHECK(shown_state(in_state(State::frozen), true, kSlot) == State::frozen);
}

}  // namespace
}  // namespace sluice::scheduler
