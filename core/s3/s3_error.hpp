#pragma once
// What an error answer of an S3-compatible store means for us.

#include "core/base/error.hpp"
#include "core/http/repeat.hpp"
#include "core/http/transport.hpp"

#include <string>

namespace sluice::s3 {

using http::Retry;

struct ServerError {
  int status = 0;
  std::string code;     // "NoSuchBucket"; made from the status when the answer has no body
  std::string message;  // one line
  std::string request_id;
  std::string server_time;  // of RequestTimeTooSkewed
  std::string region;       // the bucket's, where the request went to another one
};

// Of an answer that is no success, or of one with status 200 and an error as its body.
ServerError parse_server_error(const http::Response& answer);

Retry retry_of(const ServerError& error);

Errc errc_of(const ServerError& error);

// "503 SlowDown: the server's message, request 5C9F..." and the way out where there is one.
std::string describe(const ServerError& error);

}  // namespace sluice::s3
