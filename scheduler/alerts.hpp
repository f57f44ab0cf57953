#pragma once
// What somebody has to be told of, as pure functions: conditions seen now and incidents stored before lead to
// changed incidents and notices. No clock, no store, no channel. docs/alerts.md has the rules.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scheduler {

// In order of how grave they are among those that share a cause.
enum class AlertKind : std::uint8_t {
  failed,     // an attempt failed, a rerun follows
  exhausted,  // failed, no rerun left
  timeout,    // failed because it took too long
  lost,       // its attempt was lost and must not be repeated
  unfinished,
  unfinished_cycle,
  running,
  lag,
  retention,
  blocked,
  missing,
  skipped,
  restart,
  store,
  definitions,
  channel,
  backfill_failed,  // an instance of it waits for a person
  backfill_done,
  backfill_cancelled,
};
std::string_view to_string(AlertKind kind) noexcept;
std::optional<AlertKind> alert_kind_from_string(std::string_view text) noexcept;

// What the texts of a notice are made of; frozen with each notice. Empty where it does not apply.
struct AlertFacts {
  std::string job;
  std::string instance;  // the root of the trouble
  std::string business_date;
  std::string zone;
  std::optional<Instant> window_start;
  std::optional<Instant> window_end;
  std::optional<Instant> until;  // durable up to
  std::string error;             // one line, without secrets
  std::uint64_t count = 0;       // instances, slots or files concerned; the number of a cycle or backfill
  Duration length{0};            // how long, how late, how much is left
  friend bool operator==(const AlertFacts&, const AlertFacts&) = default;
};

// Something that is so now. Conditions with the same key have the same cause.
struct Condition {
  AlertKind kind = AlertKind::failed;
  std::string key;  // "failure orders"
  AlertFacts facts;
  std::vector<std::string> channels;
  bool event = false;  // it happened; there is nothing to recover from
};

// Conditions, and what is known of those that are not among them.
struct Observation {
  std::vector<Condition> conditions;
  std::set<std::string>
      unresolved;  // keys: being worked on, or part of another trouble; neither seen nor over
  std::set<std::string> unwatched;  // keys: nobody asks any more; they end without a word
};

struct Incident {
  std::int64_t id = 0;  // 0: not stored yet
  std::string key;
  AlertKind kind = AlertKind::failed;
  AlertFacts facts;
  std::vector<std::string> channels;
  Instant opened{};
  Instant seen{};                       // last time the condition was true
  std::optional<Instant> recovered;     // when it was seen to be over
  std::optional<Instant> acknowledged;  // no further notices from then on
  std::string acknowledged_by;
  std::vector<Instant> notified;  // opening and repeated notices, the newest kNotifiedKept
  bool told = false;              // receivers know of it, and not of its end
  bool worse = false;             // its kind became graver since the last notice
  bool event = false;
  bool closed = false;  // over, and nothing more will be sent
};
inline constexpr std::size_t kNotifiedKept = 100;

// Local hours in which nothing is sent; begin > end passes midnight, begin == end is never.
struct Silence {
  std::chrono::minutes begin{0};
  std::chrono::minutes end{0};
  std::string zone = "Asia/Shanghai";
  bool covers(Instant now) const;
};

struct AlertPolicy {
  Duration interval = std::chrono::minutes(30);  // between two notices of one cause
  std::size_t per_day = 3;  // notices of one cause in 24 hours, and of one incident at all
  Silence silence;
  bool recovery = true;  // tell of the end
};

enum class NoticeEvent : std::uint8_t { opened, again, worse, recovered, test };
std::string_view to_string(NoticeEvent event) noexcept;
std::optional<NoticeEvent> notice_event_from_string(std::string_view text) noexcept;

// Incidents to store, each with the notice that goes out with it.
struct AlertChange {
  Incident incident;
  std::optional<NoticeEvent> notice;
};

// `known`: all incidents that are not closed, and those seen within the last day: they count against per_day,
// and one that ended less than an interval ago is opened again instead of a new one. In order of the
// conditions, then of `known`; only what changed.
std::vector<AlertChange> decide_alerts(const Observation& observed, const std::vector<Incident>& known,
                                       const AlertPolicy& policy, Instant now);

}  // namespace sluice::scheduler
