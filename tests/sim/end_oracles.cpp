// The oracles of the whole week: every slot once, every record once, every action in the log.

#include "tests/sim/naive_calendar.hpp"
#include "tests/sim/oracles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

void require_that(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace

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
    require_that(slots[instance.version].contains(instance.id.scheduled),
                 "a row that is no slot: " + to_string(instance.id, "UTC"));
  });
  Instant end = newest + Duration(1);
  for (auto era = eras.rbegin(); era != eras.rend(); ++era) {
    if (era->planned) {
      for (const Instant slot : slots[era->job.version]) {
        require_that(slot <= era->sure || slot >= end || rows.contains(slot),
                     "a slot without a row: " + to_string(InstanceId{name, slot}, "UTC"));
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
    require_that(from.has_value(), "a committed window has its start");
    require_that(!end || from->shards.at(0).time == *end,
                 "a window starts where the one before it ended: " + to_string(instance.id, "UTC"));
    end = to->shards.at(0).time;
  });
}

// The objects of the target are those of the committed windows, and hold what these say.
void Oracles::check_objects(const std::string& job) {
  std::set<InstanceId> committed;
  view_.each(job, Instant::min(), [&](const Instance& instance) {
    const std::string name = to_string(instance.id, "UTC");
    if (!is_done(instance.state)) return;
    require_that(view_.open_attempts(instance.row) == 0, "an attempt of a done instance is open: " + name);
    const auto to = view_.end(instance.row);
    if (instance.state != State::success || !to) return;
    const auto object = bench_.runner.objects.find(instance.id);
    require_that(object != bench_.runner.objects.end(), "a committed window has its object: " + name);
    const std::pair held(object->second.from, object->second.to);
    const std::pair stored(view_.start(instance.row)->shards.at(0).time, to->shards.at(0).time);
    require_that(held == stored, "the object holds the window: " + name);
    committed.insert(instance.id);
    const auto repeated = truth_.repeated.find(instance.id);
    require_that(repeated == truth_.repeated.end() || repeated->second == stored,
                 "a rerun repeats its window: " + name);
  });
  for (const auto& [id, object] : bench_.runner.objects) {
    if (id.job != job) continue;
    const std::optional<Instance> instance = view_.find(id);
    const bool is_open = instance && !is_done(instance->state);
    // By hand, after a lost attempt: the operator was told to look at the target.
    require_that(committed.contains(id) || is_open || truth_.by_hand.contains(id),
                 "an object is left of a window that was not committed: " + to_string(id, "UTC"));
  }
}

// Oldest first, each entry is the next action that was taken.
void Oracles::check_audit() {
  std::vector<AuditEntry> log = bench_.ask(bench_.store.audit(100'000));
  std::reverse(log.begin(), log.end());
  std::size_t next = 0;
  for (const AuditEntry& entry : log) {
    const auto is_it = [&](const Accepted& action) {
      return action.action == entry.action && action.target == entry.target;
    };
    while (next < truth_.actions.size() && !is_it(truth_.actions[next])) {
      require_that(!truth_.actions[next].certain,
                   fmt::format("the audit log lacks {} {} before {} {}", truth_.actions[next].action,
                               truth_.actions[next].target, entry.action, entry.target));
      ++next;
    }
    require_that(next < truth_.actions.size(),
                 fmt::format("the audit log has {} {} that nobody did", entry.action, entry.target));
    ++next;
  }
  for (; next < truth_.actions.size(); ++next)
    require_that(!truth_.actions[next].certain,
                 fmt::format("the audit log lacks {} {} at its end", truth_.actions[next].action,
                             truth_.actions[next].target));
}

}  // namespace sluice::test
