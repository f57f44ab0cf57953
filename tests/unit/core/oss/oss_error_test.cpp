#include "core/oss/oss_error.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using oss::Retry;
using oss::ServerError;

namespace {

ServerError error_of(int status, const std::string& code) {
  return oss::parse_server_error(status, "<Error><Code>" + code + "</Code><Message>why</Message></Error>", "",
                                 "5C9F");
}

}  // namespace

TEST_CASE("oss errors map to what callers decide by", "[oss_error]") {
  struct Case {
    int status;
    const char* code;
    Errc errc;
    Retry retry;
  };
  const Case cases[] = {
      {403, "InvalidAccessKeyId", Errc::unauthenticated, Retry::renew_keys},
      {403, "SignatureDoesNotMatch", Errc::unauthenticated, Retry::never},
      {403, "SecurityTokenExpired", Errc::unauthenticated, Retry::renew_keys},
      {403, "InvalidSecurityToken", Errc::unauthenticated, Retry::renew_keys},
      {403, "AccessKeyIdAndSecurityTokenNotMatch", Errc::unauthenticated, Retry::renew_keys},
      {403, "SecurityTokenNotSupported", Errc::unauthenticated, Retry::never},
      {403, "AccessDenied", Errc::permission_denied, Retry::never},
      {403, "RequestTimeTooSkewed", Errc::unauthenticated, Retry::correct_clock},
      {404, "NoSuchBucket", Errc::not_found, Retry::never},
      {404, "NoSuchKey", Errc::not_found, Retry::never},
      {409, "FileAlreadyExists", Errc::conflict, Retry::never},
      {400, "InvalidArgument", Errc::invalid_argument, Retry::never},
      {400, "RequestTimeout", Errc::unavailable, Retry::always},
      {400, "IncompleteBody", Errc::unavailable, Retry::once},
      {400, "InvalidDigest", Errc::corrupt, Retry::once},
      {500, "InternalError", Errc::unavailable, Retry::always},
      {503, "ServiceUnavailable", Errc::unavailable, Retry::always},
      {503, "TotalQpsLimitExceeded", Errc::throttled, Retry::always},
      {429, "Anything", Errc::throttled, Retry::always},
      {408, "Anything", Errc::unavailable, Retry::always},
      {301, "Moved", Errc::invalid_argument, Retry::never},
  };
  for (const Case& one : cases) {
    CAPTURE(one.code);
    const ServerError error = error_of(one.status, one.code);
    CHECK(oss::errc_of(error) == one.errc);
    CHECK(oss::retry_of(error) == one.retry);
  }
}

TEST_CASE("oss errors are described with cause, request and the way out", "[oss_error]") {
  CHECK(oss::describe(error_of(503, "SlowDown")) == "503 SlowDown: why, request 5C9F");
  CHECK(oss::describe(error_of(404, "NoSuchBucket")) ==
        "404 NoSuchBucket: why, request 5C9F; create the bucket or correct `bucket`");
}

TEST_CASE("oss errors without a readable body are told by their status", "[oss_error]") {
  CHECK(oss::describe(oss::parse_server_error(404, "", "", "")) == "404 NoSuchKey");
  CHECK(oss::parse_server_error(403, "", "", "").code == "AccessForbidden");
  CHECK(oss::describe(oss::parse_server_error(502, "<html>Bad Gateway</html>", "", "")) == "502 no code");
  CHECK(oss::retry_of(oss::parse_server_error(502, "gateway", "", "")) == Retry::always);
}

TEST_CASE("oss errors of HEAD come from the header", "[oss_error]") {
  // <Error><Code>NoSuchBucket</Code></Error>
  const std::string encoded = "PEVycm9yPjxDb2RlPk5vU3VjaEJ1Y2tldDwvQ29kZT48L0Vycm9yPg==";
  CHECK(oss::parse_server_error(404, "", encoded, "").code == "NoSuchBucket");
  CHECK(oss::parse_server_error(404, "", "not base64", "").code == "NoSuchKey");
  CHECK(oss::parse_server_error(404, "", "====", "").code == "NoSuchKey");
}

TEST_CASE("oss error texts stay on one line and short", "[oss_error]") {
  const ServerError error = oss::parse_server_error(
      400, "<Error><Code>X</Code><Message>a\nb\x1b[31m" + std::string(1000, 'x') + "</Message></Error>", "",
      "");
  CHECK(error.message.size() == 300);
  CHECK(error.message.substr(0, 5) == "a b [");
}
