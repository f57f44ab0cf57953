#include "scheduler/catch_up.hpp"

#include "scheduler/reason.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {
namespace {

// A look at the clock is due every 30 s; adjustments below this are what time servers do.
constexpr Duration kAwayLeast = std::chrono::minutes(1);

std::string age_text(Duration age) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  if (minutes % (24 * 60) == 0) return fmt::format("{} d", minutes / (24 * 60));
  if (minutes % 60 == 0) return fmt::format("{} h", minutes / 60);
  return fmt::format("{} min", minutes);
}

}  // namespace

CatchUpChoice choose_missed(const job::CatchUp& rule, std::span<const Instant> missed, Instant now,
                            bool chains) {
  using Policy = job::CatchUp::Policy;
  CatchUpChoice choice;
  std::string cause;
  const auto skip = [&](std::size_t count, std::string why) {
    if (count <= choice.skipped) return;
    choice.skipped = count;
    cause = std::move(why);
  };
  if (rule.policy == Policy::none) skip(missed.size(), "catchUp.policy is none");
  if (rule.policy == Policy::latest && missed.size() > 1) skip(missed.size() - 1, "catchUp.policy is latest");
  if (rule.policy == Policy::all && rule.max_age) {
    const auto young = std::ranges::lower_bound(missed, now - *rule.max_age);
    skip(static_cast<std::size_t>(young - missed.begin()),
         fmt::format("it is older than catchUp.maxAge, {}", age_text(*rule.max_age)));
  }
  if (rule.policy == Policy::all && rule.max_count && missed.size() > *rule.max_count) {
    skip(missed.size() - *rule.max_count,
         fmt::format("only the newest {} run, catchUp.maxCount", *rule.max_count));
  }
  if (choice.skipped == 0) return choice;
  choice.reason = fmt::format("{}: {}", kMissed, cause);
  if (chains) choice.reason += "; its records come with the next window that runs";
  return choice;
}

bool was_away(Duration wall, Duration monotonic) noexcept { return wall - monotonic >= kAwayLeast; }

}  // namespace sluice::scheduler
