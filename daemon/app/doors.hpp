#pragma once
// The daemon's listening sockets as sluice.yaml wants them, with the gate in front of what answers.

#include "core/base/clock.hpp"
#include "daemon/api/gate.hpp"
#include "daemon/config/config.hpp"
#include "daemon/http/http_server.hpp"

#include <vector>

namespace sluice::daemon {

class Doors {
 public:
  // What it is built of; everything referred to outlives it.
  struct Parts {
    Executor executor;
    Clock& clock;
    const Config& config;  // its tokens are looked at anew for each request
    Metrics& metrics;
    Gate::Inner inner;
  };
  explicit Doors(Parts parts);

  // Listens; the TCP port, 0 without TCP. Errors of HttpServer and of make_server_tls().
  Result<std::uint16_t> open();

  // Reads certificate and key anew. What is wrong with them is returned; the ones before stay then.
  std::vector<job::Problem> renew_certificate();

  void stop_accepting() { server_.stop_accepting(); }
  awaitable<void> stop() { return server_.stop(); }

 private:
  Result<std::uint16_t> open_tcp();

  Clock& clock_;
  const Config& config_;
  Gate gate_;
  HttpServer server_;
  TlsFiles tls_files_;  // of the door that is open, whatever the configuration says by now
};

}  // namespace sluice::daemon
