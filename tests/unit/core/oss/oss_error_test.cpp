#include "core/oss/oss_error.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using oss::Retry;
using oss::ServerError;

namespace {

http::Response answer(int status, std::string body, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

ServerError error_of(int status, const std::string& code, const std::string& more = "") {
  return oss::parse_server_error(
      answer(status, "<Error><Code>" + code + "</Code><Message>why</Message>" + more + "</Error>",
             {{"x-oss-request-id", "5C9F"}}));
}

struct Case {
  int status;
  const char* code;
  Errc errc;
  Retry retry;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.code);
    const ServerError error = error_of(one.status, one.code);
    CHECK(oss::errc_of(error) == one.errc);
    CHECK(oss::retry_of(error) == one.retry);
  }
}

}  // namespace

TEST_CASE("oss errors: what may pass is repeated", "[oss_error]") {
  check({
      {500, "InternalError", Errc::unavailable, Retry::always},
      {503, "ServiceUnavailable", Errc::unavailable, Retry::always},
      {503, "SlowDown", Errc::throttled, Retry::always},
      {503, "DownloadTrafficRateLimitExceeded", Errc::throttled, Retry::always},
      {503, "UploadTrafficRateLimitExceeded", Errc::throttled, Retry::always},
      {503, "MetaOperationQpsLimitExceeded", Errc::throttled, Retry::always},
      {503, "TotalQpsLimitExceeded", Errc::throttled, Retry::always},
      {503, "ActiveRequestLimitExceeded", Errc::throttled, Retry::always},
      {503, "CpuLimitExceeded", Errc::throttled, Retry::always},
      {429, "Anything", Errc::throttled, Retry::always},
      {408, "Anything", Errc::unavailable, Retry::always},
      {502, "Anything", Errc::unavailable, Retry::always},
      {504, "Anything", Errc::unavailable, Retry::always},
      {400, "RequestTimeout", Errc::unavailable, Retry::always},
      {409, "OperationAborted", Errc::unavailable, Retry::always},
      {400, "IncompleteBody", Errc::unavailable, Retry::once},
      {400, "InvalidDigest", Errc::corrupt, Retry::once},
      {400, "InvalidCRC64", Errc::corrupt, Retry::once},
      {403, "RequestTimeTooSkewed", Errc::unauthenticated, Retry::correct_clock},
  });
}

TEST_CASE("oss errors: keys are asked for again when others may do", "[oss_error]") {
  check({
      {403, "InvalidAccessKeyId", Errc::unauthenticated, Retry::renew_keys},
      {403, "InvalidSecurityToken", Errc::unauthenticated, Retry::renew_keys},
      {403, "SecurityTokenExpired", Errc::unauthenticated, Retry::renew_keys},
      {403, "AccessKeyIdAndSecurityTokenNotMatch", Errc::unauthenticated, Retry::renew_keys},
      {403, "SecurityTokenNotSupported", Errc::unauthenticated, Retry::never},
      {403, "SignatureDoesNotMatch", Errc::unauthenticated, Retry::never},
      {403, "UserDisable", Errc::unauthenticated, Retry::never},
      {401, "Anything", Errc::unauthenticated, Retry::never},
  });
}

TEST_CASE("oss errors: what cannot pass is final", "[oss_error]") {
  check({
      {409, "PositionNotEqualToLength", Errc::conflict, Retry::never},
      {409, "ObjectNotAppendable", Errc::conflict, Retry::never},
      {409, "FileAlreadyExists", Errc::conflict, Retry::never},
      {409, "FileImmutable", Errc::conflict, Retry::never},
      {409, "BucketAlreadyExists", Errc::conflict, Retry::never},
      {409, "BucketNotEmpty", Errc::conflict, Retry::never},
      {409, "RestoreAlreadyInProgress", Errc::conflict, Retry::never},
      {412, "PreconditionFailed", Errc::conflict, Retry::never},
      {404, "NoSuchBucket", Errc::not_found, Retry::never},
      {404, "NoSuchKey", Errc::not_found, Retry::never},
      {404, "NoSuchUpload", Errc::not_found, Retry::never},
      {404, "NoSuchVersion", Errc::not_found, Retry::never},
      {404, "SymlinkTargetNotExist", Errc::not_found, Retry::never},
      {403, "AccessDenied", Errc::permission_denied, Retry::never},
      {403, "AccessForbidden", Errc::permission_denied, Retry::never},
      {403, "BucketDisable", Errc::permission_denied, Retry::never},
      {403, "KmsServiceNotEnabled", Errc::permission_denied, Retry::never},
      {400, "KmsServiceNotEnabled", Errc::permission_denied, Retry::never},
      {403, "InvalidObjectState", Errc::refused_by_state, Retry::never},
      {403, "SecondLevelDomainForbidden", Errc::invalid_argument, Retry::never},
      {403, "NonStandardHostForbidden", Errc::invalid_argument, Retry::never},
      {403, "PermanentRedirect", Errc::invalid_argument, Retry::never},
      {301, "Moved", Errc::invalid_argument, Retry::never},
      {307, "Moved", Errc::invalid_argument, Retry::never},
      {403, "Anything", Errc::permission_denied, Retry::never},
      {404, "Anything", Errc::not_found, Retry::never},
      {409, "Anything", Errc::conflict, Retry::never},
      {412, "Anything", Errc::conflict, Retry::never},
      {418, "Anything", Errc::invalid_argument, Retry::never},
      {416, "InvalidRange", Errc::invalid_argument, Retry::never},
      {411, "MissingContentLength", Errc::invalid_argument, Retry::never},
      {405, "MethodNotAllowed", Errc::invalid_argument, Retry::never},
      {501, "NotImplemented", Errc::invalid_argument, Retry::never},
  });
  for (const char* code :
       {"InvalidArgument", "MissingArgument", "InvalidBucketName", "InvalidObjectName", "InvalidPart",
        "InvalidPartOrder", "EntityTooSmall", "EntityTooLarge", "MalformedXML", "InvalidRequest",
        "NotImplemented", "TooManyBuckets", "FilePartNotExist", "InvalidEncryptionAlgorithmError",
        "BadRequest", "OperationNotSupported", "InvalidTargetType", "PartNotSequential"}) {
    check({{400, code, Errc::invalid_argument, Retry::never}});
  }
}

