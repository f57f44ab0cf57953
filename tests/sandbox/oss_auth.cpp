// Signatures V1 and V4 of OSS, in headers and in the query.
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_request.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <set>

namespace sluice::sandbox {
namespace {

constexpr std::int64_t kSkewMax = 15 * 60;
constexpr std::int64_t kPresignedMax = 7 * 24 * 3600;
constexpr std::string_view kV4 = "OSS4-HMAC-SHA256";

OssError denied(const std::string& message) { return {403, "AccessDenied", message}; }

// Query parameters that V1 signs, with a blank around each.
constexpr std::string_view kSignedParameters =
    " acl append bucketInfo continuation-token delete location objectMeta partNumber position security-token "
    "sequential stat uploadId uploads response-content-type response-content-language response-expires "
    "response-cache-control response-content-disposition response-content-encoding asyncFetch callback "
    "callback-var cloudboxes cname comp cors encryption endTime group httpsConfig img inventory inventoryId "
    "lifecycle link live logging metaQuery objectInfo policy qos qosInfo referer regionList replication "
    "replicationLocation replicationProgress requestPayment resourceGroup restore startTime status style "
    "styleName symlink tagging transferAcceleration udf udfName udfImage udfImageDesc udfApplication "
    "udfApplicationLog versionId versioning versions vip vod vpcip website worm wormId wormExtend "
    "accessPoint "
    "accessPointPolicy bucketArchiveDirectRead publicAccessBlock redundancyTransition qosRequester "
    "requesterQosInfo resourcePool resourcePoolInfo resourcePoolBuckets ";

bool is_signed(const std::string& name) {
  return name.starts_with("x-oss-") || kSignedParameters.find(" " + name + " ") != std::string_view::npos;
}

void check_skew(std::optional<std::int64_t> seconds, std::int64_t time_us) {
  if (!seconds) throw denied("OSS authentication requires a valid Date.");
  if (std::abs(*seconds - time_us / 1'000'000) <= kSkewMax) return;
  throw OssError(403, "RequestTimeTooSkewed",
                 "The difference between the request time and the current time is too large.")
      .with("MaxAllowedSkewMilliseconds", "900000")
      .with("RequestTime", oss_time(*seconds * 1'000'000))
      .with("ServerTime", oss_time(time_us))
      .with("EC", "0002-00000504");
}

std::string_view token_of(const Request& http) {
  for (const char* name : {"security-token", "x-oss-security-token"})
    if (http.has_query(name)) return http.query_value(name);
  return http.header("x-oss-security-token");
}

const AccessKey& key_of(const KeyRing& keys, const std::string& given, const Request& http) {
  const AccessKey* key = keys.find(given);
  // Temporary keys without their token are not known, either.
  if (key == nullptr || check_token(*key, token_of(http)) == TokenFault::missing)
    throw OssError(403, "InvalidAccessKeyId",
                   "The OSS Access Key Id you provided does not exist in our records.")
        .with("OSSAccessKeyId", given);
  return *key;
}

void check_security_token(const AccessKey& key, const Request& http) {
  const TokenFault fault = check_token(key, token_of(http));
  if (fault == TokenFault::wrong)
    throw OssError(403, "InvalidSecurityToken", "The security token you provided is invalid.");
  if (fault == TokenFault::expired)
    throw OssError(403, "SecurityTokenExpired", "The security token you provided has expired.");
}

[[noreturn]] void mismatch(const std::string& access_id, const std::string& provided,
                           const std::string& text) {
  std::string bytes;
  for (const char c : text) bytes += hex_lower(std::string_view(&c, 1)) + " ";
  if (!bytes.empty()) bytes.pop_back();
  throw OssError(
      403, "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and "
      "signing method.")
      .with("OSSAccessKeyId", access_id)
      .with("SignatureProvided", provided)
      .with("StringToSign", text)
      .with("StringToSignBytes", bytes);
}

std::string v1_string_to_sign(const OssRequest& request, std::string_view date) {
  const Request& http = request.http;
  std::string out = fmt::format("{}\n{}\n{}\n{}\n", http.method, http.header("content-md5"),
                                http.header("content-type"), date);
  for (const auto& [name, value] : http.headers)
    if (name.starts_with("x-oss-")) out += name + ":" + value + "\n";
  out += request.resource();
  char separator = '?';
  for (const auto& [name, value] : http.query) {
    if (!is_signed(name)) continue;
    out += separator + name + (value.empty() ? "" : "=" + value);
    separator = '&';
  }
  return out;
}

void check_v1(const OssRequest& request, const std::string& given_id, const std::string& signature,
              std::string_view date, const KeyRing& keys) {
  const AccessKey& key = key_of(keys, given_id, request.http);
  const std::string text = v1_string_to_sign(request, date);
  if (!same_secret(base64_encode(hmac_sha1(key.secret, text)), signature))
    mismatch(given_id, signature, text);
  check_security_token(key, request.http);
}

struct V4 {
  std::string access_id;
  std::string day;
  std::string region;
  std::string product;
  std::string date;
  std::string signature;
  std::set<std::string> additional;

