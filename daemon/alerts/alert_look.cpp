// One look of the alert service: from the store and the daemon to conditions, and what became of them to the
// store.
#include "daemon/alerts/alert_look.hpp"

#include "daemon/alerts/retention.hpp"
#include "scheduler/reason.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

using scheduler::AlertFacts;
using scheduler::AlertKind;
using scheduler::ChainFacts;
using scheduler::Incident;
using scheduler::JobWatch;

constexpr Duration kRetentionEvery = std::chrono::minutes(1);  // positions are long texts
constexpr const char* kRunning = "running";
constexpr std::string_view kFailure = "failure ";

std::uint64_t to_count(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The places of the changes that matter to a reader: an incident opened, is over, or became another kind.
std::vector<std::size_t> news_among(const std::vector<scheduler::AlertChange>& changes,
                                    const std::vector<Incident>& known) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < changes.size(); ++place) {
    const Incident& now = changes[place].incident;
    const auto before = std::find_if(known.begin(), known.end(),
                                     [&](const Incident& one) { return now.id != 0 && one.id == now.id; });
    const bool same = before != known.end() && before->kind == now.kind && before->recovered == now.recovered;
    if (!same) places.push_back(place);
  }
  return places;
}

}  // namespace

void AlertService::add(Look& look, AlertKind kind, std::string key, AlertFacts facts, bool event) {
  scheduler::Condition condition;
  condition.kind = kind;
  condition.key = std::move(key);
  condition.facts = std::move(facts);
  condition.channels = default_channels();
  condition.event = event;
  look.observed.conditions.push_back(std::move(condition));
}

awaitable<void> AlertService::look_at_store() {
  Look look;
  look.now = parts_.clock.now();
  look.known = co_await parts_.store.current_incidents(look.now - kKnownFor);
  look.known_marks = co_await parts_.store.marks();
  co_await observe_jobs(look);
  co_await observe_backfills(look);
  observe_restart(look);
  observe_definitions(look);
  observe_channels(look);
  co_await settle_known(look);
  auto changes = decide_alerts(look.observed, look.known, parts_.config.policy, look.now);
  bool notices = false;
  for (const scheduler::AlertChange& change : changes) notices = notices || change.notice;
  const std::vector<std::size_t> telling = news_among(changes, look.known);
  for (const scheduler::AlertChange& change : changes) {
    const auto same = std::find_if(look.known.begin(), look.known.end(),
                                   [&](const Incident& known) { return known.id == change.incident.id; });
    if (same != look.known.end()) {
      *same = change.incident;
    } else {
      look.known.push_back(change.incident);
    }
  }
  if (!changes.empty() || !look.marks.empty()) {
    std::vector<Incident> news;
    for (const std::size_t place : telling) news.push_back(changes[place].incident);
    const auto ids =
        co_await parts_.store.apply(std::move(changes), std::move(look.marks), look.now, forget());
    restart_told_ = true;
    for (std::size_t i = 0; i < news.size(); ++i) {
      news[i].id = ids.at(telling[i]);
      if (parts_.told) parts_.told(news[i]);
    }
  }
  if (notices) outbox_.wake();
  count_open(look.known);
}

awaitable<void> AlertService::observe_jobs(Look& look) {
  const JobList jobs = parts_.world.jobs();
  const std::set<std::string> paused = co_await paused_jobs();
  std::map<std::string, JobWatch> watches;
  for (const job::Job& job : jobs) {
    const auto rules = job::rules_of(job, parts_.config.rules);
    if (!rules) continue;
    JobWatch watch;
    watch.job = &job;
    watch.rules = *rules;
    watch.channels = channels_of(job);
    if (parts_.world.begins) watch.begins = parts_.world.begins(job.name);
    watch.paused = paused.contains(job.name);
    look.watched.insert(job.name);
    watches.emplace(job.name, std::move(watch));
  }
  std::vector<ChainFacts> chains = co_await parts_.store.chain_facts(look.now);
  co_await add_downstream(look, chains);
  for (const ChainFacts& facts : chains) {
    const auto watch = watches.find(facts.chain);  // rules are for recurring instances
    if (watch == watches.end()) continue;
    observe_chain(facts, watch->second, look.now, look.observed);
    observe_skips(look, facts, watch->second);
  }
  const bool ask = look.now - retention_at_ >= kRetentionEvery || look.now < retention_at_;
  if (ask) {
    retention_.clear();
    retention_at_ = look.now;
  }
  for (const auto& [name, watch] : watches) {
    co_await observe_retention(look, watch);
    co_await observe_cycles(look, watch);
  }
}

