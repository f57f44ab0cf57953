#include "scheduler/actions.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/unit/scheduler/instance_samples.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <optional>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;
using job::RerunProperty;

Result<Transition> try_order(Action action, State state, RerunProperty property = RerunProperty::always,
                             bool force = false) {
  Order order;
  order.action = action;
  order.force = force;
  return transition(order, in_state(state), property, kSlot);
}

TEST_CASE("actions: where each leads from every state") {
  using enum State;
  struct Row {
    Action action;
    std::array<std::optional<State>, 10> to;  // in the order of kStates; nothing: refused
  };
  constexpr std::optional<State> no;
  const Row row = GENERATE_COPY(
      Row{Action::rerun,
          {not_run, wait_time, wait_resource, no, wait_resource, wait_resource, wait_resource, no,
           wait_resource, wait_resource}},
      Row{Action::kill, {failure, failure, failure, running, failure, no, no, no, no, no}},
      Row{Action::freeze, {frozen, frozen, frozen, no, frozen, no, no, no, no, no}},
      Row{Action::unfreeze, {no, no, no, no, no, no, no, wait_resource, no, no}},
      Row{Action::set_success, {no, no, no, no, no, no, success, success, success, no}},
      Row{Action::skip, {skipped, skipped, skipped, no, skipped, no, skipped, skipped, skipped, no}},
      Row{Action::priority,
          {not_run, wait_time, wait_resource, no, retry_wait, no, failure, frozen, lost, no}},
      Row{Action::release,
          {not_run, wait_time, wait_resource, no, retry_wait, no, failure, frozen, lost, no}});
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    INFO(to_string(row.action) << " in " << to_string(kStates[i]));
    const Result<Transition> next = try_order(row.action, kStates[i]);
    REQUIRE(next.has_value() == row.to[i].has_value());
    if (!next) {
      CHECK(next.error().code() == Errc::refused_by_state);
      CHECK(next.error().message().find("orders@2018-10-16T00:05+08:00: it is " +
                                        std::string(to_string(kStates[i])) + "; ") != std::string::npos);
      continue;
    }
    CHECK(next->from == std::vector<State>{kStates[i]});
    CHECK(next->to == *row.to[i]);
  }
}

TEST_CASE("actions: a refusal says what would help") {
  CHECK(try_order(Action::freeze, State::running).error().message() ==
        "freeze orders@2018-10-16T00:05+08:00: it is RUNNING; freezing it has no effect on its attempt; kill "
        "stops it");
  CHECK(try_order(Action::rerun, State::running).error().message() ==
        "rerun orders@2018-10-16T00:05+08:00: it is RUNNING; kill it first, or wait until it ends");
  CHECK(try_order(Action::rerun, State::frozen).error().message().ends_with("unfreeze it"));
  CHECK(try_order(Action::set_success, State::running)
            .error()
            .message()
            .ends_with("only FAILURE, LOST and FROZEN can be set to success"));
}

TEST_CASE("actions: an instance unfrozen before its slot waits for its time again") {
  Order order;
  order.action = Action::unfreeze;
  const auto next = transition(order, in_state(State::frozen), RerunProperty::always, kSlot - 1us);
  CHECK(next->to == State::wait_time);
}

TEST_CASE("rerun property: ALL_ALLOWED runs successes and failures again") {
  CHECK(try_order(Action::rerun, State::success, RerunProperty::always));
  CHECK(try_order(Action::rerun, State::failure, RerunProperty::always));
}

TEST_CASE("rerun property: FAILURE_ALLOWED runs failures again, no success") {
  CHECK(try_order(Action::rerun, State::failure, RerunProperty::after_failure));
  CHECK(try_order(Action::rerun, State::lost, RerunProperty::after_failure));
  CHECK(try_order(Action::rerun, State::retry_wait, RerunProperty::after_failure));
  const auto refused = try_order(Action::rerun, State::success, RerunProperty::after_failure);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "rerun orders@2018-10-16T00:05+08:00: it is SUCCESS; rerun.property of its job is after_failure; "
        "--force runs this instance all the same");
}

TEST_CASE("rerun property: ALL_DENIED runs nothing again that was attempted, unless it is forced") {
  for (const State state : {State::success, State::failure, State::lost}) {
    const auto refused = try_order(Action::rerun, state, RerunProperty::never);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::refused_by_state);
    CHECK(try_order(Action::rerun, state, RerunProperty::never, true));
  }
  CHECK(try_order(Action::rerun, State::wait_time, RerunProperty::never));
  CHECK(try_order(Action::rerun, State::skipped, RerunProperty::never));
}

}  // namespace
