#pragma once
// The requests this program makes to OSS, with signatures, checks and retries.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/repeated_send.hpp"
#include "core/http/transport.hpp"
#include "core/job/job.hpp"
#include "core/objects/object_store.hpp"
#include "core/objects/store_xml.hpp"
#include "core/oss/oss_error.hpp"
#include "core/oss/signature.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::oss {

struct ClientOptions {
  std::string endpoint;  // with or without scheme, without the bucket
  std::string bucket;
  std::shared_ptr<http::CredentialsProvider> credentials;  // asked before each request
  std::string region;                                      // signature version 4; empty: version 1
  bool cname = false;                                      // the endpoint is a domain bound to the bucket
  job::Addressing addressing = job::Addressing::automatic;
  Duration step_limit = std::chrono::seconds(30);  // for each network step of a request
};

// How requests reach the bucket.
struct Address {
  http::Endpoint endpoint;  // to connect to
  std::string path_prefix;  // "/" or, path style, "/bucket/"
};

// With cname the endpoint as it is. Else, unless `addressing` says which: path style for IP addresses and
// localhost, the bucket in front of the host's name for all others. invalid_argument, saying what to correct:
// an unusable endpoint, bucket name or region, an endpoint that holds the bucket already, or an addressing
// that the endpoint cannot have.
Result<Address> address_of(const ClientOptions& options);

using objects::ListedObject;
using objects::ListedUpload;
using objects::ObjectHead;
using objects::ObjectPage;
using objects::ObjectTraits;
using objects::Part;

// Network failures, timeouts, 5xx, 408, 429 and a few codes are repeated (http::Attempts), each time signed
// anew; so are refused keys, once, if there are others. What
// is sent or received under a checksum is compared with it. Errors read "put object orders/x.csv: 503
// SlowDown: ..., request 5C9F..." and never hold a secret; only without an answer is there no request id.
// Bodies stay the caller's and must live until the call returns. Single-threaded.
class Client final : public objects::ObjectStore {
 public:
  // transport, clock and random must outlive the client.
  Client(http::Transport& transport, Clock& clock, Random& random, ClientOptions options, Address address,
         objects::OnRetry on_retry);

  awaitable<Result<void>> put_object(const std::string& object, std::string_view body,
                                     const ObjectTraits& traits) override;
  awaitable<Result<ObjectHead>> head_object(const std::string& object) override;
  awaitable<Result<std::string>> get_object(const std::string& object, std::size_t bytes_max) override;
  awaitable<Result<void>> delete_object(const std::string& object) override;

  awaitable<Result<std::string>> initiate_upload(const std::string& object,
                                                 const ObjectTraits& traits) override;
  awaitable<Result<Part>> upload_part(const std::string& object, const std::string& upload_id, int number,
                                      std::string_view body, std::uint64_t crc64) override;
  awaitable<Result<void>> complete_upload(const std::string& object, const std::string& upload_id,
                                          const std::vector<Part>& parts, std::uint64_t bytes,
                                          std::uint64_t crc64, const ObjectTraits& traits) override;
  awaitable<Result<void>> abort_upload(const std::string& object, const std::string& upload_id) override;

  awaitable<Result<std::vector<ListedUpload>>> list_uploads(const std::string& prefix) override;
  awaitable<Result<std::vector<ListedObject>>> list_objects(const std::string& prefix) override;

  // From a listing of one entry.
  awaitable<Result<bool>> object_exists(const std::string& object) override;

  // True once an initiate_upload() was repeated.
  bool may_have_lost_upload() const noexcept override { return initiate_repeated_; }

 private:
  // One operation, over all its attempts.
  struct Call {
    std::string doing;  // "put object orders/x.csv"
    std::string method;
    std::string object;  // empty: the bucket
    Queries queries;
    http::Headers headers{};  // beside those of date, keys and signature
    std::string_view body;
    std::optional<std::uint64_t> crc64;  // what the answer's checksum must be
    bool checks_answer = false;          // compare the checksum with the answer's body
    bool repeats_bad_checksum = true;
    bool sent_once = false;  // a second time it finds what the first one did
    std::size_t answer_bytes_max = 16 * 1024 * 1024;
    http::Attempts attempts{};
    Credentials credentials{};  // of the last attempt
  };
  using Failure = http::Failure;
  using Outcome = http::Outcome;

  static Error unusable(const Call& call, const http::Response& response, std::string_view why);
  Call object_call(std::string_view doing, const char* method, const std::string& object) const;
  Call bucket_call(std::string_view doing) const;
  awaitable<Outcome> send(Call& call);
  http::RepeatPorts repeat_ports() { return {*options_.credentials, clock_, random_, on_retry_}; }
  awaitable<Outcome> attempt(Call& call, Credentials credentials);
  http::Request sign(const Call& call) const;
  Outcome judge(const Call& call, Result<http::Response> answer);
  awaitable<Result<void>> made_before(std::string object, std::uint64_t bytes, std::uint64_t crc64,
                                      Error otherwise);
  awaitable<Result<ObjectPage>> list_page(const std::string& prefix, int entries_max,
                                          const std::string& marker, objects::ListingPlaces& places);

  http::Transport& transport_;
  Clock& clock_;
  Random& random_;
  ClientOptions options_;
  Address address_;
  objects::OnRetry on_retry_;
  Duration clock_offset_{0};  // the server's clock minus ours, once it refused a date of ours
  bool initiate_repeated_ = false;
};

}  // namespace sluice::oss
