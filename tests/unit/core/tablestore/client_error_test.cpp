#include "core/tablestore/ots_error.hpp"
#include "core/tablestore/retry.hpp"
#include "tests/unit/core/tablestore/client_fixture.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono_literals;

TEST_CASE("errors: each server code has its meaning and its retry class", "[tablestore]") {
  struct Case {
    int status;
    const char* code;
    const char* message;
    Errc errc;
    RetryClass retry;
  };
  const std::vector<Case> cases = {
      {403, "OTSAuthFailed", "Signature mismatch.", Errc::unauthenticated, RetryClass::never},
      {403, "OTSNoPermissionAccess", "", Errc::permission_denied, RetryClass::never},
      {400, "OTSParameterInvalid", "", Errc::invalid_argument, RetryClass::never},
      {400, "OTSInvalidPK", "", Errc::invalid_argument, RetryClass::never},
      {403, "OTSConditionCheckFail", "", Errc::conflict, RetryClass::never},
      {403, "OTSQuotaExhausted", "Too frequent table operations.", Errc::throttled, RetryClass::always},
      {403, "OTSQuotaExhausted", "Number of tables exceeded the quota.", Errc::refused_by_state,
       RetryClass::never},
      {403, "OTSCapacityUnitExhausted", "", Errc::throttled, RetryClass::always},
      {403, "OTSNotEnoughCapacityUnit", "", Errc::throttled, RetryClass::always},
      {404, "OTSObjectNotExist", "", Errc::not_found, RetryClass::never},
      {404, "OTSTableNotReady", "", Errc::unavailable, RetryClass::always},
      {404, "OTSTrimmedDataAccess", "", Errc::trimmed, RetryClass::never},
      {409, "OTSObjectAlreadyExist", "", Errc::conflict, RetryClass::never},
      {409, "OTSRowOperationConflict", "", Errc::conflict, RetryClass::always},
      {413, "OTSRequestBodyTooLarge", "", Errc::invalid_argument, RetryClass::never},
      {429, "OTSFlowControl", "", Errc::throttled, RetryClass::always},
      {500, "OTSInternalServerError", "", Errc::unavailable, RetryClass::idempotent},
      {503, "OTSServerBusy", "", Errc::throttled, RetryClass::always},
      {503, "OTSPartitionUnavailable", "", Errc::unavailable, RetryClass::always},
      {503, "OTSTimeout", "", Errc::unavailable, RetryClass::idempotent},
      {503, "OTSServerUnavailable", "", Errc::unavailable, RetryClass::idempotent},
      {503, "OTSBrandNew", "", Errc::unavailable, RetryClass::idempotent},
      {400, "OTSBrandNew", "", Errc::invalid_argument, RetryClass::never},
      {502, "", "", Errc::unavailable, RetryClass::idempotent},
      {404, "", "", Errc::not_found, RetryClass::never},
      {403, "", "", Errc::permission_denied, RetryClass::never},
      {401, "", "", Errc::unauthenticated, RetryClass::never},
      {408, "OTSBrandNew", "", Errc::timeout, RetryClass::idempotent},
      {409, "OTSBrandNew", "", Errc::conflict, RetryClass::never},
      {429, "OTSBrandNew", "", Errc::throttled, RetryClass::always},
      {302, "", "", Errc::invalid_argument, RetryClass::never},
  };
  for (const auto& [status, code, message, errc, retry] : cases) {
    INFO(status << " " << code << " " << message);
    ServerError error;
    error.status = status;
    error.code = code;
    error.message = message;
    CHECK(errc_of(error) == errc);
    CHECK(retry_class_of(error) == retry);
  }
}

TEST_CASE("errors: the text names what was done, code, message, request and the way out", "[tablestore]") {
  ServerError error;
  error.status = 503;
  error.code = "OTSServerBusy";
  error.message = "Server is busy.";
  error.request_id = "0005-77";
  CHECK(to_error(error, "get stream records of orders").message() ==
        "get stream records of orders: 503 OTSServerBusy: Server is busy., request 0005-77");
  error.status = 403;
  error.code = "OTSAuthFailed";
  error.message = "Signature mismatch.";
  CHECK(to_error(error, "describe table orders").message() ==
        "describe table orders: 403 OTSAuthFailed: Signature mismatch., request 0005-77 (check accessKey)");
  error = ServerError();
  error.status = 404;
  CHECK(to_error(error, "describe table orders").message() ==
        "describe table orders: 404 (this is not an answer of Table Store: check the endpoint)");
  error.status = 502;
  CHECK(to_error(error, "describe table orders").message() == "describe table orders: 502");
}

TEST_CASE("errors: what the service says of a key decides what to do", "[tablestore]") {
  const auto advice = [](int status, const std::string& code, const std::string& message) {
    ServerError error;
    error.status = status;
    error.code = code;
    error.message = message;
    const std::string text = to_error(error, "list").message();
    const std::size_t at = text.rfind(" (");
    return at == std::string::npos ? "" : text.substr(at + 2, text.size() - at - 3);
  };
  const std::string failed = "OTSAuthFailed";
  CHECK(advice(403, failed, "The AccessKeyID does not exist.") == "check accessId");
  CHECK(advice(403, failed, "Signature mismatch.") == "check accessKey");
  CHECK(advice(403, failed, "The instance is not found.") == "check instanceName and endpoint");
  CHECK(advice(403, failed, "Mismatch between system time and x-ots-date.") == "set this machine's clock");
  CHECK(advice(403, failed, "The security token has expired.") == "get a new security token");
  CHECK(advice(403, failed, "The user is disabled.") == "check the key's access to the instance");
  CHECK(advice(403, "OTSNoPermissionAccess", "No.") ==
        "grant the key read access to the table and its stream");
  CHECK(advice(404, "OTSObjectNotExist", "No.") == "check the table's name and that its stream is on");
  CHECK(advice(400, "OTSParameterInvalid", "t is a timeseries table.") == "set isTimeseriesTable to true");
  CHECK(advice(400, "OTSParameterInvalid", "No.") == "");
}

