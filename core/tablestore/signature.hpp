#pragma once
// Signatures V2 and V4 of requests and answers, and the dates they carry. Pure.

#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"

#include <string>
#include <string_view>

namespace sluice::tablestore {

using http::Credentials;

// What one request is signed and its answer checked with.
struct SigningKey {
  std::string access_id;
  Secret secret;  // V2: the key itself; V4: the text derived from it
};

// The text that V4 signs with: base64 of the key derived for a UTC day ("20240517") and a region
// ("cn-hangzhou").
Secret derive_v4_secret(const Secret& key, std::string_view day, std::string_view region);

// Keeps what was derived last: a key signs the requests of a whole day.
class V4Secrets {
 public:
  explicit V4Secrets(std::string region) : region_(std::move(region)) {}
  const Secret& get(const Secret& key, const std::string& day);

 private:
  std::string region_;
  std::string day_;
  Secret key_;
  Secret derived_;
};

// What V2 signs: the operation and all x-ots-* headers but the signature itself. V4 appends "ots".
std::string request_string_to_sign(std::string_view operation, const http::Headers& headers);

// Value of x-ots-signature (V2), and of x-ots-signaturev4.
std::string request_signature(std::string_view operation, const http::Headers& headers, const Secret& secret);
std::string request_signature_v4(std::string_view operation, const http::Headers& headers,
                                 const Secret& secret);

std::string answer_string_to_sign(std::string_view operation, const http::Headers& headers);

// The value that the Authorization header of a genuine answer has, whichever version signed the request.
std::string answer_authorization(std::string_view operation, const http::Headers& headers,
                                 const SigningKey& key);

// corrupt, naming what is wrong, unless `answer` is complete and genuine: the five headers every answer has,
// the MD5 of the body, the signature. An answer that reports an error may lack headers; those it has must be
// right, except that nobody can sign for an unknown or wrong key (`code` is OTSAuthFailed). The MD5 may also
// be `packed_md5`, that of the body as it came, if it came compressed.
Result<void> verify_answer(std::string_view operation, const SigningKey& key, const http::Response& answer,
                           std::string_view code, std::string_view packed_md5 = {});

// "20240517", in UTC.
std::string format_sign_day(Instant time);

// "2024-05-17T08:09:10.123Z"
std::string format_ots_date(Instant time);

}  // namespace sluice::tablestore
