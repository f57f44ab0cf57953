#pragma once
// Reads the message in an answer's body. For the client's operations.

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace sluice::tablestore {

// Not ParseFromString(): it writes to standard error when a required field is missing.
template <class Message>
Result<Message> parse_answer(const std::string& body, const std::string& request_id, std::string_view doing) {
  Message message;
  if (!message.ParsePartialFromString(body) || !message.IsInitialized()) {
    return Error(Errc::corrupt,
                 fmt::format("{}: the answer of {} bytes is not the expected message, request {}", doing,
                             body.size(), request_id));
  }
  return message;
}

}  // namespace sluice::tablestore
