#pragma once
// One request and one answer of our own HTTP server, free of sockets: what the router and the handlers see.

#include "core/base/clock.hpp"
#include "daemon/http/access.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::daemon {

struct HttpRequest {
  std::string method;                                      // "GET", upper case
  std::string path;                                        // decoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::string if_none_match;
  std::string last_event_id;
  std::string body;
  Caller caller;              // where it came from
  std::string authorization;  // as sent; the handlers see none
  std::string actor;          // who asks, for the audit log: "uid 1000 (unix socket)"
  Role role = Role::none;     // what he may do
  bool can_sign_in = false;   // he sent no token, or one, where tokens are accepted

  // First value of the query key, or nothing.
  std::optional<std::string> parameter(std::string_view name) const;
};

// A body that is made while it is sent. Single-threaded.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // The next piece, not empty, as soon as there is one; nothing at the end. A piece is asked for when the one
  // before is sent, so a slow reader is the source's to reckon with. Cancelled when the reader goes away and
  // when the daemon stops; anything else it throws cuts the answer off, which the reader notices.
  virtual awaitable<std::optional<std::string>> next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // beyond those every answer carries
  std::string body;
  std::shared_ptr<BodySource> stream = nullptr;  // instead of `body`; the connection ends with it
};

// "/a%2Bb?x=1+2" as path and query. Nothing when an escape is broken, a NUL is hidden, or it has no leading
// '/'.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
std::optional<Target> parse_target(std::string_view target);

// `text` of a peer for a line of the log: at most 200 bytes, control characters and quotes as "?".
std::string loggable(std::string_view text);

// Percent-encodes everything but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace sluice::daemon
