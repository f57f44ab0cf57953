#include "core/s3/s3_error.hpp"

#include "core/objects/store_xml.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::s3 {
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
    "grant this key s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, "
    "s3:DeleteObject "
    "and s3:AbortMultipartUpload on the bucket";
constexpr std::string_view kCheckRegion = "correct `region` and `endpoint`: they must be those of the bucket";

// Codes whose meaning differs from that of their status.
constexpr std::array kRules = {
    Rule{"InvalidAccessKeyId", Errc::unauthenticated, Retry::renew_keys, kCheckKey},
    Rule{"SignatureDoesNotMatch", Errc::unauthenticated, Retry::never, kCheckKey},
    Rule{"InvalidToken", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"ExpiredToken", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"TokenRefreshRequired", Errc::unauthenticated, Retry::renew_keys, kCheckToken},
    Rule{"RequestTimeTooSkewed", Errc::unauthenticated, Retry::correct_clock,
         "set the clock of this machine"},
    Rule{"AccessDenied", Errc::permission_denied, Retry::never, kCheckRights},
    Rule{"PermanentRedirect", Errc::invalid_argument, Retry::never, kCheckRegion},
    Rule{"TemporaryRedirect", Errc::invalid_argument, Retry::never, kCheckRegion},
    Rule{"AuthorizationHeaderMalformed", Errc::invalid_argument, Retry::never, kCheckRegion},
    Rule{"InvalidObjectState", Errc::refused_by_state, Retry::never, "restore the archived object first"},
    Rule{"NoSuchBucket", Errc::not_found, Retry::never, "create the bucket or correct `bucket`"},
    Rule{"EntityTooSmall", Errc::invalid_argument, Retry::never, "raise `blockSizeInMB`"},
    Rule{"NotImplemented", Errc::invalid_argument, Retry::never,
         "this store cannot do what the job asks for"},
    Rule{"RequestTimeout", Errc::unavailable, Retry::always, ""},
    Rule{"IncompleteBody", Errc::unavailable, Retry::once, ""},
    Rule{"BadDigest", Errc::corrupt, Retry::once, ""},
    Rule{"XAmzContentSHA256Mismatch", Errc::corrupt, Retry::once, ""},
    Rule{"OperationAborted", Errc::unavailable, Retry::always, ""},
    Rule{"ConditionalRequestConflict", Errc::conflict, Retry::always, ""},
    Rule{"InternalError", Errc::unavailable, Retry::always, ""},
    Rule{"ServiceUnavailable", Errc::unavailable, Retry::always, ""},
    Rule{"SlowDown", Errc::throttled, Retry::always, ""},
    Rule{"Throttling", Errc::throttled, Retry::always, ""},
    Rule{"RequestLimitExceeded", Errc::throttled, Retry::always, ""},
};

Rule rule_of_status(int status) {
  if (status == 429) return {"", Errc::throttled, Retry::always, ""};
  if (status == 408 || status >= 500) return {"", Errc::unavailable, Retry::always, ""};
  if (status == 404) return {"", Errc::not_found, Retry::never, ""};
  if (status == 401) return {"", Errc::unauthenticated, Retry::never, kCheckKey};
  if (status == 403) return {"", Errc::permission_denied, Retry::never, kCheckRights};
  if (status == 409 || status == 412) return {"", Errc::conflict, Retry::never, ""};
  if (status >= 300 && status < 400) return {"", Errc::invalid_argument, Retry::never, kCheckRegion};
  return {"", Errc::invalid_argument, Retry::never, ""};
}

Rule rule_of(const ServerError& error) {
  for (const Rule& rule : kRules) {
    if (rule.code == error.code) return rule;
  }
  return rule_of_status(error.status);
}

std::string code_of_status(int status) {
  if (status == 301) return "PermanentRedirect";
  if (status == 403) return "AccessDenied";
  if (status == 404) return "NoSuchKey";
  if (status == 412) return "PreconditionFailed";
  if (status == 501) return "NotImplemented";
  return "no code";
}

}  // namespace

ServerError parse_server_error(const http::Response& answer) {
  ServerError error;
  error.status = answer.status;
  error.request_id = objects::one_line(answer.header("x-amz-request-id"));
  error.region = objects::one_line(answer.header("x-amz-bucket-region"));
  if (const auto document = objects::parse_error_document(answer.body)) {
    error.code = document->code;
    error.message = document->message;
    error.server_time = document->server_time;
    if (error.request_id.empty()) error.request_id = document->request_id;
    if (error.region.empty()) error.region = document->region;
  }
  if (error.code.empty()) error.code = code_of_status(answer.status);
  return error;
}

Retry retry_of(const ServerError& error) { return rule_of(error).retry; }

Errc errc_of(const ServerError& error) { return rule_of(error).errc; }

std::string describe(const ServerError& error) {
  std::string text = fmt::format("{} {}", error.status, error.code);
  if (!error.message.empty()) text += ": " + error.message;
  if (!error.request_id.empty()) text += ", request " + error.request_id;
  const Rule rule = rule_of(error);
  if (rule.way_out == kCheckRegion && !error.region.empty()) {
    return text + fmt::format("; the bucket is in {}: correct `region` and `endpoint`", error.region);
  }
  if (!rule.way_out.empty()) text += fmt::format("; {}", rule.way_out);
  return text;
}

}  // namespace sluice::s3
