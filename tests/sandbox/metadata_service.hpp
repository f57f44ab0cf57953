#pragma once
// The metadata service of a machine in the cloud, as far as the keys of its RAM role go.

#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"

#include <map>
#include <string>

namespace sluice::sandbox {

class MetadataService {
 public:
  /// Keys of `role`, each good for `seconds`.
  MetadataService(KeyRing& keys, std::string role, std::int64_t seconds)
      : keys_(keys), role_(std::move(role)), seconds_(seconds) {}

  /// GetToken, ListRoles, GetKeys or Unknown.
  static std::string operation(const Request& request);
  Response handle(const Request& request, const std::optional<Fault>& fault);

 private:
  Response open_session(const Request& request);
  Response keys_of(const std::string& role);

  KeyRing& keys_;
  std::string role_;
  std::int64_t seconds_;
  std::map<std::string, std::int64_t, std::less<>> sessions_;  // when each expires, in microseconds
};

}  // namespace sluice::sandbox
