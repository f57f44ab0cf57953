#pragma once
// The HTTP listener of the sandbox, of one or several ports: plain or TLS, keep-alive, Expect: 100-continue,
// chunked bodies, and the connection-level faults. What to answer is decided by the Handler.

#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sluice::sandbox {

class Handler {
 public:
  virtual ~Handler() = default;
  /// Called once per request, before it is applied.
  virtual std::optional<Fault> fault_for(const Request& request) = 0;
  /// Applies the request. Must not throw.
  virtual Response answer(const Request& request, const std::optional<Fault>& fault) = 0;
};

struct ListenOptions {
  std::uint16_t port = 0;  // 0: any free one
  std::string certificate_file;
  std::string key_file;
};

class Listener {
 public:
  Listener();
  ~Listener();

  /// Binds to 127.0.0.1 and returns http://127.0.0.1:PORT or https://...; throws boost::system::system_error.
  /// May be called several times. `handler` must outlive the listener.
  std::string listen(const ListenOptions& options, Handler& handler);
  /// Serves until SIGTERM or SIGINT; then closes every connection and returns.
  void run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::sandbox
