#include "scheduler/alert_conditions.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/schedule_text.hpp"
#include "scheduler/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

constexpr Duration kLagMin = std::chrono::minutes(30);
constexpr Duration kLagMax = std::chrono::hours(6);
constexpr int kLagCycles = 6;
// Planning runs ahead by a day; a slot this long past without an instance was forgotten, not late.
constexpr Duration kMissingAfter = std::chrono::minutes(10);
constexpr std::size_t kMissingCounted = 10'000;

constexpr std::string_view kFailure = "failure";
constexpr std::string_view kBlocked = "blocked";
constexpr std::string_view kLag = "lag";

bool waits_for_person(const Instance& instance) {
  return instance.state == State::failure || instance.state == State::frozen || instance.state == State::lost;
}

class ChainWatch {
 public:
  ChainWatch(const ChainFacts& facts, const JobWatch& watch, Instant now, Observation& observed)
      : facts_(facts), watch_(watch), rules_(watch.rules), now_(now), observed_(observed) {}

  void look() {
    const bool failing = look_for_failure();
    const bool blocked = look_for_block(failing);
    const bool explained = in_order() && (failing || blocked);
    look_for_lag(explained || facts_.held);
    look_for_long_run();
    look_for_unfinished();
  }

 private:
  void add(AlertKind kind, std::string_view cause, AlertFacts facts) {
    Condition condition;
    condition.kind = kind;
    condition.key = alert_key(cause, facts_.chain);
    condition.facts = std::move(facts);
    condition.channels = watch_.channels;
    observed_.conditions.push_back(std::move(condition));
  }
  bool in_order() const { return watch_.job->dependencies.self; }
  std::uint64_t behind() const { return (in_order() ? facts_.open - 1 : 0) + facts_.downstream; }
  void follows(std::string_view cause) { observed_.unresolved.insert(alert_key(cause, facts_.chain)); }

  AlertFacts facts_with_until(const Instance& instance) const {
    AlertFacts out = facts_of(instance);
    out.until = facts_.covered_until;
    return out;
  }

  std::optional<AlertKind> failure_kind() const {
    if (!facts_.failure) return std::nullopt;
    if (facts_.failure->state == State::lost)
      return rules_.lost ? std::optional(AlertKind::lost) : std::nullopt;
    if (facts_.failure_result == AttemptResult::timed_out)
      return rules_.timeout ? std::optional(AlertKind::timeout) : std::nullopt;
    return rules_.exhausted ? std::optional(AlertKind::exhausted) : std::nullopt;
  }

  bool look_for_failure() {
    if (const auto kind = failure_kind()) {
      AlertFacts out = facts_with_until(*facts_.failure);
      out.count = behind();
      add(*kind, kFailure, std::move(out));
      return true;
    }
    if (rules_.failed && facts_.retry) {
      add(AlertKind::failed, kFailure, facts_with_until(*facts_.retry));
      return true;
    }
    return false;
  }

  // Windows wait behind one that only a person can let go on.
  bool look_for_block(bool failing) {
    if (!facts_.head || watch_.paused || !waits_for_person(*facts_.head) || behind() == 0) return false;
    if (failing) {
      follows(kBlocked);
      return true;
    }
    const bool long_enough =
        rules_.blocked && now_ - facts_.second_slot.value_or(facts_.head->id.scheduled) >= *rules_.blocked;
    const bool many_enough = rules_.blocked_count && behind() >= *rules_.blocked_count;
    if (!long_enough && !many_enough) return rules_.blocked || rules_.blocked_count;
    AlertFacts out = facts_with_until(*facts_.head);
    out.count = behind();
    if (facts_.second_slot) out.length = now_ - *facts_.second_slot;
    add(AlertKind::blocked, kBlocked, std::move(out));
    return true;
  }

