#pragma once
// The steps of import_job().

#include "core/job/import.hpp"
#include "core/job/problems.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::job {

// Where something of the input stands.
struct ImportPlace {
  std::string file;
  Place place;
};

// What an option said: it has no place but its name.
ImportPlace option_place(std::string_view option);

// One line of the job file to be.
struct ImportedKey {
  std::string path;   // "schedule.interval"
  std::string value;  // as it is written in the file
  std::string from;   // "CronExpress"
  ImportPlace place;
};

// What is known so far. Later values of a path take the place of earlier ones.
class ImportWork {
 public:
  ImportWork(const ImportRequest& request, Import& result) : request_(request), result_(result) {}

  const ImportRequest& request() const noexcept { return request_; }
  Import& result() noexcept { return result_; }

  void set(std::string path, std::string value, std::string_view from, const ImportPlace& place);
  const ImportedKey* find(std::string_view path) const noexcept;
  const std::vector<ImportedKey>& keys() const noexcept { return keys_; }

  void note(Fate fate, std::string_view key, std::string text, const ImportPlace& place);
  void error(const ImportPlace& place, std::string message);

  // "parameters.NAME" for each "NAME=VALUE", separated by blanks. A value that looks like a credential is
  // left out: parameters are shown and stored.
  void set_parameters(std::string_view assignments, std::string_view from, const ImportPlace& place);
  void set_parameter(std::string_view name, std::string_view value, std::string_view from,
                     const ImportPlace& place);

 private:
  const ImportRequest& request_;
  Import& result_;
  std::vector<ImportedKey> keys_;
};

// Paths of ImportWork that are no keys of a job file yet.
inline constexpr std::string_view kCronPath = "cron";
inline constexpr std::string_view kNamePath = "name";
inline constexpr std::string_view kFromMillisPath = "effectiveFromMillis";
inline constexpr std::string_view kToMillisPath = "effectiveToMillis";

// The scheduling configuration of one node, as DataWorks' OpenAPI returns it: of GetFile and GetNode or
// ListNodes (2020-05-18), or a FlowSpec (GetNode of 2024-05-18, or exported).
void read_dataworks_schedule(ImportWork& work, const YamlNode& root, const std::string& file);

// The parts that FlowSpec has of its own.
void read_flow_spec(ImportWork& work, const YamlNode& spec, const std::string& file);

void read_crontab_line(ImportWork& work);

// Makes schedule.* of kCronPath and of the two dates in milliseconds.
void plan_cycle(ImportWork& work);

// The script as it will be written, and what it needs beside it.
struct ImportedScript {
  YamlNode root;          // with the places of the input
  std::string text;       // as it will be written
  bool verbatim = false;  // the input byte for byte
  bool datax = false;
  YamlNode reader;  // its parameter map, and so on
  YamlNode writer;
  YamlNode setting;
  DataSources sources;  // those that are not defined yet
  // Where each place of `text` is in the input, when it is not verbatim.
  std::vector<std::pair<Place, Place>> places;
};

// Nothing when the input is no script at all; errors go to `work`.
std::optional<ImportedScript> read_imported_script(ImportWork& work, const std::string& job);

// Says what became of the script's keys; `checked` are the problems of the result at places of the input.
void note_script_keys(ImportWork& work, const ImportedScript& script, const std::vector<Problem>& checked);
void note_differences(ImportWork& work, const ImportedScript& script);

// `text` in double quotes, as both JSON and YAML read it.
std::string quoted_text(std::string_view text);
// Without control characters and not longer than `limit` bytes: for messages and comments.
std::string printable(std::string_view text, std::size_t limit = 80);
// The tree as JSON.
std::string json_text(const YamlNode& root);

}  // namespace sluice::job
