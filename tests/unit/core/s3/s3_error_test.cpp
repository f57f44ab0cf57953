#include "core/s3/s3_error.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using s3::Retry;

namespace {

http::Response answer_of(int status, const std::string& code, const std::string& extra = "") {
  http::Response answer;
  answer.status = status;
  answer.headers.emplace_back("x-amz-request-id", "7F");
  if (!code.empty())
    answer.body = "<Error><Code>" + code + "</Code><Message>why</Message>" + extra + "</Error>";
  return answer;
}

}  // namespace

TEST_CASE("s3 errors are sorted by code, then by status", "[s3_error]") {
  struct Case {
    int status;
    const char* code;
    Errc errc;
    Retry retry;
  };
  const Case cases[] = {
      {503, "SlowDown", Errc::throttled, Retry::always},
      {429, "TooManyRequests", Errc::throttled, Retry::always},
      {500, "InternalError", Errc::unavailable, Retry::always},
      {200, "InternalError", Errc::unavailable, Retry::always},
      {502, "", Errc::unavailable, Retry::always},
      {400, "RequestTimeout", Errc::unavailable, Retry::always},
      {400, "BadDigest", Errc::corrupt, Retry::once},
      {400, "ExpiredToken", Errc::unauthenticated, Retry::renew_keys},
      {403, "InvalidAccessKeyId", Errc::unauthenticated, Retry::renew_keys},
      {403, "SignatureDoesNotMatch", Errc::unauthenticated, Retry::never},
      {403, "RequestTimeTooSkewed", Errc::unauthenticated, Retry::correct_clock},
      {403, "AccessDenied", Errc::permission_denied, Retry::never},
      {403, "InvalidObjectState", Errc::refused_by_state, Retry::never},
      {404, "NoSuchBucket", Errc::not_found, Retry::never},
      {404, "", Errc::not_found, Retry::never},
      {409, "ConditionalRequestConflict", Errc::conflict, Retry::always},
      {412, "PreconditionFailed", Errc::conflict, Retry::never},
      {301, "PermanentRedirect", Errc::invalid_argument, Retry::never},
      {400, "MalformedXML", Errc::invalid_argument, Retry::never},
      {501, "NotImplemented", Errc::invalid_argument, Retry::never},
      {501, "", Errc::invalid_argument, Retry::never},
      {408, "", Errc::unavailable, Retry::always},
      {500, "", Errc::unavailable, Retry::always},
      {401, "", Errc::unauthenticated, Retry::never},
      {403, "", Errc::permission_denied, Retry::never},
      {409, "", Errc::conflict, Retry::never},
      {412, "", Errc::conflict, Retry::never},
      {301, "", Errc::invalid_argument, Retry::never},
      {307, "", Errc::invalid_argument, Retry::never},
      {302, "Found", Errc::invalid_argument, Retry::never},
      {400, "", Errc::invalid_argument, Retry::never},
      {418, "", Errc::invalid_argument, Retry::never},
  };
  for (const auto& [status, code, errc, retry] : cases) {
    CAPTURE(status, code);
    const auto error = s3::parse_server_error(answer_of(status, code));
    CHECK(s3::errc_of(error) == errc);
    CHECK(s3::retry_of(error) == retry);
  }
}

TEST_CASE("s3 errors say which region the bucket is in, and the way out", "[s3_error]") {
  CHECK(s3::describe(s3::parse_server_error(answer_of(404, "NoSuchBucket"))) ==
        "404 NoSuchBucket: why, request 7F; create the bucket or correct `bucket`");
  CHECK(s3::describe(s3::parse_server_error(
            answer_of(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"))) ==
        "400 AuthorizationHeaderMalformed: why, request 7F; the bucket is in eu-west-1: correct `region` and "
        "`endpoint`");
  http::Response redirect = answer_of(301, "");
  redirect.headers.emplace_back("x-amz-bucket-region", "eu-west-3");
  CHECK(s3::describe(s3::parse_server_error(redirect)) ==
        "301 PermanentRedirect, request 7F; the bucket is in eu-west-3: correct `region` and `endpoint`");
  CHECK(s3::describe(s3::parse_server_error(answer_of(301, "PermanentRedirect"))) ==
        "301 PermanentRedirect: why, request 7F; correct `region` and `endpoint`: they must be those of the "
        "bucket");
  CHECK(s3::describe(s3::parse_server_error(answer_of(400, "EntityTooSmall"))) ==
        "400 EntityTooSmall: why, request 7F; raise `blockSizeInMB`");
  CHECK(s3::describe(s3::parse_server_error(answer_of(503, "SlowDown"))) == "503 SlowDown: why, request 7F");
}

TEST_CASE("s3 errors without a document are called by their status, as answers to HEAD are", "[s3_error]") {
  const auto text = [](int status) { return s3::describe(s3::parse_server_error(answer_of(status, ""))); };
  CHECK(text(401) == "401 no code, request 7F; correct accessId and accessKey");
  CHECK(text(403).starts_with("403 AccessDenied, request 7F; grant this key s3:ListBucket"));
  CHECK(text(404) == "404 NoSuchKey, request 7F");
  CHECK(text(412) == "412 PreconditionFailed, request 7F");
  CHECK(text(501) == "501 NotImplemented, request 7F; this store cannot do what the job asks for");
  CHECK(text(307) ==
        "307 no code, request 7F; correct `region` and `endpoint`: they must be those of the bucket");
}

TEST_CASE("s3 errors take the request and the region of the head before those of the document",
          "[s3_error]") {
  const std::string inner = "<RequestId>inner</RequestId><Region>eu-west-1</Region>";
  http::Response answer = answer_of(301, "PermanentRedirect", inner);
  CHECK(s3::parse_server_error(answer).request_id == "7F");
  CHECK(s3::parse_server_error(answer).region == "eu-west-1");
  answer.headers = {{"x-amz-bucket-region", "eu-west-3"}};
  CHECK(s3::parse_server_error(answer).request_id == "inner");
  CHECK(s3::parse_server_error(answer).region == "eu-west-3");
}
