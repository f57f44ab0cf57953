#include "daemon/app/coverage_watch.hpp"

#include "daemon/api/api_json.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::daemon {

namespace json = boost::json;

void CoverageWatch::instance_changed(const scheduler::Instance& instance) {
  if (instance.id.group == 0 && scheduler::is_done(instance.state)) changed_.insert(instance.id.job);
}

awaitable<void> CoverageWatch::run() {
  for (;;) {
    const std::uint64_t seen = parts_.feed.ring().last();
    try {
      co_await look();
    } catch (const ErrorException& failure) {
      spdlog::debug("look at the coverage: {}", failure.error().message());
    }
    co_await parts_.clock.sleep_for(kLookPause);
    co_await parts_.feed.wait(seen, kLookEvery - kLookPause);
  }
}

awaitable<void> CoverageWatch::look() {
  const auto late = co_await late_instances(parts_.store, parts_.jobs(), parts_.clock.now());
  const std::string doubt = parts_.clock_in_doubt();
  const std::string failure = parts_.store_failure();
  Ready ready;
  ready.clock_in_doubt = !doubt.empty();
  ready.store_failure = !failure.empty();
  for (const scheduler::Instance& instance : late) ready.late.push_back(instance.id.job);
  std::sort(ready.late.begin(), ready.late.end());
  if (ready_ != ready) {
    json::object data{{"ready", ready.late.empty() && doubt.empty() && failure.empty()},
                      {"late", json::array(ready.late.begin(), ready.late.end())},
                      {"clock_in_doubt", text_or_null(doubt)},
                      {"store_failure", text_or_null(failure)}};
    ready_ = std::move(ready);
    parts_.feed.tell("ready", "", std::move(data));
  }
  while (!changed_.empty()) {
    std::string job = *changed_.begin();
    co_await look_at_coverage(job);
  }
}

awaitable<void> CoverageWatch::look_at_coverage(std::string job) {
  changed_.erase(job);
  scheduler::Coverage coverage;
  try {
    coverage = co_await parts_.store.coverage(job);
  } catch (...) {
    changed_.insert(job);
    throw;
  }
  Covered now;
  now.from = coverage.from;
  now.until = coverage.until;
  now.gaps = coverage.gaps.size();
  if (covered_[job] == now) co_return;
  covered_[job] = now;
  json::object data{
      {"job", job}, {"from", time_or_null(now.from)}, {"until", time_or_null(now.until)}, {"gaps", now.gaps}};
  parts_.feed.tell("coverage", std::move(job), std::move(data));
}

}  // namespace sluice::daemon
