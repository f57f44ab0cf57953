#pragma once
// A refused request: thrown at whatever depth finds the reason, turned into an error answer by the service.

#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::sandbox {

struct Refusal : std::runtime_error {
  Refusal(int http_status, std::string error_code, const std::string& message)
      : std::runtime_error(message), status(http_status), code(std::move(error_code)) {}
  int status;
  std::string code;
};

/// The most common refusal of Table Store.
inline Refusal invalid(const std::string& message) { return {400, "OTSParameterInvalid", message}; }

}  // namespace sluice::sandbox
