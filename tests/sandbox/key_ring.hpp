#pragma once
// The access keys that both services accept: the permanent one, and temporary ones given out as a RAM role's.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sluice::sandbox {

struct AccessKey {
  std::string id = "sandbox-id";
  std::string secret = "sandbox-secret";
  std::string token;            // of temporary keys; empty for the permanent one
  std::int64_t expires_us = 0;  // 0: never
};

/// What is wrong with the token that came with a key.
enum class TokenFault { none, missing, wrong, expired };

class KeyRing {
 public:
  explicit KeyRing(AccessKey permanent);

  /// Null for an id that was never given out. Expired keys are found.
  const AccessKey* find(std::string_view id) const;

  /// Keys good for `seconds` from now. The ones given out last, while more than half of that is left to them.
  const AccessKey& issue(std::int64_t seconds);

 private:
  std::map<std::string, AccessKey, std::less<>> keys_;
  const AccessKey* latest_ = nullptr;
};

/// `token` is what the request carries, empty without.
TokenFault check_token(const AccessKey& key, std::string_view token);

}  // namespace sluice::sandbox
