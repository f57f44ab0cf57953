#pragma once
// What an error answer of Table Store means: for our callers, and for repeating the request. Pure.

#include "core/base/error.hpp"
#include "core/http/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::tablestore {

// An answer whose status is not 2xx.
struct ServerError {
  int status = 0;
  std::string code;  // "OTSServerBusy"; empty: the body is not an Error message of Table Store
  std::string message;
  std::string request_id;  // may be empty
};

// When the same request may be sent again.
enum class RetryClass : std::uint8_t {
  never,       // it will fail again
  idempotent,  // it may have been done: only if doing it twice does no harm
  always,      // it was refused before anything was done
};

ServerError parse_server_error(const http::Response& answer);

Errc errc_of(const ServerError& error);
RetryClass retry_class_of(const ServerError& error);

// Of a failure below the protocol: network, or an answer that is not whole.
RetryClass retry_class_of(const Error& error);

// True when the server refuses the request for its date.
bool is_clock_skew(const ServerError& error);

// True when other keys may be accepted. The service does not document how it words an expired token, so every
// refusal of a request's authentication counts but the one for its date.
bool is_key_refused(const ServerError& error);

// "DOING: 503 OTSServerBusy: Server is busy., request 0005-... (what to do)"
Error to_error(const ServerError& error, std::string_view doing);

}  // namespace sluice::tablestore
