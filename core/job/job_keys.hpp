#pragma once
// The keys of a job file and of its script, declared once: for the readers, the manual page,
// docs/job-files.md and the test that tries each of them. The readers keep the limits; that test compares.

#include <span>
#include <string_view>
#include <vector>

namespace sluice::job {

enum class KeyUse {
  effective,
  ignored,  // scripts carry it along: it is warned about, `help` says with what
  refused,  // asks for what is not done here: `help` says why, `fallback` is the value that asks for nothing
};

struct JobKey {
  std::string_view name;
  // "text", "number", "fraction", "boolean", "duration", "word", "switch", "time of day", "date", "list",
  // "map"
  std::string_view type;
  std::string_view fallback;  // as written in the file, or in round brackets what holds without it; "": none
  std::string_view limits;    // "1 .. 10", words "a, b, c", "at most 32 bytes"; "": any
  std::string_view help;      // one or two sentences; `code` and [links](page.md) as in the documents
  std::string_view where = {};  // cycles or plugins that have it: "week, month"; empty: all
  std::string_view alias = {};  // the same key by another name
  KeyUse use = KeyUse::effective;

  bool is_of(std::string_view plugin) const noexcept;
};

// Some of the keys of one map. A map may have several sections.
struct KeySection {
  std::string_view path;   // of the map: "", "schedule", "reader.parameter.column[]"
  std::string_view title;  // tells sections of one map apart
  std::span<const JobKey> keys;
};

// In the order of the documents.
std::span<const KeySection> job_key_sections();

// The names, aliases included, of the keys that the map at `path` has; with `plugin` those it has there.
std::vector<std::string_view> declared_names(std::string_view path, std::string_view plugin = {});

// The keys of one map, of all its sections.
std::vector<JobKey> declared_keys(std::string_view path);

}  // namespace sluice::job