awaitable<std::set<std::string>> AlertService::paused_jobs() const {
  std::set<std::string> names;
  if (!parts_.world.pauses) co_return names;
  const auto pauses = co_await parts_.world.pauses();
  for (const scheduler::Pause& pause : pauses) names.insert(pause.job);
  co_return names;
}

// Which chains hold up those of other jobs, and which are held up by one whose trouble is told of: what waits
// for a job without alerts, or without a file, has to lag to be noticed.
awaitable<void> AlertService::add_downstream(const Look& look, std::vector<ChainFacts>& chains) const {
  if (!parts_.world.blocked) co_return;
  const auto blocked = co_await parts_.world.blocked();
  for (const scheduler::BlockedChain& one : blocked) {
    for (ChainFacts& facts : chains) {
      if (one.root && facts.head && facts.head->id == *one.root) facts.downstream = one.blocked_downstream;
      const auto& held = one.downstream_jobs;
      const bool told = look.watched.contains(one.job);
      if (told && std::find(held.begin(), held.end(), facts.chain) != held.end()) facts.held = true;
    }
  }
}

awaitable<void> AlertService::observe_retention(Look& look, const JobWatch& watch) {
  if (!watch.rules.retention) co_return;
  const auto cached = retention_.find(watch.job->name);
  std::optional<scheduler::RetentionLeft> left;
  if (cached != retention_.end()) {
    left = cached->second;
  } else {
    const auto state = co_await retention_of(parts_.states, *watch.job, look.now);
    if (state) {
      left.emplace();
      left->left = state->clock.left;
      left->warn_below = state->warn_below;
    }
    retention_[watch.job->name] = left;
  }
  scheduler::observe_retention(watch, left, look.observed);
}

awaitable<void> AlertService::observe_cycles(Look& look, const JobWatch& watch) {
  for (const auto& [cycle, clock] : watch.rules.unfinished_cycles) {
    const auto before = scheduler::unfinished_before(clock, watch.job->schedule.zone, look.now);
    if (!before) continue;
    const auto open = co_await parts_.store.first_open_of_cycle(watch.job->name, cycle, *before);
    if (open) scheduler::observe_cycle(*open, watch, look.observed);
  }
}

// Told of when their number stands still: one summary, however many transactions they were written in.
void AlertService::observe_skips(Look& look, const ChainFacts& facts, const JobWatch& watch) {
  const std::string mark = "skipped " + facts.chain;
  const auto known = look.known_marks.find(mark);
  const std::uint64_t told = known == look.known_marks.end() ? 0 : to_count(known->second);
  const auto before = skips_last_look_.find(facts.chain);
  const bool still = before != skips_last_look_.end() && before->second == facts.skipped;
  skips_last_look_[facts.chain] = facts.skipped;
  if (facts.skipped == told || !still) return;
  look.marks[mark] = std::to_string(facts.skipped);
  if (facts.skipped < told || !watch.rules.skipped || !facts.newest_skip) return;
  AlertFacts out = scheduler::facts_of(*facts.newest_skip);
  out.count = facts.skipped - told;
  add(look, AlertKind::skipped, scheduler::alert_key("skipped", facts.chain), std::move(out), true);
  look.observed.conditions.back().channels = watch.channels;
}

