#include "core/job/yaml_document.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/base/web_assets.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/completion.hpp"
#include "daemon/cli/key_tables.hpp"
#include "daemon/cli/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace sluice::daemon {
namespace {

constexpr std::chrono::milliseconds kCompletionLimit = std::chrono::seconds(2);

std::string_view example_job() {
  const auto files = embedded_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [](const auto& file) { return file.name == "orders.yaml"; });
  return found == files.end() ? "" : found->content;
}

// A shell asks while somebody types: without a daemon there is simply nothing to offer.
void print_job_names(const Options& options, Console& console) {
  try {
    const boost::json::value answer = make_api(options, kCompletionLimit)->get("/api/v1/jobs");
    for (const boost::json::value& job : JsonView(answer)["jobs"].items())
      console.out << JsonView(job)["name"].text() << '\n';
  } catch (const CommandFailure&) {
    console.out.flush();
  }
}

// Makes the tables of keys in the documents anew; for those who work on Sluice itself.
Exit update_key_tables(const std::vector<std::string>& files, Console& console) {
  for (const std::string& file : files) {
    const auto text = job::read_text_file(file);
    if (!text) throw CommandFailure(Exit::failed, text.error().message());
    const auto updated = with_key_tables(*text);
    if (!updated) throw CommandFailure(Exit::failed, fmt::format("{}: {}", file, updated.error().message()));
    if (*updated == *text) continue;
    std::ofstream(file, std::ios::binary | std::ios::trunc) << *updated;
    console.out << file << " updated\n";
  }
  return Exit::done;
}

}  // namespace

Exit command_completion(const Options& options, Console& console) {
  const DeclaredCommand root = declared_commands();
  if (options.target == "bash") console.out << bash_completion(root);
  if (options.target == "zsh") console.out << zsh_completion(root);
  if (options.target == "fish") console.out << fish_completion(root);
  if (options.target == "jobs") print_job_names(options, console);
  return Exit::done;
}

Exit command_man(const Options& options, Console& console) {
  if (!options.files.empty()) return update_key_tables(options.files, console);
  if (options.target == "sluice.yaml") {
    console.out << config_page(config_keys());
  } else if (options.target == "sluice-job") {
    console.out << job_page(example_job());
  } else {
    console.out << command_page(declared_commands());
  }
  return Exit::done;
}

}  // namespace sluice::daemon
