#include "core/job/job_keys.hpp"

#include "core/job/job_key_tables.hpp"

#include <array>

namespace sluice::job {
namespace {

const std::vector<KeySection>& all_sections() {
  static const std::vector<KeySection> kAll = [] {
    std::vector<KeySection> all;
    for (const auto part : {job_file_key_sections(), reader_key_sections(), writer_key_sections()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return kAll;
}

}  // namespace

bool JobKey::is_of(std::string_view plugin) const noexcept {
  if (where.empty() || plugin.empty()) return true;
  std::string_view rest = where;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    if (rest.substr(0, comma) == plugin) return true;
    if (comma == std::string_view::npos) return false;
    rest.remove_prefix(comma + 2);
  }
  return false;
}

std::span<const KeySection> job_key_sections() { return all_sections(); }

std::vector<JobKey> declared_keys(std::string_view path) {
  std::vector<JobKey> keys;
  for (const KeySection& section : all_sections()) {
    if (section.path == path) keys.insert(keys.end(), section.keys.begin(), section.keys.end());
  }
  return keys;
}

std::vector<std::string_view> declared_names(std::string_view path, std::string_view plugin) {
  std::vector<std::string_view> names;
  for (const JobKey& key : declared_keys(path)) {
    if (!key.is_of(plugin)) continue;
    names.push_back(key.name);
    if (!key.alias.empty()) names.push_back(key.alias);
  }
  return names;
}

}  // namespace sluice::job
