#include "daemon/alerts/alert_service.hpp"

#include "core/base/within.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace sluice::daemon {
namespace {

using scheduler::AlertChange;
using scheduler::AlertKind;
using scheduler::Incident;

}  // namespace

AlertService::AlertService(Parts parts, std::vector<std::unique_ptr<Channel>> channels)
    : parts_(std::move(parts)),
      outbox_(AlertOutbox::Parts{parts_.executor, parts_.clock, parts_.random, parts_.store, parts_.config,
                                 parts_.metrics, [this] { wake(); }, parts_.world.clock_in_doubt},
              std::move(channels)),
      signal_(parts_.executor) {}

awaitable<void> AlertService::run() {
  outbox_.start();
  for (;;) {
    pending_ = false;
    co_await look();
    co_await parts_.clock.sleep_for(kLookPause);
    if (pending_) continue;
    const auto early = co_await within(parts_.clock, kLookEvery - kLookPause, "sleeping", woken());
    static_cast<void>(early);
  }
}

awaitable<Result<bool>> AlertService::woken() {
  while (!pending_) co_await signal_.wait();
  co_return true;
}

void AlertService::wake() {
  pending_ = true;
  signal_.notify_all();
}

void AlertService::instance_changed(const scheduler::Instance& instance) {
  using scheduler::State;
  constexpr std::array kTelling = {State::failure, State::lost, State::retry_wait, State::success,
                                   State::skipped};
  if (std::find(kTelling.begin(), kTelling.end(), instance.state) != kTelling.end()) wake();
}

awaitable<void> AlertService::stop(bool in_order) {
  co_await outbox_.stop();
  if (!in_order || !restart_told_) co_return;
  std::map<std::string, std::string> marks;
  marks["running"] = "";
  std::vector<AlertChange> none;
  try {
    co_await parts_.store.apply(std::move(none), std::move(marks), parts_.clock.now(),
                                scheduler::Forget::nothing);
  } catch (const ErrorException& failure) {
    spdlog::warn("note the ordered stop: {}", failure.what());
  }
}

awaitable<Result<std::int64_t>> AlertService::test(std::string channel) {
  if (!outbox_.has(channel)) {
    co_return Error(Errc::not_found, fmt::format("test channel {}: sluice.yaml has no such channel under "
                                                 "alerts.channels",
                                                 channel));
  }
  const std::int64_t id = co_await parts_.store.add_test(std::move(channel), parts_.clock.now());
  outbox_.wake();
  co_return id;
}

awaitable<void> AlertService::look() {
  look_at_failing_store();
  if (!parts_.world.ready()) co_return;
  try {
    co_await look_at_store();
    co_await keep_store_incidents();
    own_failure_since_.reset();
    healthy_ = true;
  } catch (const ErrorException& failure) {
    healthy_ = false;
    own_failure_ = failure.error().message();
    if (!own_failure_since_) {
      own_failure_since_ = parts_.clock.now();
      spdlog::error("look for what to tell: {}", own_failure_);
    }
  }
}

// The one trouble that cannot be written down: told of from memory.
void AlertService::look_at_failing_store() {
  const Instant now = parts_.clock.now();
  const auto failure = parts_.world.store_failure();
  std::optional<Instant> since = own_failure_since_;
  if (failure) since = since ? std::min(*since, failure->since) : failure->since;
  scheduler::Observation observed;
  if (parts_.config.store && since && now - *since >= kStoreFailsFor) {
    scheduler::Condition condition;
    condition.kind = AlertKind::store;
    condition.key = "store";
    condition.facts.error = failure ? failure->error.message() : own_failure_;
    condition.facts.length = now - *since;
    condition.channels = default_channels();
    observed.conditions.push_back(std::move(condition));
  }
  for (AlertChange& change : decide_alerts(observed, store_incidents_, parts_.config.policy, now)) {
    Incident& incident = change.incident;
    if (change.notice) {
      for (const std::string& channel : incident.channels) {
        scheduler::Delivery delivery;
        delivery.id = --unstored_;
        delivery.channel = channel;
        delivery.next = now;
        delivery.notice.event = *change.notice;
        delivery.notice.kind = incident.kind;
        delivery.notice.facts = incident.facts;
        delivery.notice.at = now;
        delivery.notice.opened = incident.opened;
        outbox_.send_unstored(std::move(delivery));
      }
    }
    unkept_.insert(incident.opened);
    const auto same = std::find_if(store_incidents_.begin(), store_incidents_.end(),
                                   [&](const Incident& known) { return known.opened == incident.opened; });
    if (same == store_incidents_.end()) {
      store_incidents_.push_back(std::move(incident));
    } else {
      *same = std::move(incident);
    }
  }
  std::erase_if(store_incidents_, [&](const Incident& one) {
    const bool old = one.closed && now - one.seen > kKnownFor;
    if (old) unkept_.erase(one.opened);
    return old;
  });
  count_unstored();
}

// Its history, once the store works again.
awaitable<void> AlertService::keep_store_incidents() {
  for (Incident& incident : store_incidents_) {
    if (!incident.closed || !unkept_.contains(incident.opened)) continue;
    AlertChange change;
    change.incident = incident;
    std::vector<AlertChange> changes;
    changes.push_back(std::move(change));
    std::map<std::string, std::string> marks;
    const auto ids =
        co_await parts_.store.apply(std::move(changes), std::move(marks), parts_.clock.now(), forget());
    incident.id = ids.at(0);
    unkept_.erase(incident.opened);
  }
}

scheduler::Forget AlertService::forget() const {
  const bool doubted = parts_.world.clock_in_doubt && parts_.world.clock_in_doubt();
  return doubted ? scheduler::Forget::nothing : scheduler::Forget::old;
}

std::vector<Incident> AlertService::unstored_incidents() const {
  std::vector<Incident> unstored;
  std::copy_if(store_incidents_.begin(), store_incidents_.end(), std::back_inserter(unstored),
               [&](const Incident& incident) { return unkept_.contains(incident.opened); });
  return unstored;
}

std::vector<std::string> AlertService::default_channels() const {
  if (!parts_.config.default_channels.empty()) return parts_.config.default_channels;
  std::vector<std::string> names;
  for (const ChannelConfig& channel : parts_.config.channels) names.push_back(channel.name);
  return names;
}

std::vector<std::string> AlertService::channels_of(const job::Job& job) const {
  if (job.alerts == nullptr || job.alerts->channels.empty()) return default_channels();
  std::vector<std::string> names;
  for (const std::string& name : job.alerts->channels) {
    const bool named = std::ranges::find(names, name) != names.end();
    if (outbox_.has(name) && !named) names.push_back(name);
  }
  return names.empty() ? default_channels() : names;
}

void AlertService::count_open(const std::vector<Incident>& incidents) {
  std::map<AlertKind, int> open;
  for (const Incident& incident : incidents) {
    if (!incident.recovered) ++open[incident.kind];
  }
  parts_.metrics.clear("sluice_incidents_open");
  for (const auto& [kind, count] : open)
    parts_.metrics.set("sluice_incidents_open", {{"rule", std::string(to_string(kind))}}, count);
  count_unstored();
}

void AlertService::count_unstored() {
  const auto unstored = unstored_incidents();
  const auto open = std::ranges::count_if(unstored, [](const Incident& one) { return !one.recovered; });
  if (open == 0) return;
  parts_.metrics.set("sluice_incidents_open", {{"rule", std::string(to_string(AlertKind::store))}},
                     static_cast<double>(open));
}

}  // namespace sluice::daemon
