#pragma once
// The command line's side of the HTTP API over TCP, for operators on other machines.

#include "core/base/secret.hpp"
#include "daemon/client/api_client.hpp"

#include <functional>
#include <optional>
#include <string>

namespace sluice::daemon {

struct RemoteServer {
  std::string address;  // "https://sluice.example.com:7788"; http for this machine only
  Secret token;         // empty: none is sent
  std::string ca_file;  // PEM; empty: the system's
};

using ReadVariable = std::function<std::string(const char* name)>;

// $SLUICE_SERVER with $SLUICE_TOKEN, or the first line of the file that $SLUICE_TOKEN_FILE names, and
// $SLUICE_CA_FILE; nothing without $SLUICE_SERVER. Throws CommandFailure for a file that cannot be read.
std::optional<RemoteServer> remote_server(const ReadVariable& variable);

// Throws CommandFailure for an address that is none, and for a token that would go in the clear.
std::unique_ptr<Api> make_remote_api(RemoteServer server, std::chrono::milliseconds limit = kAnswerLimit);

// The document of an answer of `server`, an address or the path of a socket. Throws CommandFailure with what
// the daemon says for 400 and above, and for what is no answer of a daemon: unreachable where a proxy says
// that it does not reach one (502 to 504), else failed.
boost::json::value read_answer(const std::string& server, int status, const std::string& body);

}  // namespace sluice::daemon
