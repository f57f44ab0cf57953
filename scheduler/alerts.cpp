#include "scheduler/alerts.hpp"

#include "core/job/civil_time.hpp"
#include "scheduler/alert_store.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace sluice::scheduler {
namespace {

constexpr std::chrono::hours kDay{24};
// A condition that lasts is not written down at every look.
constexpr std::chrono::minutes kSeenEvery{10};

constexpr std::array<std::string_view, 19> kKindNames = {"failed",
                                                         "exhausted",
                                                         "timeout",
                                                         "lost",
                                                         "unfinished",
                                                         "unfinished_cycle",
                                                         "running",
                                                         "lag",
                                                         "retention",
                                                         "blocked",
                                                         "missing",
                                                         "skipped",
                                                         "restart",
                                                         "store",
                                                         "definitions",
                                                         "channel",
                                                         "backfill_failed",
                                                         "backfill_done",
                                                         "backfill_cancelled"};
constexpr std::array<std::string_view, 3> kDeliveryNames = {"pending", "sent", "failed"};
constexpr std::array<std::string_view, 5> kEventNames = {"opened", "again", "worse", "recovered", "test"};

template <class Enum, std::size_t count>
std::optional<Enum> named(const std::array<std::string_view, count>& names, std::string_view text) noexcept {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

struct Draft {
  Incident incident;
  bool changed = false;
  bool seen_now = false;
};

class Decision {
 public:
  Decision(const std::vector<Incident>& known, const AlertPolicy& policy, Instant now)
      : policy_(policy), now_(now), silent_(policy.silence.covers(now)) {
    for (const Incident& incident : known) drafts_.push_back(Draft{incident});
  }

  void see(const Condition& condition) {
    Draft& draft = draft_of(condition);
    Incident& incident = draft.incident;
    draft.seen_now = true;
    if (condition.kind > incident.kind && incident.told) incident.worse = true;
    const bool other = incident.kind != condition.kind ||
                       incident.facts.instance != condition.facts.instance ||
                       incident.facts.error != condition.facts.error;
    if (other || condition.event || now_ - incident.seen >= kSeenEvery) draft.changed = true;
    incident.kind = condition.kind;
    incident.channels = condition.channels;
    incident.facts = condition.facts;
    if (condition.event) incident.facts.count = std::max<std::uint64_t>(condition.facts.count, 1);
    incident.seen = now_;
    if (condition.event) incident.recovered = now_;
  }

  void end_unseen(const Observation& observed) {
    for (Draft& draft : drafts_) {
      Incident& incident = draft.incident;
      if (draft.seen_now || incident.closed || incident.recovered) continue;
      if (observed.unwatched.contains(incident.key)) {
        incident.told = false;
      } else if (observed.unresolved.contains(incident.key)) {
        continue;
      }
      incident.recovered = now_;
      draft.changed = true;
    }
  }

  std::vector<AlertChange> changes() {
    std::vector<AlertChange> changes;
    for (Draft& draft : drafts_) {
      const auto notice = draft.incident.closed ? std::nullopt : notice_for(draft);
      if (notice) record(draft.incident, *notice);
      if (!draft.incident.closed && is_over(draft.incident)) {
        draft.incident.closed = true;
        draft.changed = true;
      }
      if (notice || draft.changed) changes.push_back(AlertChange{std::move(draft.incident), notice});
    }
    return changes;
  }

 private:
  Draft& draft_of(const Condition& condition) {
    Draft* last = nullptr;
    for (Draft& draft : drafts_) {
      if (draft.incident.key != condition.key) continue;
      const auto& over = draft.incident.recovered;
      const bool goes_on = !over || (now_ - *over < policy_.interval && !is_to_come(*over));
      if (goes_on && (last == nullptr || draft.incident.opened >= last->incident.opened)) last = &draft;
    }
    if (last != nullptr) {
      if (last->incident.recovered) {
        last->incident.recovered.reset();
        last->incident.closed = false;
        // Who had it saw its end; nobody has what came back.
        last->incident.acknowledged.reset();
        last->incident.acknowledged_by.clear();
        last->changed = true;
      }
      return *last;
    }
    Draft fresh;
    fresh.incident.key = condition.key;
    fresh.incident.kind = condition.kind;
    fresh.incident.opened = now_;
    fresh.incident.seen = now_;
    fresh.incident.event = condition.event;
    fresh.changed = true;
    drafts_.push_back(std::move(fresh));
    return drafts_.back();
  }

  // Noted before the clock was set back, so it says nothing about now. Little steps do not count.
  bool is_to_come(Instant at) const { return at > now_ + policy_.interval; }

  // Notices of one cause within the last day, whatever incidents they belong to.
  std::size_t sent_today(const std::string& key) const {
    std::size_t sent = 0;
    for (const Draft& draft : drafts_) {
      if (draft.incident.key != key) continue;
      sent += static_cast<std::size_t>(
          std::count_if(draft.incident.notified.begin(), draft.incident.notified.end(),
                        [&](Instant at) { return at > now_ - kDay && !is_to_come(at); }));
    }
    return sent;
  }

  std::optional<Instant> last_sent(const std::string& key) const {
    std::optional<Instant> last;
    for (const Draft& draft : drafts_) {
      if (draft.incident.key != key) continue;
      for (const Instant at : draft.incident.notified) {
        if (!is_to_come(at)) last = std::max(last, std::optional(at));
      }
    }
    return last;
  }

  bool may_send(const Incident& incident) const {
    if (incident.acknowledged) return false;
    if (incident.worse) return true;
    const auto last = last_sent(incident.key);
    const bool soon = last && now_ - *last < policy_.interval;
    return !soon && incident.notified.size() < policy_.per_day && sent_today(incident.key) < policy_.per_day;
  }

  static bool is_news(const Incident& incident) {
    return incident.notified.empty() || incident.notified.back() < incident.seen;
  }

  std::optional<NoticeEvent> notice_for(const Draft& draft) const {
    const Incident& incident = draft.incident;
    if (silent_) return std::nullopt;
    if (incident.event) {
      if (is_news(incident) && may_send(incident)) return NoticeEvent::opened;
      return std::nullopt;
    }
    if (incident.recovered) {
      if (incident.told && policy_.recovery) return NoticeEvent::recovered;
      return std::nullopt;
    }
    if (!draft.seen_now || !may_send(incident)) return std::nullopt;
    if (incident.worse) return NoticeEvent::worse;
    return incident.notified.empty() ? NoticeEvent::opened : NoticeEvent::again;
  }

  void record(Incident& incident, NoticeEvent notice) const {
    incident.worse = false;
    incident.told = notice != NoticeEvent::recovered && !incident.event;
    if (notice == NoticeEvent::recovered) return;
    incident.notified.push_back(now_);
    if (incident.notified.size() > kNotifiedKept) incident.notified.erase(incident.notified.begin());
  }

  // Nothing more will be said about it. An event that is still to be told of waits for the end of the silence
  // or of the interval, but not beyond the limit of the day.
  bool is_over(const Incident& incident) const {
    if (!incident.recovered) return false;
    if (!incident.event) return !(incident.told && policy_.recovery);
    if (!is_news(incident) || incident.acknowledged) return true;
    return incident.notified.size() >= policy_.per_day || sent_today(incident.key) >= policy_.per_day;
  }

  const AlertPolicy& policy_;
  Instant now_;
  bool silent_;
  std::vector<Draft> drafts_;
};

}  // namespace

std::string_view to_string(AlertKind kind) noexcept { return kKindNames.at(static_cast<std::size_t>(kind)); }
std::optional<AlertKind> alert_kind_from_string(std::string_view text) noexcept {
  return named<AlertKind>(kKindNames, text);
}
std::string_view to_string(NoticeEvent event) noexcept {
  return kEventNames.at(static_cast<std::size_t>(event));
}
std::optional<NoticeEvent> notice_event_from_string(std::string_view text) noexcept {
  return named<NoticeEvent>(kEventNames, text);
}

std::string_view to_string(DeliveryState state) noexcept {
  return kDeliveryNames.at(static_cast<std::size_t>(state));
}

bool Silence::covers(Instant now) const {
  if (begin == end) return false;
  const auto local = job::to_civil(now, zone);
  if (!local) return false;
  const auto of_day = *local - std::chrono::floor<std::chrono::days>(*local);
  if (begin < end) return of_day >= begin && of_day < end;
  return of_day >= begin || of_day < end;
}

std::vector<AlertChange> decide_alerts(const Observation& observed, const std::vector<Incident>& known,
                                       const AlertPolicy& policy, Instant now) {
  Decision decision(known, policy, now);
  for (const Condition& condition : observed.conditions) decision.see(condition);
  decision.end_unseen(observed);
  return decision.changes();
}

}  // namespace sluice::scheduler
