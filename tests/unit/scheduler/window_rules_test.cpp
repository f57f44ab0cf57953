#include "scheduler/window_rules.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/unit/scheduler/instance_samples.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

Attempt attempt_of(AttemptResult result) {
  Attempt attempt;
  attempt.number = 1;
  attempt.result = result;
  return attempt;
}

InstanceId later_window() {
  InstanceId id = in_state(State::success).id;
  id.scheduled += std::chrono::minutes(5);
  return id;
}

// "": allowed.
std::string refusal(Action action, State state, const WindowRecord& record) {
  Order order;
  order.action = action;
  const Result<void> checked = check_window(order, in_state(state), record);
  return checked ? "" : checked.error().message();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE(
    "window rules: a window without positions is not run again once another one has brought its records") {
  WindowRecord record;
  for (const State state : {State::success, State::skipped}) {
    record.later.reset();
    record.busy = false;
    CHECK(refusal(Action::rerun, state, record).empty());
    record.busy = true;
    CHECK(has(refusal(Action::rerun, state, record), "is running; try again if that one fails"));
    record.later = later_window();
    CHECK(has(refusal(Action::rerun, state, record),
              "came with orders@2018-10-16T00:10+08:00; rerun that one"));
  }
  CHECK(refusal(Action::rerun, State::failure, record).empty());
  record.follows_positions = false;
  CHECK(refusal(Action::rerun, State::skipped, record).empty());
  record.follows_positions = true;
  record.committed = true;
  CHECK(refusal(Action::rerun, State::success, record).empty());
}

TEST_CASE("window rules: a success whose positions are forgotten stays as it is, whoever follows") {
  WindowRecord record;
  record.attempts = {attempt_of(AttemptResult::success)};
  record.later = later_window();
  for (const bool follows : {true, false}) {
    record.follows_positions = follows;
    CHECK_FALSE(comes_with_another(in_state(State::success), record));
    CHECK(has(refusal(Action::rerun, State::success, record), "history.positions"));
  }
  record.follows_positions = true;
  record.attempts = {attempt_of(AttemptResult::failed)};  // set to success by hand
  CHECK(comes_with_another(in_state(State::success), record));
  record.committed = true;
  record.attempts = {attempt_of(AttemptResult::success)};
  CHECK(refusal(Action::rerun, State::success, record).empty());
}

TEST_CASE("window rules: a window that a rebuild put down without its start is not run again") {
  WindowRecord record;
  record.committed = true;
  record.start_known = false;
  for (const bool follows : {true, false}) {
    record.follows_positions = follows;
    CHECK(has(refusal(Action::rerun, State::success, record), "where it began is not known"));
    CHECK_FALSE(has(refusal(Action::rerun, State::success, record), "set it to success"));
    CHECK(has(refusal(Action::rerun, State::failure, record), "set it to success"));
    CHECK(refusal(Action::set_success, State::failure, record).empty());
  }
}

TEST_CASE("window rules: what was committed, or has objects left in the target, is not skipped") {
  WindowRecord record;
  CHECK(refusal(Action::skip, State::failure, record).empty());
  record.attempts = {attempt_of(AttemptResult::lost)};
  CHECK(has(refusal(Action::skip, State::failure, record), "attempt 1 may have left objects in the target"));
  CHECK(refusal(Action::set_success, State::failure, record).empty());
  record.committed = true;
  CHECK(has(refusal(Action::skip, State::failure, record), "its window was committed before"));
  record.follows_positions = false;
  CHECK(refusal(Action::skip, State::failure, record).empty());
}

TEST_CASE("window rules: the reason of a success by hand says where the records go") {
  WindowRecord record;
  CHECK(has(std::string(after_success_by_hand(record)), "are skipped"));
  record.committed_before = true;
  CHECK(has(std::string(after_success_by_hand(record)), "nothing is skipped"));
  record.follows_positions = false;
  CHECK(has(std::string(after_success_by_hand(record)), "no later one brings its rows"));
  record.committed = true;
  CHECK(after_success_by_hand(record).empty());
  record.follows_positions = true;
  record.committed_before = false;
  CHECK(has(std::string(after_success_by_hand(record)), "nothing is skipped"));
}

}  // namespace
