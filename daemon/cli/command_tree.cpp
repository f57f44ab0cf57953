#include "daemon/cli/command_tree.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sluice::daemon {
namespace {

std::string one_paragraph(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// CLI11 keeps type and validators in one text: "FORM:{table,json}", "N:INT in [1 - 9]".
void read_type(const std::string& type, DeclaredOption& option) {
  const auto colon = type.find(':');
  option.value = type.substr(0, colon);
  const auto open = type.find('{');
  const auto close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string choice; std::getline(list, choice, ',');) option.choices.push_back(choice);
}

DeclaredOption declared_option(const CLI::Option& from) {
  DeclaredOption option;
  for (const std::string& name : from.get_snames()) option.names.push_back("-" + name);
  for (const std::string& name : from.get_lnames()) option.names.push_back("--" + name);
  const bool positional = option.names.empty();
  if (positional) option.names.push_back(from.get_name());
  if (positional || from.get_items_expected_max() > 0) read_type(from.get_type_name(), option);
  option.help = one_paragraph(from.get_description());
  option.required = from.get_required();
  option.repeats = from.get_items_expected_max() > 1;
  return option;
}

// How many letters must be put in, taken out, replaced or exchanged with the next to make one from the other.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

// The candidate that is meant by `word`: one that it begins, or one at most a third of its letters away.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const bool begins = word.size() >= 3 && candidate.starts_with(word);
    const std::size_t edits = begins ? 0 : edits_between(word, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string told(std::string_view kind, std::string_view word, const std::vector<std::string>& candidates,
                 const std::string& help) {
  const std::string meant = nearest(word, candidates);
  if (!meant.empty()) return fmt::format("no {} {}: did you mean {}?", kind, word, meant);
  return fmt::format("no {} {}: {} --help lists what there is", kind, word, help);
}

std::vector<std::string> names_of(const std::vector<DeclaredCommand>& commands) {
  std::vector<std::string> names;
  for (const DeclaredCommand& command : commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> long_names(const DeclaredCommand& command) {
  std::vector<std::string> names;
  for (const DeclaredOption& option : command.options) names.push_back(option.names.back());
  return names;
}

}  // namespace

const DeclaredCommand* DeclaredCommand::command(std::string_view wanted) const {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto& one) { return one.name == wanted; });
  return found == commands.end() ? nullptr : &*found;
}

const DeclaredOption* DeclaredCommand::option(std::string_view wanted) const {
  const auto found = std::find_if(options.begin(), options.end(), [&](const DeclaredOption& one) {
    return std::find(one.names.begin(), one.names.end(), wanted) != one.names.end();
  });
  return found == options.end() ? nullptr : &*found;
}

DeclaredCommand declared(const CLI::App& app, Hidden hidden) {
  DeclaredCommand command;
  command.name = app.get_name();
  command.help = one_paragraph(app.get_description());
  std::istringstream footer(app.get_footer());
  for (std::string line; std::getline(footer, line);) {
    if (line.starts_with("  sluice ")) command.example += line.substr(2) + "\n";
  }
  for (const CLI::Option* option : app.get_options({})) {
    (option->get_positional() ? command.positionals : command.options).push_back(declared_option(*option));
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (hidden == Hidden::too || !sub->get_group().empty())
      command.commands.push_back(declared(*sub, hidden));
  }
  return command;
}

std::string unknown_word(const DeclaredCommand& root, std::span<const std::string> words) {
  const DeclaredCommand* at = &root;
  std::string path = "sluice";
  std::string unclaimed;  // the first word that is neither command nor option
  std::size_t values = 0;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      const DeclaredOption* option = at->option(name);
      if (option == nullptr) return told("option", name, long_names(*at), path);
      if (!option->value.empty() && word.size() == name.size()) ++i;
      continue;
    }
    if (word.starts_with('-')) continue;
    const DeclaredCommand* next = values == 0 ? at->command(word) : nullptr;
    if (next != nullptr) {
      at = next;
      path += " " + word;
      continue;
    }
    if (at == &root) return told("command", word, names_of(root.commands), path);
    if (++values == 1) unclaimed = word;
  }
  const bool too_many = values > at->positionals.size();
  const std::string meant = too_many ? nearest(unclaimed, names_of(at->commands)) : "";
  return meant.empty() ? "" : fmt::format("no command {} {}: did you mean {}?", path, unclaimed, meant);
}

}  // namespace sluice::daemon