  void look_for_lag(bool explained) {
    // Without an order what waits for a person keeps no other one back.
    const std::optional<Instance>& first = in_order() ? facts_.head : facts_.first_able;
    if (!rules_.lag || !first || watch_.paused) return;
    const Duration late = now_ - first->id.scheduled;
    // Mostly its time is still to come; the limit of its job takes a look at the calendar.
    if (late <= Duration(0) || late < lag_limit(*watch_.job, *rules_.lag, now_)) return;
    if (explained) {
      follows(kLag);
      return;
    }
    AlertFacts out = facts_with_until(*first);
    out.count = facts_.open;
    out.length = late;
    add(AlertKind::lag, kLag, std::move(out));
  }

  void look_for_long_run() {
    if (!rules_.running || !facts_.running || !facts_.running->started) return;
    const Duration taken = now_ - *facts_.running->started;
    if (taken < *rules_.running) return;
    AlertFacts out = facts_with_until(*facts_.running);
    out.length = taken;
    out.error.clear();
    add(AlertKind::running, "running", std::move(out));
  }

  void look_for_unfinished() {
    if (!rules_.unfinished || !facts_.head) return;
    const auto before = unfinished_before(*rules_.unfinished, watch_.job->schedule.zone, now_);
    if (!before || facts_.head->id.scheduled >= *before) return;
    AlertFacts out = facts_with_until(*facts_.head);
    out.count = facts_.open;
    add(AlertKind::unfinished, "unfinished", std::move(out));
  }

  const ChainFacts& facts_;
  const JobWatch& watch_;
  const job::AlertRules& rules_;
  Instant now_;
  Observation& observed_;
};

// Slots that should have an instance by now and have none.
void look_for_missing(const ChainFacts& facts, const JobWatch& watch, Instant now, Observation& observed) {
  if (!watch.rules.missing || !facts.last_planned || watch.paused) return;
  const Instant planned = std::max<Instant>(*facts.last_planned, watch.begins - Duration(1));
  if (planned >= now - kMissingAfter) return;  // as it is for most, without a look at the calendar
  const auto calendar = Calendar::of(watch.job->schedule);
  if (!calendar) return;
  Condition condition;
  const auto missing = calendar->first_after(planned);
  if (!missing || *missing > now - kMissingAfter) return;
  const Instant late = now - kMissingAfter + Duration(1);
  condition.facts.count = calendar->next_slots(planned, kMissingCounted, late).size();
  InstanceId first;
  first.job = watch.job->name;
  first.scheduled = *missing;
  condition.facts.instance = to_string(first, watch.job->schedule.zone);
  condition.kind = AlertKind::missing;
  condition.key = alert_key("missing", facts.chain);
  condition.facts.job = watch.job->name;
  condition.facts.zone = watch.job->schedule.zone;
  condition.channels = watch.channels;
  observed.conditions.push_back(std::move(condition));
}

}  // namespace

std::string alert_key(std::string_view cause, std::string_view chain) {
  return fmt::format("{} {}", cause, chain);
}

AlertFacts facts_of(const Instance& instance) {
  AlertFacts facts;
  facts.job = instance.id.job;
  facts.instance = to_string(instance.id, instance.zone);
  facts.zone = instance.zone;
  facts.window_start = instance.window_start;
  facts.window_end = instance.window_end;
  facts.error = instance.reason;
  if (const auto local = job::to_civil(instance.id.scheduled, instance.zone)) {
    const auto day = std::chrono::floor<std::chrono::days>(*local) - std::chrono::days(1);
    facts.business_date = job::date_text(day);
  }
  return facts;
}

Duration lag_limit(const job::Job& job, Duration limit, Instant now) {
  if (limit > Duration(0)) return limit;
  const auto calendar = Calendar::of(job.schedule);
  const auto first = calendar ? calendar->first_after(now) : std::nullopt;
  const auto second = first ? calendar->first_after(*first) : std::nullopt;
  if (!second) return kLagMax;
  return std::clamp<Duration>((*second - *first) * kLagCycles, kLagMin, kLagMax);
}

