#pragma once
// Between the server and the handlers: who asks, whether that is enough, and what is told of refusals.

#include "core/base/clock.hpp"
#include "daemon/base/metrics.hpp"
#include "daemon/http/access.hpp"
#include "daemon/http/http_message.hpp"

#include <functional>

namespace sluice::daemon {

// A line of the log at most every `interval`, so that who is refused cannot fill it.
class RareLines {
 public:
  explicit RareLines(Duration interval) : interval_(interval) {}

  // How many were held back since the last one; nothing if this one is to be held back too.
  std::optional<std::size_t> pass(Duration now) noexcept;

 private:
  Duration interval_;
  std::optional<Duration> next_;
  std::size_t held_back_ = 0;
};

// Single-threaded.
class Gate {
 public:
  // What answers the requests that are let in.
  using Inner = std::function<awaitable<HttpResponse>(const HttpRequest& request)>;

  struct Parts {
    const AccessConfig& access;  // looked at anew for each request
    Clock& clock;
    Metrics& metrics;
    Inner inner;
  };
  // Everything referred to outlives the gate.
  explicit Gate(Parts parts) : parts_(std::move(parts)) {}

  // 401 for a token that is not accepted, after kRefusalDelay; otherwise what the inner one says to the
  // request with its role and actor. A stream among the answers ends with the first piece that its asker
  // would be refused. The request outlives the call.
  awaitable<HttpResponse> answer(const HttpRequest& request);

 private:
  awaitable<HttpResponse> refuse(const HttpRequest& request, Access access);
  void note_role(const HttpRequest& request, Role needed);

  Parts parts_;
  RareLines token_lines_{std::chrono::seconds(10)};
  RareLines role_lines_{std::chrono::seconds(1)};
};

// Before a refused token is answered. With the connections that one address may have it bounds how fast
// tokens can be tried; it locks nobody out, as a ban of the address of a proxy would.
inline constexpr std::chrono::milliseconds kRefusalDelay{250};

// 401 with the challenge that tells a client to send a token; `problem` is its error code, empty without.
HttpResponse unauthorized(std::string_view detail, std::string_view problem = {});

}  // namespace sluice::daemon
