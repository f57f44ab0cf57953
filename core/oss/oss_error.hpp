#pragma once
// What an error answer of OSS means for us.

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::oss {

struct ServerError {
  int status = 0;
  std::string code;     // "NoSuchBucket"; made from the status when the answer has no body
  std::string message;  // one line, at most 300 bytes
  std::string request_id;
  std::string server_time;  // of RequestTimeTooSkewed: "2025-04-10T10:00:57.000Z"
};

// `body` as received; `encoded_body` is the header x-oss-err (Base64), which answers without a body may
// carry.
ServerError parse_server_error(int status, std::string_view body, std::string_view encoded_body,
                               std::string_view request_id);

enum class Retry {
  never,
  always,         // within the limit of attempts
  once,           // a second failure is final
  correct_clock,  // once, with the server's time
  renew_keys,     // once, if others can be had
};

Retry retry_of(const ServerError& error);

Errc errc_of(const ServerError& error);

// "503 SlowDown: the server's message, request 5C9F..." and the way out where there is one.
std::string describe(const ServerError& error);

}  // namespace sluice::oss
