#pragma once
// How a failure leaves the program: as an HTTP status with problem+json (RFC 9457), and as an exit code.

#include "core/base/error.hpp"
#include "daemon/http/http_message.hpp"

namespace sluice::daemon {

// Exit codes of the command line; scripts depend on them (docs/operations.md).
enum class Exit : int {
  done = 0,
  failed = 1,
  usage = 2,  // bad usage, or an invalid file
  not_found = 3,
  unreachable = 4,  // the daemon cannot be reached
  refused = 5,      // the state does not allow it
  gap = 6,          // the stream has a gap
  // The state file is damaged: only a person can help, so systemd does not start the daemon again
  // (RestartPreventExitStatus).
  state_damaged = 7,
  interrupted = 130,
  terminated = 143,
};

Exit exit_of(Errc code) noexcept;

// 404 for not_found, 409 for refused_by_state, ...
int status_of(Errc code) noexcept;

// The name of `code` goes into the member "code"; clients decide by it.
HttpResponse problem_response(const Error& error);
HttpResponse problem_response(int status, std::string_view code, std::string_view detail);

// The Error in the body of an answer with status >= 400, with the code read back from "code".
Error error_from_problem(int status, std::string_view body);

}  // namespace sluice::daemon
