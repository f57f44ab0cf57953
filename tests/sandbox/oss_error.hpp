#pragma once
// A refused OSS request: thrown where the reason is found, rendered as the error document.

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::sandbox {

struct OssError : std::runtime_error {
  OssError(int http_status, std::string error_code, const std::string& message)
      : std::runtime_error(message), status(http_status), code(std::move(error_code)) {}

  /// One more element of the document.
  OssError with(std::string name, std::string value) && {
    elements.emplace(std::move(name), std::move(value));
    return std::move(*this);
  }
  /// One more response header.
  OssError with_header(std::string name, std::string value) && {
    headers.emplace(std::move(name), std::move(value));
    return std::move(*this);
  }

  int status;
  std::string code;
  std::map<std::string, std::string> elements;
  std::map<std::string, std::string> headers;
};

inline OssError invalid_argument(const std::string& message, const std::string& name,
                                 const std::string& value) {
  return OssError(400, "InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value);
}

}  // namespace sluice::sandbox
