#pragma once
// Walks the keys of a scheduling configuration: each is taken, or told of.

#include "core/job/import_parts.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::job {

// A value as it was found. `text` is "" for nothing, lists and maps.
struct FoundValue {
  ImportWork& work;
  const YamlNode& node;
  std::string key;  // as the input spells it
  ImportPlace place;
  const std::string& text() const noexcept { return node.text; }

  void keep(std::string path, std::string value) const {
    work.set(std::move(path), std::move(value), key, place);
  }
  void note(Fate fate, std::string text) const { work.note(fate, key, std::move(text), place); }
};

// A key and what is done with its value; without `take` it is only told of.
struct KnownKey {
  std::string_view key;  // begins with a small letter; the input may begin with a capital
  void (*take)(const FoundValue& value) = nullptr;
  Fate fate = Fate::ignored;
  std::string_view text{};
};

// Reports what is no map, and duplicates. Keys that are not known are told of as unsupported; those without a
// value are passed over.
void take_keys(ImportWork& work, const YamlNode& node, std::string_view path, const std::string& file,
               std::span<const KnownKey> known);

// Values that the forms have in common.
void take_timezone(const FoundValue& value);
void take_rerun_times(const FoundValue& value);
void take_rerun_millis(const FoundValue& value);
void take_priority(const FoundValue& value);
void take_timeout(const FoundValue& value);
void take_cron(const FoundValue& value);
void take_node_name(const FoundValue& value);
void tell_dependency(const FoundValue& value, std::string_view output);

inline constexpr std::string_view kNoGroup =
    "there are no resource groups: attempts run in the daemon, maxConcurrent in sluice.yaml limits them";
inline constexpr std::string_view kOnlyShown = "is only shown by the original";

}  // namespace sluice::job
