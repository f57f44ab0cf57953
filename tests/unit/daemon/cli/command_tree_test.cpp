#include "daemon/cli/command_tree.hpp"

#include "daemon/cli/command_line.hpp"
#include "daemon/cli/completion.hpp"
#include "daemon/cli/key_tables.hpp"
#include "daemon/cli/manual.hpp"
#include "daemon/config/config.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sluice;
using namespace sluice::daemon;

namespace {

const DeclaredCommand& all_commands() {
  static const DeclaredCommand root = declared_commands();
  return root;
}

// Every command's path and every option's name, as `each(path, option or nullptr)`.
template <typename Each>
void for_each_declared(const DeclaredCommand& command, const std::string& path, const Each& each) {
  each(path, nullptr);
  for (const DeclaredOption& option : command.options) each(path, &option);
  for (const DeclaredCommand& sub : command.commands)
    for_each_declared(sub, path.empty() ? sub.name : path + " " + sub.name, each);
}

std::string roff_name(std::string name) {
  for (std::size_t at = 0; (at = name.find('-', at)) != std::string::npos; at += 2)
    name.replace(at, 1, "\\-");
  return name;
}

}  // namespace

TEST_CASE("declared commands: names, values and choices are those of the parser; hidden ones are left out") {
  const DeclaredCommand& root = all_commands();
  REQUIRE(root.command("logs") != nullptr);
  const DeclaredCommand& logs = *root.command("logs");
  REQUIRE(logs.option("-f") != nullptr);
  CHECK(logs.option("-f") == logs.option("--follow"));
  CHECK(logs.option("-f")->value.empty());
  CHECK(logs.option("--attempt")->value == "N");
  CHECK(logs.option("--output")->choices == std::vector<std::string>{"table", "json"});
  REQUIRE(logs.positionals.size() == 1);
  CHECK(logs.positionals[0].names == std::vector<std::string>{"INSTANCE"});
  CHECK(logs.positionals[0].required);
  CHECK(logs.example == "sluice logs orders@2018-10-16T00:15+08:00\n");
  REQUIRE(root.command("backfill") != nullptr);
  CHECK(root.command("backfill")->command("show") != nullptr);
  CHECK(root.command("completion") == nullptr);
  CHECK(root.command("man") == nullptr);
}

TEST_CASE("declared commands: every command that prints takes --output json") {
  for (const DeclaredCommand& command : all_commands().commands) {
    INFO(command.name);
    for (const DeclaredCommand& part : command.commands) CHECK(part.option("--output") != nullptr);
    if (command.name == "state") continue;  // does nothing by itself
    CHECK((command.option("--output") != nullptr) == (command.name != "daemon" && command.name != "demo"));
  }
}

TEST_CASE("unknown words: the nearest command or option is offered") {
  const auto told = [](std::vector<std::string> words) { return unknown_word(all_commands(), words); };
  CHECK(told({"statsu"}) == "no command statsu: did you mean status?");
  CHECK(told({"inst"}) == "no command inst: did you mean instances?");
  CHECK(told({"xyzzy"}) == "no command xyzzy: sluice --help lists what there is");
  CHECK(told({"status", "--otput", "json"}) == "no option --otput: did you mean --output?");
  CHECK(told({"status", "--ouptut=json"}) == "no option --ouptut: did you mean --output?");
  CHECK(told({"jobs", "--quite-another"}) ==
        "no option --quite-another: sluice jobs --help lists what there is");
  CHECK(told({"backfill", "shwo", "7"}) == "no command sluice backfill shwo: did you mean show?");
  CHECK(told({"status", "extra"}).empty());
  CHECK(told({"instances", "--state", "--weird"}).empty());
  CHECK(told({}).empty());
}

TEST_CASE("completions: every command and every option occurs in each shell's script") {
  const std::string bash = bash_completion(all_commands());
  const std::string zsh = zsh_completion(all_commands());
  const std::string fish = fish_completion(all_commands());
  for_each_declared(all_commands(), "", [&](const std::string& path, const DeclaredOption* option) {
    INFO(path << ' ' << (option == nullptr ? "" : option->names.back()));
    if (option == nullptr) {
      std::string function = path;
      std::replace(function.begin(), function.end(), ' ', '_');
      CHECK(bash.find(fmt::format("'{}') options=", path)) != std::string::npos);
      CHECK(zsh.find(fmt::format("\n_sluice{}() {{", path.empty() ? "" : "_" + function)) !=
            std::string::npos);
      CHECK((path.empty() || fish.find(fmt::format(" '{}'", path)) != std::string::npos));
      return;
    }
    for (const std::string& name : option->names) {
      const auto line = bash.find(fmt::format("'{}') options='", path));
      CHECK(bash.substr(line, bash.find('\n', line) - line).find(name) != std::string::npos);
      CHECK(zsh.find(name + "[") != std::string::npos);
      const std::string flag = name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      CHECK(fish.find(flag) != std::string::npos);
    }
  });
}

TEST_CASE(
    "manual: sluice(1) has every command and option, sluice.yaml(5) and sluice-job(5) every key, no line is "
    "a "
    "stray request") {
  const std::string page = command_page(all_commands());
  for_each_declared(all_commands(), "sluice", [&](const std::string& path, const DeclaredOption* option) {
    INFO(path);
    if (option == nullptr) CHECK(page.find(roff_name(path)) != std::string::npos);
    if (option != nullptr) CHECK(page.find("\\fB" + roff_name(option->names.back())) != std::string::npos);
  });
  const std::string config = config_page(config_keys());
  for (const ConfigKey& key : config_keys())
    CHECK(config.find(fmt::format("\\fB{}\\fR (\\fI{}", key.path, key.type)) != std::string::npos);
  const std::string jobs = job_page("");
  for (const job::KeySection& section : job::job_key_sections()) {
    for (const job::JobKey& key : section.keys) {
      INFO(section.path << " " << key.name);
      const bool entry = key.use == job::KeyUse::effective;
      const std::string name =
          entry ? fmt::format("\\fB{}\\fR (", shown_key(section, key)) : std::string(key.name);
      CHECK(jobs.find(name) != std::string::npos);
    }
  }
  CHECK(job_page(".begin\n'quote \\x\n").find("\\&.begin\n\\&'quote \\(rsx\n") != std::string::npos);
}
