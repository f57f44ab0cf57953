#pragma once
// Table Store as an HTTP service: authentication, dispatch, errors, signed answers.

#include "tests/sandbox/catalog.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"

#include <optional>
#include <string>

namespace sluice::sandbox {

class OtsService {
 public:
  OtsService(Catalog& catalog, const KeyRing& keys) : catalog_(catalog), keys_(keys) {}

  /// Whether the request is meant for Table Store at all.
  static bool takes(const Request& request);
  static std::string operation(const Request& request);
  /// The error code goes to `error_code`, empty on success.
  Response handle(const Request& request, const std::optional<Fault>& fault, std::string& error_code);

 private:
  Response finish(const Request& request, Response response, const std::optional<Fault>& fault);

  Catalog& catalog_;
  const KeyRing& keys_;
};

}  // namespace sluice::sandbox
