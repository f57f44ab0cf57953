#pragma once
// A script: the reader, the writer and the settings of an export, in whichever of its three forms it was
// written.

#include "core/job/job.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::job {

// All nodes are maps; "${variables}" are not filled in yet.
struct Script {
  std::string file;
  YamlNode reader;  // reader.parameter
  YamlNode writer;  // writer.parameter
  YamlNode setting;
  YamlNode times;                      // those keys of `reader` that say what window is read
  std::vector<std::string> variables;  // names used in it, sorted
  SourceKind source = SourceKind::stream;
  TargetKind target = TargetKind::oss;

  // A table has no times of its own: without time keys its window ends at the slot and is one interval long.
  bool takes_window_of_slot() const { return source == SourceKind::table && times.keys.empty(); }
};

// Recognises the form of `root` and takes its parts out: DataWorks 1.0 ("configuration"), DataWorks 2.0
// ("steps") or DataX ("job"). Nothing when a part is missing; everything wrong goes to `problems`, whose file
// is the script's.
std::optional<Script> read_script(const YamlNode& root, ProblemList& problems);

// The time keys of a reader's map (time_range.hpp), each once.
YamlNode time_keys_of(const YamlNode& reader);

}  // namespace sluice::job
