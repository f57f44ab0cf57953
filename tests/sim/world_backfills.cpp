// Backfills that the operators of a simulated week ask for, hold up, let go on and cancel.

#include "tests/sim/scheduler_world.hpp"
#include "tests/support/memory_backfills.hpp"

#include <fmt/format.h>

namespace sluice::test {

using namespace std::chrono_literals;

void SchedulerWorld::backfill() {
  if (backfills_.empty() || chance(50)) return create_backfill();
  change_backfill(backfills_.at(pick(backfills_.size())));
}

void SchedulerWorld::create_backfill() {
  const job::Job& job = bench_.jobs.at(pick(bench_.jobs.size()));
  scheduler::BackfillOrder order;
  order.job = job.name;
  order.to = bench_.clock.now() - std::chrono::hours(pick(30));
  order.from = order.to - std::chrono::hours(2 + pick(70));
  order.parallel = 1 + static_cast<int>(pick(3));
  order.all = chance(40);
  order.descending = !job.dependencies.self && chance(50);
  order.priority = 1 + static_cast<int>(pick(9));
  note(fmt::format("a backfill of {} h of {}", (order.to - order.from) / 1h, job.name));
  const std::string actor = next_actor();
  try {
    calls_ = 0;
    const auto made = bench_.ask(bench_.scheduler->create_backfill(std::move(order), actor));
    if (!made) return note("refused: " + made.error().message());
    backfills_.push_back(*made);
    truth_.backfill_actions.push_back(Accepted{actor, "", "", true});
  } catch (const ErrorException&) {
    truth_.backfill_actions.push_back(Accepted{actor, "", "", false});
  }
}

void SchedulerWorld::change_backfill(const scheduler::Backfill& backfill) {
  static constexpr std::array kActions = {"pause", "resume", "cancel"};
  const std::uint64_t kind = pick(3);
  note(fmt::format("{} backfill {}", kActions.at(kind), backfill.id));
  const std::string actor = next_actor();
  for (const scheduler::BackfillGroup& group : backfill.groups)
    truth_.held.erase(scheduler::chain_of(backfill.order.job, group.id));
  try {
    calls_ = 0;
    Result<scheduler::Backfill> done = Error(Errc::internal, "");
    if (kind == 0) done = bench_.ask(bench_.scheduler->pause_backfill(backfill.id, actor));
    if (kind == 1) done = bench_.ask(bench_.scheduler->resume_backfill(backfill.id, actor));
    if (kind == 2) done = bench_.ask(bench_.scheduler->cancel_backfill(backfill.id, actor, false));
    if (!done) return note("refused: " + done.error().message());
    truth_.backfill_actions.push_back(Accepted{actor, "", "", true});
    if (kind == 1) return;
    for (const scheduler::BackfillGroup& group : backfill.groups)
      truth_.held[scheduler::chain_of(backfill.order.job, group.id)] = bench_.clock.monotonic();
  } catch (const ErrorException&) {
    truth_.backfill_actions.push_back(Accepted{actor, "", "", false});
  }
}

void SchedulerWorld::resume_backfills() {
  truth_.held.clear();
  for (const scheduler::Backfill& backfill :
       bench_.ask(bench_.backfills.backfills(scheduler::BackfillQuery()))) {
    if (backfill.state != scheduler::BackfillState::cancelled) continue;
    for (const scheduler::BackfillGroup& group : backfill.groups)
      truth_.cancelled.insert(scheduler::chain_of(backfill.order.job, group.id));
  }
  for (const scheduler::Backfill& backfill : bench_.ask(bench_.backfills.unfinished_backfills())) {
    if (backfill.state != scheduler::BackfillState::paused) continue;
    const std::string actor = next_actor();
    const auto resumed = bench_.ask(bench_.scheduler->resume_backfill(backfill.id, actor));
    if (!resumed) throw std::logic_error("a paused backfill can be resumed: " + resumed.error().message());
    truth_.backfill_actions.push_back(Accepted{actor, "", "", true});
  }
}

}  // namespace sluice::test
