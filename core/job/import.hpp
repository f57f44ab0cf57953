#pragma once
// Turns what another tool runs, a script of DataWorks or of DataX with its schedule, into a job file, and
// says of every key of it what became of it. Pure: files are read and written by the caller.
// docs/migration.md is the guide for users.

#include "core/job/job.hpp"
#include "core/job/yaml_document.hpp"

#include <string>
#include <vector>

namespace sluice::job {

// Texts are at most kYamlBytesMax bytes; more is an error of the result. Empty members were not given.
struct ImportRequest {
  std::string script_file;    // what messages call it
  std::string script;         // its text
  std::string schedule_file;  // of DataWorks; see read_dataworks_schedule()
  std::string schedule;
  std::string crontab;  // a line: "*/5 * * * * python datax.py job.json -p '-Dstart=...'"
  // Of the command line. They win over the schedule and the crontab line.
  std::string name;
  std::string cron;
  std::string parameters;  // "a=$[...] b=..."
  std::string timezone;
  std::string rerun_times;
  std::string rerun_interval;
  std::string take_over;  // where the original's last window ended: "2018-10-16T00:05" in the job's zone
  DataSources sources;    // those that are defined already
};

enum class Fate : std::uint8_t {
  kept,         // means the same here
  changed,      // means something else here, or stands elsewhere
  ignored,      // has no effect here and needs none
  unsupported,  // has to be done in another way
};
std::string_view to_string(Fate fate) noexcept;

// What became of one key of the input. `text` says how and why; it quotes no value that may be secret.
struct ImportNote {
  Fate fate = Fate::kept;
  std::string key;
  std::string text;  // may be empty of what was kept
  std::string file;
  Place place;
};

struct ImportedFile {
  std::string name;  // one component
  std::string content;
};

struct Import {
  std::string job;                  // its name
  std::vector<ImportedFile> files;  // to be written side by side; the job file is the last. Empty with errors
  std::string data_sources;         // lines to be put into sluice.yaml; empty: none are missing
  std::vector<ImportNote> notes;    // by place
  std::vector<std::string> differences;  // what is otherwise than the original, where the job relied on it
  std::vector<std::string> next;         // what to do now
  std::vector<Problem> problems;         // at places of the input; those of `sluice check` among them

  bool valid() const noexcept;
};

Import import_job(const ImportRequest& request);

}  // namespace sluice::job
