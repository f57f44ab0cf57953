#pragma once
// Which requests are looked at at all: the form of the head byte by byte, and what its fields must say. Pure;
// docs/security.md has the list.

#include <boost/beast/http/fields.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

inline constexpr std::size_t kRequestLineBytesMax = 8 * 1024;
inline constexpr std::size_t kHeaderFieldsMax = 64;

// Why a request is not answered, as problem_response() takes it.
struct Refusal {
  int status = 400;
  std::string_view code;  // "invalid_argument"
  std::string detail;
};

// What the bytes received so far come to.
struct Head {
  bool complete = false;
  std::optional<Refusal> refusal;
};

// Lines end in CR LF and hold no control characters but tab; no line goes on in the next; 414 for a long
// request line, 431 for more than kHeaderFieldsMax fields or `bytes_max` bytes. The parser is more lenient.
Head scan_head(std::string_view received, std::size_t bytes_max);

// The names a TCP door answers to.
struct DoorNames {
  std::vector<std::string> hosts;  // allowed values of Host, lower case, with the port where one is needed
  bool any_host = false;           // the Unix socket
  bool tls = false;                // an Origin must be https
};

// The names of a door that listens on `address` and `port`: loopback names if it is a loopback address, the
// address, and `names`, each as "name" (with this port or with none, as behind a proxy) or "name:port".
DoorNames door_names(const std::string& address, unsigned port, const std::vector<std::string>& names,
                     bool tls);

// Nothing if the request may be answered; otherwise why not. `method` in upper case.
std::optional<Refusal> refuse_by_fields(const DoorNames& names, const boost::beast::http::fields& fields,
                                        std::string_view method, unsigned version);

}  // namespace sluice::daemon
