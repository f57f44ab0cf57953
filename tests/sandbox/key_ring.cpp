#include "tests/sandbox/key_ring.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

}  // namespace

KeyRing::KeyRing(AccessKey permanent) {
  const std::string id = permanent.id;
  keys_.emplace(id, std::move(permanent));
}

const AccessKey* KeyRing::find(std::string_view id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

const AccessKey& KeyRing::issue(std::int64_t seconds) {
  const std::int64_t now = now_us();
  if (latest_ != nullptr && latest_->expires_us - now > seconds * kSecond / 2) return *latest_;
  AccessKey key;
  key.id = "STS.sandbox" + random_hex(16);
  key.secret = random_hex(32);
  key.token = "CAIS" + random_hex(60);
  // The metadata service tells whole seconds.
  key.expires_us = (now / kSecond + 1 + seconds) * kSecond;
  const std::string id = key.id;
  latest_ = &keys_.emplace(id, std::move(key)).first->second;
  return *latest_;
}

TokenFault check_token(const AccessKey& key, std::string_view token) {
  if (token != key.token) return token.empty() ? TokenFault::missing : TokenFault::wrong;
  return key.expires_us != 0 && now_us() >= key.expires_us ? TokenFault::expired : TokenFault::none;
}

}  // namespace sluice::sandbox
