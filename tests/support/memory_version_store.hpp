#pragma once
// The kept versions in memory: what the port means. Passes version_store_conformance.hpp.

#include "scheduler/version_store.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class MemoryVersionStore final : public scheduler::VersionStore {
 public:
  using JobVersion = scheduler::JobVersion;

  // Whether an instance that is not done names the version.
  std::function<bool(const std::string& job, const std::string& version)> named;
  std::vector<scheduler::AuditEntry> audit;  // oldest first

  awaitable<void> put_in_force(std::vector<JobVersion> versions, std::vector<std::string> removed,
                               std::vector<scheduler::AuditEntry> entries) override {
    for (const std::string& job : removed) retire(job);
    for (JobVersion& added : versions) {
      retire(added.job);
      added.present = true;
      std::erase_if(kept_, [&](const JobVersion& old) {
        const bool same = old.job == added.job && old.version == added.version;
        if (same) added.first_seen = old.first_seen;
        return same;
      });
      kept_.push_back(std::move(added));
    }
    audit.insert(audit.end(), entries.begin(), entries.end());
    co_return;
  }

  awaitable<std::vector<JobVersion>> versions(std::string job) override {
    std::vector<JobVersion> found;
    for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) {
      if (job.empty() ? !kept->present : kept->job != job) continue;
      found.push_back(*kept);
      found.back().text = job::DefinitionText();
    }
    co_return found;
  }

  awaitable<std::optional<JobVersion>> version(std::string job, std::string version) override {
    for (const JobVersion& kept : kept_) {
      if (kept.job == job && kept.version == version) co_return kept;
    }
    co_return std::nullopt;
  }

  awaitable<std::size_t> remove_versions(Instant before) override {
    co_return std::erase_if(kept_, [&](const JobVersion& kept) {
      return !kept.present && kept.since < before && !(named && named(kept.job, kept.version));
    });
  }

 private:
  void retire(const std::string& job) {
    for (JobVersion& kept : kept_) kept.present = kept.present && kept.job != job;
  }

  std::vector<JobVersion> kept_;  // by `since`
};

}  // namespace sluice::test
