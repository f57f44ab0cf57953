#pragma once
// The port to what alerts keep: how chains stand, incidents, notices, and the deliveries that are still owed.
// Implemented by storage/ on the same file as the state store.

#include "core/base/clock.hpp"
#include "scheduler/alerts.hpp"
#include "scheduler/instance.hpp"
#include "scheduler/state_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::scheduler {

// How one chain stands, as far as alerts look at it. "Open": due by now and not done.
struct ChainFacts {
  std::string chain;
  std::uint64_t open = 0;
  std::uint64_t failed = 0;            // open ones in FAILURE or LOST, but for those an operator killed
  std::optional<Instance> head;        // the first open one
  std::optional<Instant> second_slot;  // of the one behind the head
  std::optional<Instance> first_able;  // the first open one that waits for no person
  std::optional<Instance> failure;     // the first that `failed` counts
  AttemptResult failure_result = AttemptResult::failed;  // of its latest attempt
  std::optional<Instance> retry;    // the first open one with a failed attempt and reruns left
  std::optional<Instance> running;  // the one that has been running for longest
  std::optional<Instant> last_planned;
  std::optional<Instant> covered_until;
  std::uint64_t skipped = 0;            // by catch-up, in all
  std::optional<Instance> newest_skip;  // only when there are any
  // Not from the store: what the scheduler knows of jobs that wait for each other.
  std::uint64_t downstream = 0;  // due instances of other jobs that wait for the chain's head
  bool held = false;             // the chain waits for another job, whose trouble it is, and is told of
};

// Something that goes out to channels. Texts are made when it is sent; `facts` are what was known then.
struct Notice {
  std::int64_t id = 0;
  std::int64_t incident = 0;  // 0: a test
  NoticeEvent event = NoticeEvent::opened;
  AlertKind kind = AlertKind::failed;
  AlertFacts facts;
  Instant at{};
  Instant opened{};  // the incident
};

enum class DeliveryState : std::uint8_t { pending, sent, failed };
std::string_view to_string(DeliveryState state) noexcept;

// A notice for one channel. Receivers may get it twice, with the same id and the same `notice.at`.
struct Delivery {
  std::int64_t id = 0;
  Notice notice;
  std::string channel;
  DeliveryState state = DeliveryState::pending;
  int tries = 0;
  Instant next{};                // pending: not before
  std::optional<Instant> ended;  // sent or failed
  std::string error;             // of the latest try
};

// Which incidents a listing wants; newest first.
struct IncidentQuery {
  bool all = false;                 // also those that are over
  std::string job{};                // empty: any
  std::optional<AlertKind> kind{};  // nothing: any
  std::int64_t before = 0;          // ids below it, for paging; 0: from the newest
  std::size_t limit = 100;
};

// Whether a change also removes incidents that were over long before `now`, with all that hangs on them. Ages
// are counted by the wall clock: while that is in doubt nothing is removed.
enum class Forget : std::uint8_t { nothing, old };

// Failures of the store are exceptions, as in StateStore; each method is one durable transaction.
class AlertStore {
 public:
  virtual ~AlertStore() = default;

  // Every recurring chain that was ever planned.
  virtual awaitable<std::vector<ChainFacts>> chain_facts(Instant now) = 0;
  // The first instance of the chain with this number within its day and slot < before that is not done.
  virtual awaitable<std::optional<Instance>> first_open_of_cycle(std::string chain, int cycle,
                                                                 Instant before) = 0;

  // What decide_alerts() asks for: not closed, or seen after `since`.
  virtual awaitable<std::vector<Incident>> current_incidents(Instant since) = 0;
  // Stores incidents; of each notice one delivery for every channel of the incident, due at once. Sets marks
  // (an empty value removes one). Returns the incidents' ids, in order.
  virtual awaitable<std::vector<std::int64_t>> apply(std::vector<AlertChange> changes,
                                                     std::map<std::string, std::string> marks, Instant now,
                                                     Forget forget) = 0;
  // Small things to remember across restarts: what was seen already, that the daemon runs.
  virtual awaitable<std::map<std::string, std::string>> marks() = 0;

  // not_found. refused_by_state: it is over. Repeated: the first one stays.
  virtual awaitable<Result<void>> acknowledge(std::int64_t incident, AuditEntry entry) = 0;

  // A test notice for one channel; its delivery's id.
  virtual awaitable<std::int64_t> add_test(std::string channel, Instant now) = 0;
  // All pending deliveries, in order of id.
  virtual awaitable<std::vector<Delivery>> pending() = 0;
  // State, tries, next, ended and error of a delivery. Nothing happens to one that is not pending any more.
  virtual awaitable<void> record(Delivery delivery) = 0;

  virtual awaitable<std::vector<Incident>> incidents(IncidentQuery query) = 0;
  virtual awaitable<std::optional<Incident>> incident(std::int64_t id) = 0;
  // Of one incident, in order; of id 0: the newest 100 deliveries that failed.
  virtual awaitable<std::vector<Delivery>> deliveries(std::int64_t incident) = 0;
  virtual awaitable<std::optional<Delivery>> delivery(std::int64_t id) = 0;
};

}  // namespace sluice::scheduler
