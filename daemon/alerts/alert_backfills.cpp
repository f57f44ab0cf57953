// What the alert service sees of backfills: which of them fail, and which have ended since the last look.
#include "daemon/alerts/alert_look.hpp"
#include "scheduler/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

using scheduler::Backfill;
using scheduler::EndNotices;
using scheduler::Instance;
using scheduler::State;

// Ids up to this one were seen; of those whose end is still to be told of there is a mark each.
constexpr const char* kSeenBackfills = "backfills";
constexpr std::string_view kMarkPrefix = "backfill ";
constexpr std::size_t kBegunAtOnce = 1000;
constexpr std::size_t kFrontMax = 64;  // a group goes no further behind one that failed

std::int64_t id_from(std::string_view text) {
  std::int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

}  // namespace

awaitable<void> AlertService::observe_backfills(Look& look) {
  const std::vector<Backfill> unfinished = co_await parts_.backfills.unfinished_backfills();
  for (const Backfill& backfill : unfinished) {
    const std::string key = scheduler::backfill_key(backfill.id);
    if (backfill.order.alerts != EndNotices::none && !look.known_marks.contains(key))
      look.marks[key] = "open";
    if (!tells_failures_of(backfill)) continue;
    look.unfinished.insert(key);
    const std::optional<Instance> failure = co_await failure_of(backfill);
    const std::vector<std::string> channels = channels_of(look, backfill.order.job);
    scheduler::observe_backfill(backfill, failure, channels, look.observed);
  }
  const std::vector<Backfill> ended = co_await ended_backfills(look, unfinished);
  for (const Backfill& backfill : ended) {
    const std::vector<std::string> channels = channels_of(look, backfill.order.job);
    scheduler::observe_backfill_end(backfill, channels, look.observed);
  }
}

// Those with a mark that are not among the unfinished, and those that began and ended since the last look. A
// first look tells of none that ended before it.
awaitable<std::vector<Backfill>> AlertService::ended_backfills(Look& look,
                                                               const std::vector<Backfill>& unfinished) {
  const auto open = [&](std::int64_t id) {
    return std::ranges::any_of(unfinished, [id](const Backfill& one) { return one.id == id; });
  };
  const auto seen = look.known_marks.find(kSeenBackfills);
  scheduler::BackfillQuery query;
  query.limit = seen == look.known_marks.end() ? 1 : kBegunAtOnce;
  query.after = seen == look.known_marks.end() ? 0 : id_from(seen->second);
  const std::vector<Backfill> begun = co_await parts_.backfills.backfills(query);
  if (!begun.empty()) look.marks[kSeenBackfills] = std::to_string(begun.front().id);
  if (seen == look.known_marks.end() && begun.empty()) look.marks[kSeenBackfills] = "0";
  std::vector<Backfill> ended;
  if (seen != look.known_marks.end()) {
    std::ranges::copy_if(begun, std::back_inserter(ended), [&](const Backfill& one) {
      return !open(one.id) && one.order.alerts != EndNotices::none;
    });
  }
  for (const auto& [mark, value] : look.known_marks) {
    if (!mark.starts_with(kMarkPrefix)) continue;
    const std::int64_t id = id_from(std::string_view(mark).substr(kMarkPrefix.size()));
    if (open(id)) continue;
    std::optional<Backfill> found = co_await parts_.backfills.backfill(id);
    look.marks[mark] = "";
    if (found) ended.push_back(std::move(*found));
  }
  // One that an operator's rerun took up again meanwhile has not ended; the next look marks it.
  std::erase_if(ended, [](const Backfill& one) {
    return one.state != scheduler::BackfillState::done && one.state != scheduler::BackfillState::cancelled;
  });
  co_return ended;
}

// The first in order of groups. What an operator killed, he knows of.
awaitable<std::optional<Instance>> AlertService::failure_of(Backfill backfill) {
  for (const scheduler::BackfillGroup& group : backfill.groups) {
    std::string chain = scheduler::chain_of(backfill.order.job, group.id);
    const std::vector<Instance> open =
        co_await parts_.backfills.open_instances(std::move(chain), backfill.order.descending, kFrontMax);
    for (const Instance& instance : open) {
      const bool failed = instance.state == State::failure || instance.state == State::lost;
      if (failed && scheduler::reason_code(instance) != scheduler::ReasonCode::killed) co_return instance;
    }
  }
  co_return std::nullopt;
}

// The setting of the backfill counts, whatever the rules of its job.
std::vector<std::string> AlertService::channels_of(Look& look, const std::string& job) const {
  look.watched.insert(job);
  const JobList jobs = parts_.world.jobs();
  const job::Job* const known = jobs.find(job);
  return known ? channels_of(*known) : default_channels();
}

bool AlertService::tells_failures_of(const Backfill& backfill) const {
  if (tells_failure(backfill.order.alerts)) return true;
  const JobList jobs = parts_.world.jobs();
  const job::Job* const job = jobs.find(backfill.order.job);
  if (!job) return false;
  const auto rules = job::rules_of(*job, parts_.config.rules);
  return rules && rules->backfill;
}

}  // namespace sluice::daemon
