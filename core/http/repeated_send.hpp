#pragma once
// Sends one operation to an object store until it is done or no further attempt would help.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/repeat.hpp"
#include "core/http/transport.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

// Why one attempt failed, and what may be done about it.
struct Failure {
  Error error;
  std::string code{};  // of the server; empty for failures on the way
  Retry retry = Retry::never;
  std::optional<Duration> pause{};  // asked for by the server
};
using Outcome = boost::system::result<Response, Failure>;

// No answer came: repeated where the network may heal. `doing` begins the message.
Failure no_answer(const Error& error, std::string_view doing);

// Everything outlives the call.
struct RepeatPorts {
  CredentialsProvider& keys;  // asked before each attempt
  Clock& clock;
  Random& random;
  const std::function<void(std::string_view line)>& on_retry;  // told before each pause; must not throw
};

// Does what a refusal asks for before the next attempt: another offset between the server's clock and ours,
// other keys than `refused`, a pause. Where that cannot be had, failure.retry becomes never. `server_time` is
// as clock_offset_of() takes it.
void prepare_retry(Failure& failure, std::string_view server_time, const Response& response,
                   const Credentials& refused, const RepeatPorts& ports, Duration& clock_offset);

// `attempt` signs and sends once with the keys it is given. `attempts` counts. Returns the first success or
// the last failure; an error of the keys is final and begins with `doing`.
awaitable<Outcome> send_repeatedly(RepeatPorts ports, std::string doing, Attempts& attempts,
                                   std::function<awaitable<Outcome>(Credentials)> attempt);

}  // namespace sluice::http
