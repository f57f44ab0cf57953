// The oracles of the whole week: every slot once, every record once, every action in the log.

#include "tests/sim/naive_calendar.hpp"
#include "tests/sim/oracles.hpp"
#include "tests/support/memory_backfills.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice::test {

void Oracles::check_slots() {
  for (const auto& [job, eras] : truth_.eras) check_eras(job, eras);
}

// Every row is a slot of the definition it was planned with, and of each definition no slot is left out while
// it was certainly the one in force.
void Oracles::check_eras(const std::string& name, const std::vector<Era>& eras) {
  const std::optional<Instance> first = view_.first(name);
  if (!first) return;
  const Instant newest = view_.newest(name)->id.scheduled;
  std::map<std::string, std::set<Instant>> slots;
  for (const Era& era : eras) {
    const std::vector<Instant> all = naive_slots(era.job.schedule, first->id.scheduled, newest + Duration(1));
    slots[era.job.version].insert(all.begin(), all.end());
  }
  std::set<Instant> rows;
  view_.each(name, Instant::min(), [&](const Instance& instance) {
    rows.insert(instance.id.scheduled);
    if (!slots[instance.version].contains(instance.id.scheduled)) broken("a row that is no slot", instance);
  });
  Instant end = newest + Duration(1);
  for (auto era = eras.rbegin(); era != eras.rend(); ++era) {
    if (era->planned) {
      for (const Instant slot : slots[era->job.version]) {
        if (slot > era->sure && slot < end && !rows.contains(slot))
          throw std::logic_error("a slot without a row: " + to_string(InstanceId{name, slot}, "UTC"));
      }
    }
    end = std::min(end, era->begin);
  }
}

void Oracles::check_exactly_once() {
  for (const auto& [job, eras] : truth_.eras) {
    if (eras.back().job.dependencies.self) check_chain(job);
    check_objects(job);
  }
}

// Committed windows touch: each instant of the stream is in one of them.
void Oracles::check_chain(const std::string& job) {
  std::optional<Instant> end;
  view_.each(job, Instant::min(), [&](const Instance& instance) {
    const auto to = view_.end(instance.row);
    if (instance.state != State::success || !to) return;
    const auto from = view_.start(instance.row);
    if (!from) broken("a committed window has no start", instance);
    if (end && from->shards.at(0).time != *end)
      broken("a window does not start where the one before it ended", instance);
    end = to->shards.at(0).time;
  });
}

// The objects of the target are those of the committed windows, and hold what these say.
void Oracles::check_objects(const std::string& job) {
  std::set<InstanceId> committed;
  view_.each(job, Instant::min(), [&](const Instance& instance) {
    if (!is_done(instance.state)) return;
    if (view_.open_attempts(instance.row) > 0) broken("an attempt of a done instance is open", instance);
    const auto to = view_.end(instance.row);
    // A rerun that failed has taken the object away; who sets that to success leaves it so.
    if (instance.state != State::success || !to || truth_.by_hand.contains(instance.id)) return;
    const auto object = bench_.runner.objects.find(instance.id);
    if (object == bench_.runner.objects.end()) broken("a committed window has no object", instance);
    const std::pair held(object->second.from, object->second.to);
    const std::pair stored(view_.start(instance.row)->shards.at(0).time, to->shards.at(0).time);
    if (held != stored) broken("the object holds another window than its row says", instance);
    committed.insert(instance.id);
    const auto repeated = truth_.repeated.find(instance.id);
    if (repeated != truth_.repeated.end() && repeated->second != stored)
      broken("a rerun does not repeat its window", instance);
  });
  for (const auto& [id, object] : bench_.runner.objects) {
    if (id.job != job || id.group != 0) continue;
    const std::optional<Instance> instance = view_.find(id);
    const bool is_open = instance && !is_done(instance->state);
    // By hand, after a lost attempt: the operator was told to look at the target.
    if (!committed.contains(id) && !is_open && !truth_.by_hand.contains(id))
      throw std::logic_error("an object is left of a window that was not committed: " + to_string(id, "UTC"));
  }
}

// Groups of backfills: all done, and nothing of them is open.
void Oracles::check_backfills() {
  for (const std::string& chain : view_.chains()) {
    if (scheduler::parse_chain(chain).group == 0) continue;
    view_.each(chain, Instant::min(), [&](const Instance& instance) {
      const bool stays = truth_.cancelled.contains(chain) && !is_runnable(instance.state);
      if (!is_done(instance.state) && !stays) broken("an instance of a backfill is left over", instance);
      if (view_.open_attempts(instance.row) > 0) broken("an attempt of a done instance is open", instance);
    });
  }
  auto entry = bench_.backfills.audited.begin();
  for (const Accepted& action : truth_.backfill_actions) {
    const bool logged = entry != bench_.backfills.audited.end() && entry->actor == action.actor;
    if (!logged && action.certain)
      throw std::logic_error("the log lacks an action on a backfill by " + action.actor);
    if (logged) ++entry;
  }
  if (entry != bench_.backfills.audited.end())
    throw std::logic_error("the log has an action on a backfill that nobody did, by " + entry->actor);
}

// What the scheduler skipped by a job's own rule is in the log too.
bool Oracles::is_catch_up(const AuditEntry& entry) {
  if (entry.actor != "catch-up") return false;
  for (const Era& era : truth_.eras[entry.target]) {
    const job::CatchUp& rule = era.job.catch_up;
    if (rule.policy != job::CatchUp::Policy::all || rule.max_age || rule.max_count) return true;
  }
  throw std::logic_error("windows of " + entry.target + " are skipped, though all are to run");
}

// Oldest first, each entry is the next action that was taken; actors are unique.
void Oracles::check_audit() {
  std::vector<AuditEntry> log = bench_.ask(bench_.store.audit(100'000));
  std::reverse(log.begin(), log.end());
  std::erase_if(log, [&](const AuditEntry& skipped) { return is_catch_up(skipped); });
  auto entry = log.begin();
  for (const Accepted& action : truth_.actions) {
    const bool logged = entry != log.end() && entry->actor == action.actor;
    if (logged && (entry->action != action.action || entry->target != action.target))
      throw std::logic_error(fmt::format("the audit log has {} {} for {} {}", entry->action, entry->target,
                                         action.action, action.target));
    if (!logged && action.certain)
      throw std::logic_error(fmt::format("the audit log lacks {} {}", action.action, action.target));
    if (logged) ++entry;
  }
  if (entry != log.end())
    throw std::logic_error(fmt::format("the audit log has {} {} that nobody did, or out of order",
                                       entry->action, entry->target));
}

}  // namespace sluice::test
