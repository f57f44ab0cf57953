#pragma once
// Sends one operation to an S3-compatible store: signs, judges, repeats.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/repeated_send.hpp"
#include "core/http/transport.hpp"
#include "core/objects/object_store.hpp"
#include "core/s3/address.hpp"
#include "core/s3/s3_error.hpp"
#include "core/s3/signature.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sluice::s3 {

// One operation, over all its attempts.
struct Call {
  std::string doing;  // "put object orders/x.csv"
  std::string method;
  std::string object;  // empty: the bucket
  Queries queries{};
  http::Headers headers{};  // beyond those of the signature
  std::string_view body{};
  std::string body_md5{};      // raw; not empty: sent along, and what an ETag that is an MD5 must be
  bool checks_answer = false;  // compare such an ETag with the answer's body
  bool sent_once = false;      // a second time it finds what the first one did
  bool may_fail_late = false;  // an error may come with status 200
  std::size_t answer_bytes_max = 16 * 1024 * 1024;
  http::Attempts attempts{};
  std::string payload{};            // x-amz-content-sha256, once known
  http::Credentials credentials{};  // of the last attempt
};

using http::Failure;
using http::Outcome;

// Where requests go, and with whose keys.
struct SenderOptions {
  Address address;
  std::shared_ptr<http::CredentialsProvider> credentials;  // asked before each attempt
  Duration step_limit = std::chrono::seconds(30);          // for each network step of a request
};

// Network failures, timeouts, 5xx, 408, 429 and a few codes are repeated (http::Attempts), each time signed
// anew; so are refused keys, once, if there are others. Bodies are signed by their SHA-256 over plain HTTP,
// where nothing else keeps them from being changed, and not over TLS. Errors never hold a secret.
class Sender {
 public:
  // transport, clock and random outlive it.
  Sender(http::Transport& transport, Clock& clock, Random& random, SenderOptions options,
         objects::OnRetry on_retry)
      : transport_(transport),
        clock_(clock),
        random_(random),
        options_(std::move(options)),
        on_retry_(std::move(on_retry)) {}

  awaitable<Outcome> send(Call& call);

 private:
  http::RepeatPorts repeat_ports() { return {*options_.credentials, clock_, random_, on_retry_}; }
  awaitable<Outcome> attempt(Call& call, http::Credentials credentials);
  http::Request sign(Call& call) const;
  Outcome judge(const Call& call, Result<http::Response> answer);
  static std::optional<std::string> bad_checksum(const Call& call, const http::Response& response);
  Failure refusal(const Call& call, const http::Response& response);

  http::Transport& transport_;
  Clock& clock_;
  Random& random_;
  SenderOptions options_;
  objects::OnRetry on_retry_;
  Duration clock_offset_{0};  // the server's clock minus ours, once it refused a date of ours
};

}  // namespace sluice::s3