std::optional<Instant> unfinished_before(std::chrono::minutes clock, const std::string& zone, Instant now) {
  const auto local = job::to_civil(now, zone);
  if (!local) return std::nullopt;
  auto day = std::chrono::floor<std::chrono::days>(*local);
  while (std::chrono::sys_seconds(day) + clock > *local) day -= std::chrono::days(1);
  const auto until = std::min<std::chrono::sys_seconds>(std::chrono::sys_seconds(day) + clock,
                                                        std::chrono::sys_seconds(day + std::chrono::days(1)));
  const auto instant = job::to_instant(until, zone);
  if (!instant) return std::nullopt;
  return *instant;
}

void observe_chain(const ChainFacts& facts, const JobWatch& watch, Instant now, Observation& observed) {
  ChainWatch(facts, watch, now, observed).look();
  look_for_missing(facts, watch, now, observed);
}

std::string backfill_key(std::int64_t id) { return alert_key("backfill", std::to_string(id)); }

// Paused or being cancelled, it fails no more and is not mended either.
void observe_backfill(const Backfill& backfill, const std::optional<Instance>& failure,
                      const std::vector<std::string>& channels, Observation& observed) {
  if (!failure) return;
  const std::string key = backfill_key(backfill.id);
  if (backfill.state != BackfillState::running) {
    observed.unresolved.insert(key);
    return;
  }
  Condition condition;
  condition.kind = AlertKind::backfill_failed;
  condition.key = key;
  condition.facts = facts_of(*failure);
  condition.facts.job = backfill.order.job;
  condition.facts.count = static_cast<std::uint64_t>(backfill.id);
  condition.channels = channels;
  observed.conditions.push_back(std::move(condition));
}

void observe_backfill_end(const Backfill& backfill, const std::vector<std::string>& channels,
                          Observation& observed) {
  const bool done = backfill.state == BackfillState::done;
  const EndNotices notices = backfill.order.alerts;
  if (done ? !tells_success(notices) : !tells_failure(notices)) return;
  Condition condition;
  condition.kind = done ? AlertKind::backfill_done : AlertKind::backfill_cancelled;
  condition.key = alert_key("backfill", fmt::format("{} ended", backfill.id));
  condition.facts.job = backfill.order.job;
  condition.facts.zone = backfill.zone;
  condition.facts.count = static_cast<std::uint64_t>(backfill.id);
  condition.channels = channels;
  condition.event = true;
  observed.conditions.push_back(std::move(condition));
  // That it had failed before is told of by this.
  observed.unwatched.insert(backfill_key(backfill.id));
}

void observe_retention(const JobWatch& watch, const std::optional<RetentionLeft>& left,
                       Observation& observed) {
  if (!watch.rules.retention || !left) return;
  const Duration limit = *watch.rules.retention > Duration(0) ? *watch.rules.retention : left->warn_below;
  if (left->left >= limit) return;
  Condition condition;
  condition.kind = AlertKind::retention;
  condition.key = alert_key("retention", watch.job->name);
  condition.facts.job = watch.job->name;
  condition.facts.zone = watch.job->schedule.zone;
  condition.facts.length = std::max(left->left, Duration(0));
  condition.channels = watch.channels;
  observed.conditions.push_back(std::move(condition));
}

void observe_cycle(const Instance& open, const JobWatch& watch, Observation& observed) {
  Condition condition;
  condition.kind = AlertKind::unfinished_cycle;
  condition.key = alert_key("unfinished", fmt::format("{} cycle {}", watch.job->name, open.cycle));
  condition.facts = facts_of(open);
  condition.facts.count = static_cast<std::uint64_t>(open.cycle);
  condition.channels = watch.channels;
  observed.conditions.push_back(std::move(condition));
}

}  // namespace sluice::scheduler
