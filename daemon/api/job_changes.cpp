#include "daemon/api/job_changes.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace sluice::daemon {
namespace {

// The rest is in the versions themselves.
constexpr std::size_t kKeysTold = 20;

bool same_node(const job::YamlNode& a, const job::YamlNode& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size()) return false;
  for (std::size_t at = 0; at < a.items.size(); ++at) {
    const job::YamlNode* other = &b.items[at];
    if (a.is_mapping()) other = b.find(a.keys[at].text);
    if (other == nullptr || !same_node(a.items[at], *other)) return false;
  }
  return true;
}

// A key without a value is as none: "access:" has no tokens below it.
bool is_empty(const job::YamlNode* node) {
  return node == nullptr || node->kind == job::YamlNode::Kind::null;
}

void compare_keys(const job::YamlNode* before, const job::YamlNode* after, const std::string& path,
                  std::vector<std::string>& changed) {
  if (is_empty(before) && is_empty(after)) return;
  const bool maps = path.find('.') == std::string::npos && (is_empty(before) || before->is_mapping()) &&
                    (is_empty(after) || after->is_mapping());
  if (!maps) {
    if (before == nullptr || after == nullptr || !same_node(*before, *after)) changed.push_back(path);
    return;
  }
  std::vector<std::string> names;
  for (const job::YamlNode* node : {before, after}) {
    if (node == nullptr) continue;
    for (const job::YamlNode& key : node->keys) {
      if (std::find(names.begin(), names.end(), key.text) == names.end()) names.push_back(key.text);
    }
  }
  for (const std::string& name : names) {
    compare_keys(before == nullptr ? nullptr : before->find(name),
                 after == nullptr ? nullptr : after->find(name),
                 path.empty() ? name : fmt::format("{}.{}", path, name), changed);
  }
}

std::string keys_text(const std::vector<job::KeyChange>& keys) {
  std::string text;
  for (std::size_t at = 0; at < std::min(keys.size(), kKeysTold); ++at) {
    const auto shown = [](const std::string& value) { return value.empty() ? std::string("(none)") : value; };
    text += fmt::format("{}{} {} -> {}", at == 0 ? "" : "; ", keys[at].key, shown(keys[at].before),
                        shown(keys[at].after));
  }
  if (keys.size() > kKeysTold) text += fmt::format("; and {} more keys", keys.size() - kKeysTold);
  return text;
}

}  // namespace

std::string_view to_string(JobChange::Kind kind) noexcept {
  switch (kind) {
    case JobChange::Kind::added:
      return "added";
    case JobChange::Kind::removed:
      return "removed";
    case JobChange::Kind::changed:
      break;
  }
  return "changed";
}

KnownJobs known_jobs(const JobSet::Entries& entries) {
  KnownJobs known;
  for (const auto& [name, entry] : entries) known.emplace(name, KnownJob{entry.job.version, entry.job});
  return known;
}

std::vector<JobChange> job_changes(const KnownJobs& before, const JobSet::Entries& after) {
  std::map<std::string, JobChange> changes;
  for (const auto& [name, entry] : after) {
    const auto known = before.find(name);
    if (known != before.end() && known->second.version == entry.job.version) continue;
    JobChange change;
    change.job = name;
    change.after = entry.job.version;
    change.kind = known == before.end() ? JobChange::Kind::added : JobChange::Kind::changed;
    if (known != before.end()) {
      change.before = known->second.version;
      if (known->second.job) change.keys = job::changed_keys(*known->second.job, entry.job);
    }
    changes.emplace(name, std::move(change));
  }
  for (const auto& [name, known] : before) {
    if (after.contains(name)) continue;
    JobChange change;
    change.kind = JobChange::Kind::removed;
    change.job = name;
    change.before = known.version;
    changes.emplace(name, std::move(change));
  }
  std::vector<JobChange> all;
  for (auto& [name, change] : changes) all.push_back(std::move(change));
  return all;
}

std::string describe(const JobChange& change, std::string_view zone) {
  std::string from;
  if (change.from) from = ", from slot " + job::format_local(*change.from, zone) + " on";
  switch (change.kind) {
    case JobChange::Kind::added:
      return fmt::format("added as {}{}", change.after, from);
    case JobChange::Kind::removed:
      return fmt::format("removed, was {}; its instances stay", change.before);
    case JobChange::Kind::changed:
      break;
  }
  const std::string keys = keys_text(change.keys);
  return fmt::format("changed from {} to {}{}{}{}", change.before, change.after, from,
                     keys.empty() ? "" : ": ", keys);
}

std::vector<std::string> changed_settings(const job::YamlNode& before, const job::YamlNode& after) {
  std::vector<std::string> changed;
  compare_keys(&before, &after, "", changed);
  return changed;
}

bool is_reloadable(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 8> kKeys{
      "maxConcurrent",      "drainLimit",         "logs.maxSize", "logs.totalSize",
      "logs.retentionDays", "logs.compressAfter", "logLevel",     "logFormat"};
  return key.starts_with("dataSources") || key.starts_with("access.") ||
         std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

}  // namespace sluice::daemon
