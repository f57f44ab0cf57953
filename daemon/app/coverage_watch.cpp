#include "daemon/app/coverage_watch.hpp"

#include "daemon/api/api_json.hpp"

#include <spdlog/spdlog.h>

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
  co_await look_at_readiness();
  while (!changed_.empty()) {
    std::string job = *changed_.begin();
    co_await look_at_coverage(job);
  }
}

awaitable<void> CoverageWatch::look_at_readiness() {
  const auto readiness = co_await parts_.readiness();
  const std::string& doubt = readiness.status.clock_in_doubt;
  const std::string& failure = readiness.status.store_failure;
  Told now;
  now.clock_in_doubt = !doubt.empty();
  now.store_failure = !failure.empty();
  for (const scheduler::Instance& instance : readiness.late) now.late.push_back(instance.id.job);
  if (told_ == now) co_return;
  json::object data{{"ready", readiness.is_ready()},
                    {"late", json::array(now.late.begin(), now.late.end())},
                    {"clock_in_doubt", text_or_null(doubt)},
                    {"store_failure", text_or_null(failure)}};
  told_ = std::move(now);
  parts_.feed.tell("ready", "", std::move(data));
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
