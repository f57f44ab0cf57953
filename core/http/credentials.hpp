#pragma once
// Access keys as both services take them, and where a client gets them.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sluice::http {

struct Credentials {
  std::string access_id;
  Secret key;
  Secret token{};                    // of temporary (STS) keys; empty without
  std::optional<Instant> expires{};  // of temporary keys whose issuer says it
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// Single-threaded; calls may overlap. One provider may serve many clients.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  // Keys for the next request. An error is final: what may pass was repeated.
  virtual awaitable<Result<Credentials>> get() = 0;

  // A server does not accept `refused`, which get() gave. True: get() may give others from now on.
  virtual bool renew(const Credentials& refused) = 0;
};

// Always the same keys.
std::shared_ptr<CredentialsProvider> fixed_credentials(Credentials credentials);

// `text` with "******" for key and token, whole or cut: a server may print what it received.
std::string masked(std::string text, const Credentials& credentials);

}  // namespace sluice::http
