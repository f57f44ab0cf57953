#pragma once
// OSS as an HTTP service: addressing, authentication, dispatch, error documents, common headers.

#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"
#include "tests/sandbox/oss_store.hpp"

#include <optional>
#include <string>

namespace sluice::sandbox {

class OssService {
 public:
  OssService(ObjectStore& store, const KeyRing& keys) : store_(store), keys_(keys) {}

  static std::string operation(const Request& request);
  /// The error code goes to `error_code`, empty on success.
  Response handle(const Request& request, const std::optional<Fault>& fault, std::string& error_code);

 private:
  ObjectStore& store_;
  const KeyRing& keys_;
};

}  // namespace sluice::sandbox
