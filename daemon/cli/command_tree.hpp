#pragma once
// The declared commands as plain data: what completions, manual pages and the words about a mistake are made
// of, so that none of them can say something else than the parser does.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sluice::daemon {

struct DeclaredOption {
  std::vector<std::string> names;    // "-f", "--follow"; of a positional its one name, "INSTANCE"
  std::string value;                 // "FILE"; empty: takes none
  std::vector<std::string> choices;  // the values allowed; empty: any
  std::string help;                  // one paragraph, no line breaks
  bool required = false;
  bool repeats = false;  // takes several values
};

struct DeclaredCommand {
  std::string name;  // the last word of it: "show" of "backfill show"
  std::string help;
  std::string example;                      // lines of "sluice ..."
  std::vector<DeclaredOption> options;      // in order of declaration
  std::vector<DeclaredOption> positionals;  //
  std::vector<DeclaredCommand> commands;    // without those that are hidden

  const DeclaredCommand* command(std::string_view wanted) const;  // nullptr: none
  const DeclaredOption* option(std::string_view wanted) const;    // nullptr: none
};

enum class Hidden : std::uint8_t { left_out, too };  // commands that help does not list
DeclaredCommand declared(const CLI::App& app, Hidden hidden = Hidden::left_out);

// What the words behind "sluice" name that is not declared, and what was probably meant:
// "no command statsu: did you mean status?". Empty where neither a command nor an option is unknown.
std::string unknown_word(const DeclaredCommand& root, std::span<const std::string> words);

}  // namespace sluice::daemon