TEST_CASE("errors: an error body that is no message leaves the code empty", "[tablestore]") {
  http::Response answer;
  answer.status = 502;
  answer.headers = {{"X-Ots-RequestId", "r1"}};
  for (const char* body : {"", "<html>Bad Gateway</html>", "\x0a\x05OTS"}) {
    answer.body = body;
    const ServerError error = parse_server_error(answer);
    CHECK(error.status == 502);
    CHECK(error.code.empty());
    CHECK(error.request_id == "r1");
  }
}

TEST_CASE("errors: what something on the way says becomes one line of UTF-8", "[tablestore]") {
  http::Response answer;
  answer.status = 400;
  answer.headers = {{"x-ots-requestid", "a\tb"}};
  answer.body =
      "\x0a\x03\xc4\xe3"
      "A\x12\x03"
      "a\nb";
  CHECK(to_error(parse_server_error(answer), "describe table orders").message() ==
        "describe table orders: 400 ??A: a b, request a b");
}

TEST_CASE("errors: headers of an answer that cannot be used become one line of UTF-8", "[tablestore]") {
  Fixture f;
  ClientOptions options = Fixture::options();
  options.retry.max_retries = 0;
  Client client(f.transport, f.loop.clock, f.random, options);
  auto answer = f.signed_answer("ListStream", 200, "", f.loop.clock.now());
  SECTION("its date") {
    answer.headers[2].second = "M\xe4rz\t";
    answer.headers[3].second = "5C\xff\t9F";
    f.transport.answer(answer);
    CHECK(f.loop.run(client.list_streams("t1")).error().message() ==
          "list streams of t1: the answer's x-ots-date \"M?rz \" is no date (200, request 5C? 9F)");
  }
  SECTION("its compression") {
    answer.headers.emplace_back("x-ots-response-compress-type", "\xe4");
    f.transport.answer(answer);
    CHECK(f.loop.run(client.list_streams("t1")).error().message() ==
          "list streams of t1: the answer is compressed as \"?\" from \"\" bytes (200, request 0005-1)");
  }
}

TEST_CASE("retry: pauses double from half the base up to the cap of their kind", "[tablestore]") {
  SeededRandom random(1);
  const RetryPolicy policy;
  const Failure busy{Errc::throttled, RetryClass::always};
  const Failure gone{Errc::unavailable, RetryClass::idempotent};
  for (int repeat = 1; repeat <= 30; ++repeat) {
    const Duration whole = repeat < 12 ? Duration(50ms) * (1 << (repeat - 1)) : Duration(1h);
    for (int i = 0; i < 50; ++i) {
      const Duration busy_max = std::min<Duration>(whole, 3s);
      const auto pause = pause_before(policy, busy, true, repeat, random);
      REQUIRE(pause.has_value());
      CHECK(*pause >= busy_max / 2);
      CHECK(*pause <= busy_max);
      const Duration gone_max = std::min<Duration>(whole, 10s);
      const auto longer = pause_before(policy, gone, true, repeat, random);
      REQUIRE(longer.has_value());
      CHECK(*longer >= gone_max / 2);
      CHECK(*longer <= gone_max);
    }
  }
}

TEST_CASE("retry: it ends at the number allowed, and what may not be repeated is not", "[tablestore]") {
  SeededRandom random(1);
  RetryPolicy policy;
  policy.max_retries = 2;
  const Failure busy{Errc::throttled, RetryClass::always};
  CHECK(pause_before(policy, busy, true, 2, random).has_value());
  CHECK_FALSE(pause_before(policy, busy, true, 3, random).has_value());
  policy.max_retries = 0;
  CHECK_FALSE(pause_before(policy, busy, true, 1, random).has_value());
  policy.max_retries = 30;
  const Failure refused{Errc::unauthenticated, RetryClass::never};
  CHECK_FALSE(pause_before(policy, refused, true, 1, random).has_value());
  const Failure open{Errc::unavailable, RetryClass::idempotent};
  CHECK(pause_before(policy, open, true, 1, random).has_value());
  CHECK_FALSE(pause_before(policy, open, false, 1, random).has_value());
  CHECK(pause_before(policy, busy, false, 1, random).has_value());
}

TEST_CASE("retry: failures below the protocol may be repeated when they may pass", "[tablestore]") {
  CHECK(retry_class_of(Error(Errc::unavailable, "")) == RetryClass::idempotent);
  CHECK(retry_class_of(Error(Errc::timeout, "")) == RetryClass::idempotent);
  CHECK(retry_class_of(Error(Errc::corrupt, "")) == RetryClass::idempotent);
  CHECK(retry_class_of(Error(Errc::permission_denied, "")) == RetryClass::never);
  CHECK(retry_class_of(Error(Errc::io, "")) == RetryClass::never);
}
