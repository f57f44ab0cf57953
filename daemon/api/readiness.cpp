#include "daemon/api/readiness.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

std::string_view job_of(const scheduler::Instance& instance) { return instance.id.job; }

}  // namespace

awaitable<std::vector<scheduler::Instance>> late_instances(scheduler::StateStore& store, JobList jobs,
                                                           Instant now) {
  std::vector<scheduler::Instance> heads = co_await store.heads(now - kLateAfter);
  // A backfill is never late: what it is about is past. What a job without a file left behind waits for a
  // person, who is told of it as blocked; late for good, it would hide what becomes late of the others.
  std::erase_if(heads, [&](const scheduler::Instance& head) {
    return head.id.group != 0 || jobs.find(head.id.job) == nullptr;
  });
  std::ranges::sort(heads, {}, job_of);
  co_return heads;
}

bool Readiness::is_late(std::string_view job) const {
  return std::ranges::binary_search(late, job, {}, job_of);
}

bool Readiness::is_ready() const {
  return late.empty() && !status.draining && status.clock_in_doubt.empty() && status.store_failure.empty();
}

awaitable<Readiness> readiness_of(Service& service) {
  Readiness readiness;
  readiness.late = co_await late_instances(service.store(), service.jobs(), service.now());
  readiness.status = service.status();
  co_return readiness;
}

}  // namespace sluice::daemon
