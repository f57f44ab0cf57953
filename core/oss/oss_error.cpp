#include "core/oss/oss_error.hpp"

#include "core/objects/store_xml.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <optional>

namespace sluice::oss {
namespace {

struct Rule {
  std::string_view code;
  Errc errc;
  Retry retry;
  std::string_view way_out;
};

constexpr std::string_view kCheckKey = "correct accessId and accessKey";
constexpr std::string_view kCheckToken = "get a new security token";
constexpr std::string_view kCheckRights =
    "grant this key oss:ListObjects, oss:ListMultipartUploads, oss:GetObject, oss:PutObject, "
    "oss:DeleteObject and oss:AbortMultipartUpload on the bucket";
constexpr std::string_view kCheckEndpoint = "correct `endpoint`: it must be the one of the bucket's region";
constexpr std::string_view kCheckDomain =
    "correct `endpoint`, or bind the domain to the bucket and say `cname: true`";
constexpr std::string_view kCheckAddressing = "leave out `addressing`: OSS takes no path style here";
constexpr std::string_view kCheckKms = "open KMS for the account, or leave out the server-side encryption";

// Codes whose meaning differs from that of their status.
constexpr std::array kRules = {
    Rule{"InvalidAccessKeyId", Errc::unauthenticated, Retry::renew_keys, kCheckKey},
    Rule{"SignatureDoesNotMatch", Errc::unauthenticated, Retry::never, kCheckKey},
    Rule{"UserDisable", Errc::unauthenticated, Retry::never, "check that the account is active and paid"},
    Rule{"InvalidSecurityToken", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"SecurityTokenExpired", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"AccessKeyIdAndSecurityTokenNotMatch", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"SecurityTokenNotSupported", Errc::unauthenticated, Retry::never, kCheckToken},
    Rule{"RequestTimeTooSkewed", Errc::unauthenticated, Retry::correct_clock,
         "set the clock of this machine"},
    Rule{"AccessDenied", Errc::permission_denied, Retry::never, kCheckRights},
    Rule{"AccessForbidden", Errc::permission_denied, Retry::never, kCheckRights},
    Rule{"BucketDisable", Errc::permission_denied, Retry::never, ""},
    Rule{"SecondLevelDomainForbidden", Errc::invalid_argument, Retry::never, kCheckAddressing},
    Rule{"NonStandardHostForbidden", Errc::invalid_argument, Retry::never, kCheckDomain},
    Rule{"PermanentRedirect", Errc::invalid_argument, Retry::never, kCheckEndpoint},
    Rule{"KmsServiceNotEnabled", Errc::permission_denied, Retry::never, kCheckKms},
    Rule{"InvalidObjectState", Errc::refused_by_state, Retry::never, "restore the archived object first"},
    Rule{"NoSuchBucket", Errc::not_found, Retry::never, "create the bucket or correct `bucket`"},
    Rule{"RequestTimeout", Errc::unavailable, Retry::always, ""},
    Rule{"IncompleteBody", Errc::unavailable, Retry::once, ""},
    Rule{"InvalidDigest", Errc::corrupt, Retry::once, ""},
    Rule{"InvalidCRC64", Errc::corrupt, Retry::once, ""},
    Rule{"OperationAborted", Errc::unavailable, Retry::always, ""},
    Rule{"ServiceUnavailable", Errc::unavailable, Retry::always, ""},
    Rule{"SlowDown", Errc::throttled, Retry::always, ""},
    Rule{"DownloadTrafficRateLimitExceeded", Errc::throttled, Retry::always, ""},
    Rule{"UploadTrafficRateLimitExceeded", Errc::throttled, Retry::always, ""},
    Rule{"MetaOperationQpsLimitExceeded", Errc::throttled, Retry::always, ""},
    Rule{"TotalQpsLimitExceeded", Errc::throttled, Retry::always, ""},
    Rule{"ActiveRequestLimitExceeded", Errc::throttled, Retry::always, ""},
    Rule{"CpuLimitExceeded", Errc::throttled, Retry::always, ""},
};

Rule rule_of_status(int status) {
  if (status == 429) return {"", Errc::throttled, Retry::always, ""};
  if (status == 501) return {"", Errc::invalid_argument, Retry::never, ""};
  if (status == 408 || status >= 500) return {"", Errc::unavailable, Retry::always, ""};
  if (status == 404) return {"", Errc::not_found, Retry::never, ""};
  if (status == 401) return {"", Errc::unauthenticated, Retry::never, kCheckKey};
  if (status == 403) return {"", Errc::permission_denied, Retry::never, kCheckRights};
  if (status == 409 || status == 412) return {"", Errc::conflict, Retry::never, ""};
  if (status >= 300 && status < 400) return {"", Errc::invalid_argument, Retry::never, kCheckEndpoint};
  return {"", Errc::invalid_argument, Retry::never, ""};
}

// Whether all that is wrong is the endpoint, and the server names the right one.
bool is_elsewhere(const ServerError& error) {
  const bool redirected = error.code == "AccessDenied" || error.code == "PermanentRedirect" ||
                          (error.status >= 300 && error.status < 400);
  return redirected && !error.endpoint.empty();
}

Rule rule_of(const ServerError& error) {
  if (is_elsewhere(error)) return {"", Errc::invalid_argument, Retry::never, ""};
  for (const Rule& rule : kRules) {
    if (rule.code == error.code) return rule;
  }
  return rule_of_status(error.status);
}

std::string code_of_status(int status) {
  if (status == 403) return "AccessForbidden";
  if (status == 404) return "NoSuchKey";
  if (status == 412) return "PreconditionFailed";
  return "no code";
}

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::size_t kBytesMax = 64 * 1024;
  if (text.empty() || text.size() % 4 != 0 || text.size() > kBytesMax) return std::nullopt;
  std::string decoded(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  for (std::size_t padding = text.size() - 1; text[padding] == '=' && !decoded.empty(); --padding)
    decoded.pop_back();
  return decoded;
}

}  // namespace

ServerError parse_server_error(const http::Response& response) {
  ServerError error;
  error.status = response.status;
  error.request_id = objects::one_line(response.header("x-oss-request-id"));
  error.cause = objects::one_line(response.header("x-oss-ec"));
  std::optional<std::string> decoded;
  if (response.body.empty()) decoded = decode_base64(response.header("x-oss-err"));
  const auto document = objects::parse_error_document(decoded ? *decoded : response.body);
  if (document) {
    error.code = document->code;
    error.message = document->message;
    error.endpoint = document->endpoint;
    error.server_time = document->server_time;
    if (error.request_id.empty()) error.request_id = document->request_id;
    if (error.cause.empty()) error.cause = document->cause;
  }
  if (error.code.empty()) error.code = code_of_status(response.status);
  return error;
}

Retry retry_of(const ServerError& error) { return rule_of(error).retry; }

Errc errc_of(const ServerError& error) { return rule_of(error).errc; }

std::string describe(const ServerError& error) {
  std::string text = fmt::format("{} {}", error.status, error.code);
  if (!error.message.empty()) text += ": " + error.message;
  if (!error.request_id.empty()) text += ", request " + error.request_id;
  if (!error.cause.empty()) text += ", cause " + error.cause;
  if (is_elsewhere(error)) return text + fmt::format("; set `endpoint` to {}", error.endpoint);
  const Rule rule = rule_of(error);
  if (!rule.way_out.empty()) text += fmt::format("; {}", rule.way_out);
  return text;
}

}  // namespace sluice::oss
