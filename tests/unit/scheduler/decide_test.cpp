#include "scheduler/decide.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/unit/scheduler/instance_samples.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;

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
                           Row{State::frozen, Step::wait_for_person, Step::wait_for_person},
                           Row{State::lost, Step::wait_for_person, Step::wait_for_person},
                           Row{State::skipped, Step::done, Step::done});
  CHECK(decide(in_state(row.state), at(kSlot - 1us)) == row.before);
  CHECK(decide(in_state(row.state), at(kSlot)) == row.due);
}

TEST_CASE("decide: of a success it is told whether it ran at all") {
  Instance done = in_state(State::success);
  done.rows = 5;
  CHECK(describe(done, at(kSlot)) == "succeeded with 5 rows");
  done.rows = 0;
  CHECK(describe(done, at(kSlot)) == "succeeded with 0 rows");
  done.reason = "set to success by uid 1000 (checked by hand): nothing is skipped";
  CHECK(describe(done, at(kSlot)) == "was set to success by uid 1000 (checked by hand): nothing is skipped");
  done.dry_run = true;
  done.reason = "dry run: an off day of the schedule";
  CHECK(describe(done, at(kSlot)) == "was a dry run: an off day of the schedule");
}

TEST_CASE("decide: an instance with an attempt of this process is left alone in every state") {
  Situation situation = at(kSlot);
  situation.claimed = true;
  for (const State state : kStates) {
    const Step expected = is_done(state) ? Step::done : Step::in_progress;
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

TEST_CASE("decide: without a place under its own limit an instance waits although others may start") {
  Situation situation = at(kSlot);
  situation.place = Place::job_full;
  CHECK(decide(in_state(State::wait_time), situation) == Step::wait_for_place);
  CHECK(describe(in_state(State::wait_time), situation) ==
        "waits for a free place: as many instances of orders are running as its maxParallel allows");
  situation.place = Place::backfills_full;
  CHECK(describe(in_state(State::wait_time), situation) ==
        "waits for a free place: backfills leave one to what is due");
}

TEST_CASE("decide: what failed offers the new definition when its job file has changed since") {
  Situation situation = at(kSlot);
  Instance failed = in_state(State::failure);
  failed.reason = "get records: refused";
  CHECK(describe(failed, situation) ==
        "failed: get records: refused; sluice rerun orders@2018-10-16T00:05+08:00 once the cause is gone");
  situation.changed = true;
  const std::string offer = "; its job file has changed since: rerun --latest runs with the new one";
  CHECK(describe(failed, situation) ==
        "failed: get records: refused; sluice rerun orders@2018-10-16T00:05+08:00 once the cause is gone" +
            offer);
  Instance lost = in_state(State::lost);
  CHECK(describe(lost, situation).ends_with(offer));
  CHECK(describe(in_state(State::wait_time), situation) == "is about to start");
}

TEST_CASE("decide: a retry that a clock far ahead put down is due once the clock is back") {
  Instance instance = in_state(State::retry_wait);
  instance.retry_at = kSlot + 24h;
  CHECK(decide(instance, at(kSlot)) == Step::wait_for_retry);
  instance.retry_at = kSlot + 24h + 1us;
  CHECK(decide(instance, at(kSlot)) == Step::start);
}

TEST_CASE("decide: a paused job keeps back what is due, also a retry, and lets go on what runs") {
  Situation situation = at(kSlot);
  Pause pause;
  pause.job = "orders";
  pause.since = kSlot - 5min;
  pause.actor = "uid 1000";
  situation.pause = pause;
  CHECK(decide(in_state(State::wait_time), situation) == Step::wait_for_resume);
  CHECK(decide(in_state(State::retry_wait), situation) == Step::wait_for_resume);
  CHECK(decide(in_state(State::failure), situation) == Step::wait_for_person);
  CHECK(shown_state(in_state(State::wait_time), State::not_run, situation) == State::frozen);
  CHECK(shown_state(in_state(State::retry_wait), State::retry_wait, situation) == State::frozen);
  CHECK(shown_state(in_state(State::failure), State::failure, situation) == State::failure);
  CHECK(describe(in_state(State::wait_time), situation) ==
        "is kept back: job paused by uid 1000 since 2018-10-16T00:00+08:00; sluice resume orders");
  situation.now = kSlot - 1us;
  CHECK(decide(in_state(State::wait_time), situation) == Step::wait_for_time);
  CHECK(shown_state(in_state(State::wait_time), State::wait_time, situation) == State::wait_time);
  situation.now = kSlot;
  situation.claimed = true;
  CHECK(decide(in_state(State::running), situation) == Step::in_progress);
  CHECK(shown_state(in_state(State::running), State::running, situation) == State::running);
}

TEST_CASE("decide: a dry run is done at its time, without a place") {
  Instance dry = in_state(State::wait_time);
  dry.dry_run = true;
  Situation situation = at(kSlot - 1us);
  situation.running = situation.limit;
  CHECK(decide(dry, situation) == Step::wait_for_time);
  situation.now = kSlot;
  CHECK(decide(dry, situation) == Step::finish_dry_run);
}

TEST_CASE("decide: an attempt that is being stopped shows as KILLING") {
  Situation situation = at(kSlot);
  situation.claimed = true;
  situation.killing = true;
  CHECK(shown_state(in_state(State::running), State::running, situation) == State::killing);
  CHECK(describe(in_state(State::running), situation) == "is being stopped; what it wrote is taken back");
}

TEST_CASE("decide: an attempt that took too long is timed out and not repeated, unless its data is there") {
  Ending ending;
  ending.cause = Ending::Cause::timed_out;
  ending.killer = "timeout: the attempt took longer than 1 min; it is not repeated by itself";
  ending.failure = Error(Errc::cancelled, "cancelled");
  const Verdict verdict = judge(ending, job::Rerun(), 0, kSlot);
  CHECK(verdict.result == AttemptResult::timed_out);
  CHECK(verdict.error.code() == Errc::timeout);
  CHECK(verdict.error.message() == ending.killer);
  CHECK_FALSE(verdict.retry_at);
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
