#pragma once
// What an error answer of OSS means for us.

#include "core/base/error.hpp"
#include "core/http/repeat.hpp"
#include "core/http/transport.hpp"

#include <string>

namespace sluice::oss {

struct ServerError {
  int status = 0;
  std::string code;     // "NoSuchBucket"; made from the status when the answer has no body
  std::string message;  // one line, at most 300 bytes, as all that follows
  std::string request_id;
  std::string cause;        // "0003-00000001", which Alibaba Cloud's troubleshooting page explains
  std::string endpoint;     // where the bucket is, if it is elsewhere
  std::string server_time;  // of RequestTimeTooSkewed: "2025-04-10T10:00:57.000Z"
};

// From the body, or from the header x-oss-err (Base64), which answers without a body may carry.
ServerError parse_server_error(const http::Response& response);

using http::Retry;

Retry retry_of(const ServerError& error);

Errc errc_of(const ServerError& error);

// "403 AccessDenied: the server's message, request 5C9F..., cause 0003-00000001" and the way out where there
// is one.
std::string describe(const ServerError& error);

}  // namespace sluice::oss
