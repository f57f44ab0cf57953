#include "core/base/utf8.hpp"
#include "core/job/import.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/cli/cli_output.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/config/import_files.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

std::string text_of_file(const std::string& path) {
  auto text = job::read_text_file(path);
  if (!text) throw CommandFailure(Exit::usage, text.error().message());
  return std::move(*text);
}

std::string place_text(const job::ImportNote& note) {
  if (note.file.starts_with("--")) return note.file;
  return fmt::format("{}:{}:{}", note.file, note.place.line, note.place.column);
}

Tone tone_of(job::Fate fate) {
  switch (fate) {
    case job::Fate::kept:
      return Tone::good;
    case job::Fate::changed:
      return Tone::warn;
    case job::Fate::ignored:
      return Tone::faint;
    case job::Fate::unsupported:
      break;
  }
  return Tone::bad;
}

void print_list(std::string_view title, const std::vector<std::string>& lines, Console& console) {
  if (lines.empty()) return;
  console.out << fmt::format("\n{}\n", console.paint(title, Tone::strong));
  for (const std::string& line : lines) console.out << fmt::format("  {}\n", line);
}

void print_import(const job::Import& import, Console& console) {
  for (const job::ImportNote& note : import.notes) {
    // An option is its own place and key.
    const bool named = note.key == note.file && !note.text.empty();
    console.out << fmt::format("{}: {}: {}{}{}\n", place_text(note),
                               console.paint(job::to_string(note.fate), tone_of(note.fate)),
                               named ? "" : note.key, named || note.text.empty() ? "" : ": ", note.text);
  }
  print_list("what is otherwise than in the original (docs/compare-datax.md)", import.differences, console);
  if (!import.data_sources.empty())
    console.out << fmt::format("\n{}\n{}", console.paint("for sluice.yaml", Tone::strong),
                               import.data_sources);
  print_list("next", import.next, console);
  if (!import.problems.empty()) console.out << '\n';
  for (const job::Problem& problem : import.problems) console.out << job::to_string(problem) << '\n';
}

json::value import_json(const job::Import& import, const json::array& written) {
  json::array notes;
  json::array files;
  json::array problems;
  for (const job::ImportNote& note : import.notes) {
    notes.push_back(json::object{{"fate", job::to_string(note.fate)},
                                 {"key", note.key},
                                 {"text", note.text},
                                 {"file", as_utf8(note.file)},
                                 {"line", note.place.line},
                                 {"column", note.place.column}});
  }
  for (const job::ImportedFile& file : import.files)
    files.push_back(json::object{{"name", file.name}, {"content", file.content}});
  for (const job::Problem& problem : import.problems) problems.push_back(to_json(problem));
  return json::object{{"job", import.job},
                      {"valid", import.valid()},
                      {"notes", std::move(notes)},
                      {"differences", json::value_from(import.differences)},
                      {"next", json::value_from(import.next)},
                      {"data_sources", import.data_sources},
                      {"files", std::move(files)},
                      {"written", written},
                      {"problems", std::move(problems)}};
}

}  // namespace

Exit command_import(const Options& options, Console& console) {
  job::ImportRequest request = options.import;
  request.script = text_of_file(request.script_file);
  if (!request.schedule_file.empty()) request.schedule = text_of_file(request.schedule_file);
  request.sources = config_for_files(options, console).sources;
  const job::Import import = job::import_job(request);
  const bool write = import.valid() && !options.dry_run && !(options.json && options.dir.empty());
  const std::string dir =
      std::filesystem::absolute(options.dir.empty() ? "." : options.dir).lexically_normal().string();
  json::array written;
  if (!options.json) print_import(import, console);
  if (write) {
    const auto files = localfile::make_file_system();
    const auto done = write_import(*files, dir, import.files, options.force);
    if (!done) throw CommandFailure(done.error());
    for (const job::ImportedFile& file : import.files)
      written.push_back(json::value(json::string((std::filesystem::path(dir) / file.name).string())));
  }
  const Exit exit = import.valid() ? Exit::done : Exit::usage;
  if (options.json) {
    print_json(import_json(import, written), console);
    return exit;
  }
  console.out << '\n';
  for (const json::value& path : written)
    console.out << fmt::format("wrote {}\n", std::string_view(path.as_string()));
  if (!import.valid())
    console.out << "nothing was written: the script or its schedule has errors, see above\n";
  if (import.valid() && !write) console.out << "nothing was written: --dry-run\n";
  return exit;
}

}  // namespace sluice::daemon