  void set_credential(const std::string& credential) {
    std::vector<std::string> fields(1);
    for (const char c : credential) {
      if (c == '/')
        fields.emplace_back();
      else
        fields.back() += c;
    }
    if (fields.size() != 5 || fields[4] != "aliyun_v4_request" || fields[3] != "oss")
      throw invalid_argument("The Credential of the authorization is malformed.", "Credential", credential);
    access_id = fields[0];
    day = fields[1];
    region = fields[2];
    product = fields[3];
  }
  void set_additional(std::string_view names) {
    while (!names.empty()) {
      const std::size_t end = std::min(names.find(';'), names.size());
      if (end == 0) throw invalid_argument("Empty name in AdditionalHeaders.", "AdditionalHeaders", "");
      additional.emplace(names.substr(0, end));
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
};

std::string canonical_request(const OssRequest& request, const V4& v4) {
  const Request& http = request.http;
  std::map<std::string, std::string> query;
  for (const auto& [name, value] : http.query)
    if (name != "x-oss-signature") query.emplace(url_encode(name, false), url_encode(value, false));
  std::string out = http.method + "\n" + url_encode(request.resource(), true) + "\n";
  std::string separator;
  for (const auto& [name, value] : query) {
    out += separator + name + (value.empty() ? "" : "=" + value);
    separator = "&";
  }
  out += "\n";
  for (const auto& [name, value] : http.headers)
    if (name == "content-type" || name == "content-md5" || name.starts_with("x-oss-") ||
        v4.additional.contains(name))
      out += name + ":" + value + "\n";
  out += "\n";
  separator.clear();
  for (const std::string& name : v4.additional) {
    out += separator + name;
    separator = ";";
  }
  const std::string_view payload = http.header("x-oss-content-sha256");
  return out + "\n" + std::string(payload.empty() ? "UNSIGNED-PAYLOAD" : payload);
}

void check_v4(const OssRequest& request, const V4& v4, const KeyRing& keys) {
  const AccessKey& known = key_of(keys, v4.access_id, request.http);
  if (!v4.date.starts_with(v4.day))
    throw invalid_argument("The date of the credential differs from x-oss-date.", "Credential", v4.day);
  const std::string scope = fmt::format("{}/{}/{}/aliyun_v4_request", v4.day, v4.region, v4.product);
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", kV4, v4.date, scope, hex_lower(sha256(canonical_request(request, v4))));
  std::string key = hmac_sha256("aliyun_v4" + known.secret, v4.day);
  key = hmac_sha256(hmac_sha256(hmac_sha256(key, v4.region), v4.product), "aliyun_v4_request");
  if (!same_secret(hex_lower(hmac_sha256(key, text)), v4.signature))
    mismatch(v4.access_id, v4.signature, text);
  check_security_token(known, request.http);
}

// "OSS4-HMAC-SHA256 Credential=..,AdditionalHeaders=..,Signature=..", in any order, blanks allowed.
V4 parse_v4_header(std::string_view header) {
  V4 out;
  std::string_view rest = header.substr(kV4.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view field = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string value(field.substr(equals + 1));
    const std::string_view name = field.substr(0, equals);
    if (name == "Credential")
      out.set_credential(value);
    else if (name == "Signature")
      out.signature = value;
    else if (name == "AdditionalHeaders")
      out.set_additional(value);
  }
  if (out.access_id.empty() || out.signature.empty())
    throw invalid_argument("The authorization header is malformed.", "Authorization", std::string(header));
  return out;
}

void check_header(const OssRequest& request, const KeyRing& keys, std::int64_t time_us) {
  const Request& http = request.http;
  const std::string_view authorization = http.header("authorization");
  const std::string_view own_date = http.header("x-oss-date");
  if (authorization.starts_with(kV4)) {
    V4 v4 = parse_v4_header(authorization);
    v4.date = std::string(own_date);
    check_skew(parse_basic_iso8601(own_date), time_us);
    return check_v4(request, v4, keys);
  }
  const std::size_t colon = authorization.rfind(':');
  if (!authorization.starts_with("OSS ") || colon == std::string_view::npos)
    throw invalid_argument("Authorization header is invalid.", "Authorization", std::string(authorization));
  const std::string_view date = own_date.empty() ? http.header("date") : own_date;
  check_skew(parse_rfc1123(date), time_us);
  check_v1(request, std::string(authorization.substr(4, colon - 4)),
           std::string(authorization.substr(colon + 1)), date, keys);
}

std::int64_t number_of(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

void check_query(const OssRequest& request, const KeyRing& keys, std::int64_t time_us) {
  const Request& http = request.http;
  const std::int64_t now = time_us / 1'000'000;
  if (http.has_query("x-oss-signature-version")) {
    V4 v4;
    v4.set_credential(std::string(http.query_value("x-oss-credential")));
    v4.set_additional(http.query_value("x-oss-additional-headers"));
    v4.date = std::string(http.query_value("x-oss-date"));
    v4.signature = std::string(http.query_value("x-oss-signature"));
    const auto signed_at = parse_basic_iso8601(v4.date);
    const std::int64_t valid = number_of(http.query_value("x-oss-expires"));
    if (!signed_at || valid <= 0 || valid > kPresignedMax) throw denied("The presigned URL is malformed.");
    if (now > *signed_at + valid) throw denied("Request has expired.");
    return check_v4(request, v4, keys);
  }
  for (const char* name : {"Expires", "OSSAccessKeyId", "Signature"})
    if (!http.has_query(name)) throw denied(fmt::format("Query string authentication requires {}.", name));
  if (now > number_of(http.query_value("Expires"))) throw denied("Request has expired.");
  check_v1(request, std::string(http.query_value("OSSAccessKeyId")),
           std::string(http.query_value("Signature")), http.query_value("Expires"), keys);
}

}  // namespace

void authenticate_oss(const OssRequest& request, const KeyRing& keys, const std::string& bucket_acl,
                      std::int64_t time_us) {
  const Request& http = request.http;
  const bool in_header = http.headers.contains("authorization");
  const bool in_query =
      http.has_query("Signature") || http.has_query("Expires") || http.has_query("x-oss-signature");
  if (in_header && in_query)
    throw invalid_argument("Authentication in header and in query at the same time.", "Authorization", "");
  if (in_header) return check_header(request, keys, time_us);
  if (in_query) return check_query(request, keys, time_us);
  const bool read = (http.method == "GET" || http.method == "HEAD") && !request.key.empty();
  if (read && bucket_acl.starts_with("public-read")) return;
  throw denied("You have no right to access this object because of bucket acl.");
}

}  // namespace sluice::sandbox
