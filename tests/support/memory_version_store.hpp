#pragma once
// The kept versions and the audit log in memory: what the ports mean. Passes version_store_conformance.hpp.
// It knows no backfills: what was done to them it finds for no job.

#include "scheduler/audit_log.hpp"
#include "scheduler/version_store.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class MemoryVersionStore : public scheduler::VersionStore, public scheduler::AuditLog {
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

  awaitable<void> add_audit(std::vector<scheduler::AuditEntry> entries) override {
    audit.insert(audit.end(), entries.begin(), entries.end());
    co_return;
  }

  awaitable<std::vector<scheduler::AuditRecord>> find_audit(scheduler::AuditQuery query) override {
    std::vector<scheduler::AuditRecord> found;
    for (std::size_t n = audit.size(); n-- > 0 && found.size() < query.limit;) {
      const auto number = static_cast<std::int64_t>(n) + 1;
      if (matches(audit[n], number, query)) found.push_back(scheduler::AuditRecord{number, audit[n]});
    }
    co_return found;
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

  awaitable<std::size_t> remove_versions(Instant before, std::size_t most) override {
    std::map<std::string, std::size_t> later;
    std::size_t removed = 0;
    for (std::size_t n = kept_.size(); n-- > 0;) {
      const JobVersion& kept = kept_[n];
      const bool old = later[kept.job]++ >= most || kept.since < before;
      if (!old || kept.present || (named && named(kept.job, kept.version))) continue;
      kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(n));
      ++removed;
    }
    co_return removed;
  }

 private:
  static bool matches(const scheduler::AuditEntry& entry, std::int64_t number,
                      const scheduler::AuditQuery& query) {
    const auto is = [](const std::string& wanted, const std::string& found) {
      return wanted.empty() || wanted == found;
    };
    const bool about = is(query.job, entry.target) || entry.target.starts_with(query.job + "@") ||
                       entry.target.starts_with(query.job + "#");
    return about && is(query.target, entry.target) && is(query.actor, entry.actor) &&
           is(query.action, entry.action) && (!query.from || entry.at >= *query.from) &&
           (!query.to || entry.at < *query.to) && (!query.before || number < *query.before);
  }
  void retire(const std::string& job) {
    for (JobVersion& kept : kept_) kept.present = kept.present && kept.job != job;
  }

  std::vector<JobVersion> kept_;  // by `since`
};

}  // namespace sluice::test
