#pragma once
// The jobs in force at one moment.

#include "core/job/job.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::daemon {

// Never changes, whatever is loaded later, and copies share the jobs: whoever waits between two of them keeps
// one. `for (const job::Job& job : service.jobs())` is safe.
class JobList {
 public:
  JobList() : JobList(std::vector<job::Job>()) {}
  explicit JobList(std::vector<job::Job> jobs) {
    std::ranges::sort(jobs, {}, &job::Job::name);
    jobs_ = std::make_shared<const std::vector<job::Job>>(std::move(jobs));
  }

  // By name.
  auto begin() const noexcept { return jobs_->begin(); }
  auto end() const noexcept { return jobs_->end(); }
  std::size_t size() const noexcept { return jobs_->size(); }
  bool empty() const noexcept { return jobs_->empty(); }

  // Null if there is none; lives as long as a copy of this list.
  const job::Job* find(std::string_view name) const noexcept {
    const auto found = std::ranges::lower_bound(*jobs_, name, {}, &job::Job::name);
    return found != jobs_->end() && found->name == name ? &*found : nullptr;
  }

  // For whoever changes them.
  std::vector<job::Job> copy() const { return *jobs_; }

 private:
  std::shared_ptr<const std::vector<job::Job>> jobs_;
};

}  // namespace sluice::daemon
