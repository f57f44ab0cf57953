#pragma once
// Temporary keys of this machine's RAM role, from the metadata service of the cloud (ECS).

#include "core/base/signal.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"

#include <functional>
#include <string_view>

namespace sluice::http {

struct RoleOptions {
  Endpoint endpoint;          // of the metadata service; never asked through a proxy
  std::string role = "auto";  // "auto": the one the machine has
};

// Reads the service's answer for a role. corrupt, never with a value of the answer, unless it is a JSON
// object with Code "Success" and usable keys.
Result<Credentials> parse_role_keys(std::string_view answer);

// Keeps the keys and fetches others in good time: when less than 10 minutes are left, or a third of their
// life where that is less. One fetch at a time: whoever asks meanwhile gets the old keys, or waits if they do
// not count any more. A passing failure is repeated twice. While a fetch fails and the old keys count, they
// are given and the next fetch waits for 30 s. Errors of get(): not_found (no such role), unavailable,
// timeout, throttled, permission_denied, corrupt, unauthenticated (the keys expired in the past: our clock is
// wrong).
class RoleCredentials final : public CredentialsProvider {
 public:
  using Notice = std::function<void(std::string_view line)>;

  // References must outlive the provider. `notice` is told of failed fetches that harm nobody yet; must not
  // throw.
  RoleCredentials(Executor executor, Clock& clock, Transport& transport, RoleOptions options, Notice notice);

  awaitable<Result<Credentials>> get() override;
  bool renew(const Credentials& refused) override;

 private:
  class Fetching;
  bool counts() const;  // whether the known keys may be used
  bool is_due() const;
  awaitable<Result<Credentials>> fetch();
  awaitable<Result<Credentials>> fetch_patiently();
  awaitable<Result<Credentials>> fetch_once();
  awaitable<Result<std::string>> open_session();
  awaitable<Result<std::string>> find_role(const std::string& session);
  awaitable<Result<Response>> ask(const char* method, std::string path, Headers headers);
  Error failed(Errc code, std::string_view reason) const;
  Error refused(const Response& answer) const;

  Clock& clock_;
  Transport& transport_;
  RoleOptions options_;
  Notice notice_;
  std::string doing_;
  std::optional<Credentials> known_;
  Instant fetch_at_{};        // when the known keys are to be replaced
  Duration not_before_{0};    // monotonic: no fetch earlier while the known keys count
  bool was_refused_ = false;  // a server did not accept the known keys
  bool fetching_ = false;
  Signal ended_;                  // of a fetch
  std::uint64_t fetches_ = 0;     // that ended with a result
  std::optional<Error> failure_;  // of the last one
};

}  // namespace sluice::http
