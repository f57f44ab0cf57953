#pragma once
// The commands by topic, for parse_command_line().

#include "daemon/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace sluice::daemon {

// Builds the commands around one Options, which outlives the App; itself it may go before.
class Commands {
 public:
  explicit Commands(Options& options) : options_(options) {}

  // The examples follow in `sluice NAME --help`, one a line.
  CLI::App* add(CLI::App& app, const std::string& name, const std::string& help, const std::string& example);

  void config(CLI::App* command);
  void output(CLI::App* command);
  // For commands that ask the daemon.
  void remote(CLI::App* command);
  void instance(CLI::App* command);
  void range(CLI::App* command, bool required = true);
  // -p name=value
  void parameters(CLI::App* command, const std::string& help);

  Options& options() { return options_; }

 private:
  Options& options_;
};

// Without the daemon.
void add_local_commands(CLI::App& app, Commands& commands);
void add_import(CLI::App& app, Commands& commands);
void add_simulate(CLI::App& app, Commands& commands);
// For the shell and for packagers, not for people: `sluice --help` leaves them out.
void add_hidden_commands(CLI::App& app, Commands& commands);

// With the daemon.
void add_operator_commands(CLI::App& app, Commands& commands);
void add_backfill_commands(CLI::App& app, Commands& commands);

}  // namespace sluice::daemon