TEST_CASE("oss errors are described with cause, request and the way out", "[oss_error]") {
  CHECK(oss::describe(error_of(503, "SlowDown")) == "503 SlowDown: why, request 5C9F");
  CHECK(oss::describe(error_of(404, "NoSuchBucket")) ==
        "404 NoSuchBucket: why, request 5C9F; create the bucket or correct `bucket`");
  CHECK(oss::describe(error_of(403, "SecondLevelDomainForbidden")) ==
        "403 SecondLevelDomainForbidden: why, request 5C9F; leave out `addressing`: OSS takes no path style "
        "here");
}

TEST_CASE("oss errors tell the code of their cause", "[oss_error]") {
  CHECK(oss::describe(error_of(400, "InvalidArgument", "<EC>0017-00000279</EC>")) ==
        "400 InvalidArgument: why, request 5C9F, cause 0017-00000279");
  CHECK(oss::describe(oss::parse_server_error(answer(404, "", {{"x-oss-ec", "0026-00000001"}}))) ==
        "404 NoSuchKey, cause 0026-00000001");
}

TEST_CASE("oss errors take the cause of the head before that of the document", "[oss_error]") {
  const std::string body = "<Error><Code>X</Code><EC>inner</EC></Error>";
  CHECK(oss::parse_server_error(answer(400, body)).cause == "inner");
  CHECK(oss::parse_server_error(answer(400, body, {{"x-oss-ec", "outer"}})).cause == "outer");
}

TEST_CASE("oss errors that redirect tell the endpoint that the server names", "[oss_error]") {
  const ServerError moved = error_of(307, "Other", "<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>");
  CHECK(oss::errc_of(moved) == Errc::invalid_argument);
  CHECK(oss::describe(moved).ends_with("; set `endpoint` to oss-cn-beijing.aliyuncs.com"));
}

TEST_CASE("oss errors of a bucket elsewhere tell its endpoint", "[oss_error]") {
  for (const char* code : {"AccessDenied", "PermanentRedirect"}) {
    const ServerError error =
        error_of(403, code, "<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint><EC>0003-00001403</EC>");
    CHECK(oss::errc_of(error) == Errc::invalid_argument);
    CHECK(oss::retry_of(error) == Retry::never);
    CHECK(oss::describe(error) ==
          std::string("403 ") + code +
              ": why, request 5C9F, cause 0003-00001403; set `endpoint` to oss-cn-beijing.aliyuncs.com");
  }
  const ServerError other = error_of(404, "NoSuchKey", "<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>");
  CHECK(oss::errc_of(other) == Errc::not_found);
  CHECK(oss::describe(other) == "404 NoSuchKey: why, request 5C9F");
  CHECK(oss::describe(error_of(403, "PermanentRedirect")) ==
        "403 PermanentRedirect: why, request 5C9F; correct `endpoint`: it must be the one of the bucket's "
        "region");
}

TEST_CASE("oss errors without a readable body are told by their status", "[oss_error]") {
  CHECK(oss::describe(oss::parse_server_error(answer(404, ""))) == "404 NoSuchKey");
  CHECK(oss::parse_server_error(answer(403, "")).code == "AccessForbidden");
  CHECK(oss::parse_server_error(answer(412, "")).code == "PreconditionFailed");
  CHECK(oss::describe(oss::parse_server_error(answer(302, ""))) ==
        "302 no code; correct `endpoint`: it must be the one of the bucket's region");
  CHECK(oss::describe(oss::parse_server_error(answer(502, "<html>Bad Gateway</html>"))) == "502 no code");
  CHECK(oss::retry_of(oss::parse_server_error(answer(502, "gateway"))) == Retry::always);
}

TEST_CASE("oss errors of HEAD come from the header", "[oss_error]") {
  // <Error><Code>NoSuchBucket</Code></Error>
  const std::string encoded = "PEVycm9yPjxDb2RlPk5vU3VjaEJ1Y2tldDwvQ29kZT48L0Vycm9yPg==";
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", encoded}})).code == "NoSuchBucket");
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", "not base64"}})).code == "NoSuchKey");
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", "===="}})).code == "NoSuchKey");
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", "PEVy"}})).code == "NoSuchKey");
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", "!!!!"}})).code == "NoSuchKey");
  CHECK(oss::parse_server_error(answer(404, "", {{"x-oss-err", std::string(65'540, 'A')}})).code ==
        "NoSuchKey");
  // A body is believed before the header.
  CHECK(oss::parse_server_error(answer(404, "<Error><Code>Other</Code></Error>", {{"x-oss-err", encoded}}))
            .code == "Other");
}

TEST_CASE("oss error texts stay on one line and short", "[oss_error]") {
  const ServerError error = oss::parse_server_error(answer(
      400, "<Error><Code>X</Code><Message>a\nb\x1b[31m" + std::string(1000, 'x') + "</Message></Error>"));
  CHECK(error.message.size() == 300);
  CHECK(error.message.substr(0, 5) == "a b [");
}
