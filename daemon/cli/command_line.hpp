#pragma once
// What may be typed: commands, options, help. Says what was meant; does nothing.

#include "core/job/import.hpp"
#include "daemon/cli/command_tree.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::daemon {

struct Options {
  std::string command;  // "instances", "set-success", "backfill show", ...

  std::string config;  // --config; empty: the default file if there is one
  std::string socket;  // --socket; empty: see socket_path()
  bool json = false;   // --output json

  std::vector<std::string> files;                               // check, simulate
  job::ImportRequest import;                                    // import; the two files by name only
  std::string job_file;                                         // run
  std::vector<std::pair<std::string, std::string>> parameters;  // run, backfill: -p name=value
  std::string at;                                               // run --at
  bool full_then_stream = false;                                // run
  std::string target;                                           // the job, the instance, the file of backup
  std::vector<std::string> targets;                             // the instances to act on
  std::string reason;                                           // of an action
  std::string run;                                              // resume: which due windows
  bool latest = false;                                          // rerun
  bool downstream = false;
  bool force = false;
  bool dry_run = false;
  int priority = 0;
  std::string from;
  std::string to;
  std::string date;
  std::string state;
  int limit = 0;                      // instances; 0: as many as the server gives
  bool diff = false;                  // plan, versions
  std::vector<std::string> versions;  // versions --diff A B
  std::string version;                // versions --show
  std::string actor;                  // audit
  std::string action;
  bool follow = false;
  int attempt = 0;                  // 0: the newest
  std::vector<std::string> dates;   // backfill: business dates, "2018-10-15..2018-10-17"
  std::vector<std::string> ranges;  // backfill: slots, "2018-10-15..2018-10-17T12:00"
  std::string between;              // backfill: "08:00-17:00", of each day
  std::string run_between;          // backfill: "22:00-06:00", when it may start instances
  bool weekends = false;            // backfill
  int parallel = 1;                 // backfill ...
  std::string order = "asc";        //
  bool all = false;
  bool only_missing = false;  // what is done anyway
  bool run_now = false;
  std::string alerts = "none";  // backfill
  bool kill = false;            // backfill cancel
  bool wait = false;            // backfill, until it has ended
  int days = 1;                 // simulate ...
  std::uint64_t seed = 1;
  std::vector<std::string> faults;
  std::string run_time = "30s";
  bool write = false;      // doctor
  bool new_state = false;  // state rebuild ...
  bool rerun = false;
  std::string role;  // token ...
  std::string expires;
  bool once = false;  // demo
  std::string dir;
  int port = 0;
};

// Ends the program at once: help, version, or a mistake.
struct EndedEarly {
  int exit = 0;
  std::string text;  // to stdout if exit is 0, else to stderr
};

std::variant<Options, EndedEarly> parse_command_line(int argc, const char* const* argv);

// Everything that may be typed, without what is hidden.
DeclaredCommand declared_commands();

}  // namespace sluice::daemon
