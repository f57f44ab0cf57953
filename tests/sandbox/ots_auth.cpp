#include "tests/sandbox/ots_auth.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/refusal.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace sluice::sandbox {
namespace {

constexpr std::int64_t kSkewMax = 15 * 60;

Refusal denied(const std::string& message) { return {403, "OTSAuthFailed", message}; }

bool is_v4(const Request& request) { return request.headers.contains("x-ots-signaturev4"); }

std::string string_to_sign(const Request& request) {
  std::string out = request.path + "\n" + request.method + "\n\n";
  for (const auto& [name, value] : request.headers)
    if (name.starts_with("x-ots-") && name != "x-ots-signature" && name != "x-ots-signaturev4")
      out += name + ":" + value + "\n";
  return out;
}

std::string v4_key(const Request& request, const std::string& secret) {
  std::string key = hmac_sha256("aliyun_v4" + secret, request.header("x-ots-signdate"));
  key = hmac_sha256(key, request.header("x-ots-signregion"));
  key = hmac_sha256(key, "ots");
  return base64_encode(hmac_sha256(key, "aliyun_v4_request"));
}

void check_headers(const Request& request) {
  for (const char* name :
       {"x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-instancename", "x-ots-contentmd5"})
    if (!request.headers.contains(name)) throw invalid(fmt::format("Missing header: {}.", name));
  if (!is_v4(request) && !request.headers.contains("x-ots-signature"))
    throw invalid("Missing header: x-ots-signature.");
}

void check_date(const Request& request) {
  const std::string date(request.header("x-ots-date"));
  const auto seconds = parse_iso8601(date);
  if (!seconds) throw invalid(fmt::format("Invalid date format: {}.", date));
  if (std::abs(*seconds - now_us() / 1'000'000) > kSkewMax)
    throw denied(fmt::format("Mismatch between system time and x-ots-date: {}.", date));
}

// How the service words these is not documented.
void check_sts_token(const Request& request, const AccessKey& key) {
  switch (check_token(key, request.header("x-ots-ststoken"))) {
    case TokenFault::none:
      return;
    case TokenFault::missing:
      throw denied("The security token is missing.");
    case TokenFault::wrong:
      throw denied("The security token is invalid.");
    case TokenFault::expired:
      throw denied("The security token has expired.");
  }
}

}  // namespace

void authenticate_ots(const Request& request, const KeyRing& keys) {
  check_headers(request);
  check_date(request);
  if (request.header("x-ots-apiversion") != "2015-12-31")
    throw invalid(fmt::format("Invalid API version: {}.", request.header("x-ots-apiversion")));
  const AccessKey* key = keys.find(request.header("x-ots-accesskeyid"));
  if (key == nullptr) throw denied("The AccessKeyID does not exist.");
  if (request.header("x-ots-contentmd5") != base64_encode(md5(request.body)))
    throw denied("Mismatch between MD5 value of request body and x-ots-contentmd5 in header.");
  const bool right =
      is_v4(request)
          ? same_secret(
                request.header("x-ots-signaturev4"),
                base64_encode(hmac_sha256(v4_key(request, key->secret), string_to_sign(request) + "ots")))
          : same_secret(request.header("x-ots-signature"),
                        base64_encode(hmac_sha1(key->secret, string_to_sign(request))));
  if (!right) throw denied("Signature mismatch.");
  check_sts_token(request, *key);
}

std::string ots_answer_key(const Request& request, const AccessKey& key) {
  return is_v4(request) ? v4_key(request, key.secret) : key.secret;
}

void sign_ots_answer(Response& response, const std::string& operation, const std::string& access_id,
                     const std::string& key) {
  Headers signed_headers;
  for (const auto& [name, value] : response.headers)
    if (name.starts_with("x-ots-")) signed_headers.emplace(name, value);
  std::string text;
  for (const auto& [name, value] : signed_headers) text += name + ":" + value + "\n";
  text += "/" + operation;
  response.set("Authorization", fmt::format("OTS {}:{}", access_id, base64_encode(hmac_sha1(key, text))));
}

}  // namespace sluice::sandbox