void AlertService::observe_restart(Look& look) {
  if (restart_told_) return;
  look.marks[kRunning] = std::to_string(look.now.time_since_epoch().count());
  const bool crashed = look.known_marks.contains(kRunning) || parts_.world.lost_attempts() > 0;
  if (!crashed || !parts_.config.restart) return;
  AlertFacts facts;
  facts.count = parts_.world.lost_attempts();
  add(look, AlertKind::restart, "restart", std::move(facts), true);
}

void AlertService::observe_definitions(Look& look) {
  if (!parts_.config.definitions || !parts_.world.definition_problems) return;
  AlertFacts facts;
  for (const job::Problem& problem : parts_.world.definition_problems()) {
    if (problem.severity != job::Severity::error) continue;
    if (facts.count++ == 0) facts.error = job::to_string(problem);
  }
  if (facts.count > 0) add(look, AlertKind::definitions, "definitions", std::move(facts), false);
}

void AlertService::observe_channels(Look& look) {
  if (!parts_.config.channel) return;
  for (const ChannelStatus& channel : outbox_.channels()) {
    const std::string key = scheduler::alert_key("channel", channel.name);
    if (!channel.failing_since) {
      // After a restart nothing is known of it before something is sent.
      if (channel.pending > 0) look.observed.unresolved.insert(key);
      continue;
    }
    if (look.now - *channel.failing_since < kChannelFailsFor) {
      look.observed.unresolved.insert(key);
      continue;
    }
    AlertFacts facts;
    facts.instance = channel.name;
    facts.error = channel.error;
    facts.count = channel.pending;
    facts.length = look.now - *channel.failing_since;
    add(look, AlertKind::channel, key, std::move(facts), false);
    std::erase(look.observed.conditions.back().channels, channel.name);
  }
}

// Which of the incidents that nothing was seen of are over, and which are not.
awaitable<void> AlertService::settle_known(Look& look) {
  std::set<std::string> seen;
  for (const scheduler::Condition& condition : look.observed.conditions) seen.insert(condition.key);
  for (const Incident& incident : look.known) {
    const bool failure = incident.key.starts_with(kFailure);
    // What waited behind it has to catch up first.
    const bool just_over =
        incident.recovered && look.now - *incident.recovered < parts_.config.policy.interval;
    if (failure && just_over) leave_to_failure(look, incident.key.substr(kFailure.size()));
    if (incident.recovered || seen.contains(incident.key)) continue;
    if (!incident.facts.job.empty() && !look.watched.contains(incident.facts.job)) {
      look.observed.unwatched.insert(incident.key);
      continue;
    }
    if (!failure && !look.unfinished.contains(incident.key)) continue;
    if (failure) leave_to_failure(look, incident.key.substr(kFailure.size()));
    const bool unresolved = co_await is_unresolved(incident);
    if (unresolved) look.observed.unresolved.insert(incident.key);
  }
}

// A failed instance that is being run again is over when it is done.
awaitable<bool> AlertService::is_unresolved(const Incident& incident) {
  const auto id = scheduler::parse_instance_id(incident.facts.instance);
  if (!id) co_return false;
  const auto instance = co_await parts_.states.instance(*id);
  if (!instance) co_return false;
  const bool killed = scheduler::reason_code(*instance) == scheduler::ReasonCode::killed;
  co_return !is_done(instance->state) && !killed;
}

// While it is, what follows from it is no trouble of its own.
void AlertService::leave_to_failure(Look& look, const std::string& chain) {
  for (const std::string_view cause : {"lag", "blocked"}) {
    const std::string key = scheduler::alert_key(cause, chain);
    const auto erased = std::erase_if(look.observed.conditions,
                                      [&](const scheduler::Condition& one) { return one.key == key; });
    if (erased > 0) look.observed.unresolved.insert(key);
  }
}

}  // namespace sluice::daemon
