#pragma once
// A program of an operator, run to its end in a process group of its own. No shell, no inherited descriptors,
// no process left behind.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::daemon {

struct ProcessRequest {
  std::vector<std::string> command;                              // absolute path first
  std::vector<std::pair<std::string, std::string>> environment;  // beside PATH, HOME, LANG and TZ of ours
  std::string input;                            // on stdin; a reader that closes it early is fine
  Duration timeout = std::chrono::seconds(10);  // then TERM to the group,
  Duration grace = std::chrono::seconds(5);     // then KILL
  std::size_t output_max = 4096;                // of stdout and stderr together; the rest is read
                                                // and dropped
};

struct ProcessEnd {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;
  std::string output;  // the first output_max bytes
};

// Errors: not_found, permission_denied, io when it cannot be started. When the program ends, whatever is left
// in its group is killed. Cancellation kills the group, waits for the program's end and unwinds.
awaitable<Result<ProcessEnd>> run_process(Executor executor, Clock& clock, ProcessRequest request);

}  // namespace sluice::daemon
