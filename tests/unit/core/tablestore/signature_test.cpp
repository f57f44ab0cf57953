#include "core/tablestore/signature.hpp"

#include "core/http/crypto.hpp"
#include "tests/unit/core/tablestore/client_vectors.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::tablestore;
using namespace sluice::tablestore::test;
using namespace std::chrono;

namespace {

// What the server of a vector signs with.
Secret answer_secret(const boost::json::value& vector) {
  const auto* derived = vector.as_object().if_contains("derived_key_text");
  return Secret(text_of(derived != nullptr ? *derived : vector.at("access_key_secret")));
}

}  // namespace

TEST_CASE("signature: every V2 request of the vectors is signed byte for byte", "[tablestore]") {
  int checked = 0;
  const auto vectors = load_vectors("request-signing.json");
  for (const auto& vector : vectors.at("cases").as_array()) {
    if (vector.as_object().contains("v4")) continue;
    INFO(vector.at("name").as_string());
    const std::string operation = text_of(vector.at("action"));
    http::Headers headers = headers_of(vector.at("request_headers_before_signature"));
    CHECK(request_string_to_sign(operation, headers) == text_of(vector.at("string_to_sign")));
    const Secret key(text_of(vector.at("access_key_secret")));
    const std::string signature = request_signature(operation, headers, key);
    CHECK(signature == text_of(vector.at("signature")));
    // A signature that is there already does not change the next one.
    headers.emplace_back("x-ots-signature", signature);
    CHECK(request_signature(operation, headers, key) == signature);
    http::Response carrier;
    carrier.headers = headers;
    CHECK(carrier.header("x-ots-contentmd5") == http::base64(http::md5(body_of(vector))));
    ++checked;
  }
  CHECK(checked == 8);
}

TEST_CASE("signature: every V4 request of the vectors is signed byte for byte, through every derived key",
          "[tablestore]") {
  int checked = 0;
  const auto vectors = load_vectors("request-signing.json");
  for (const auto& vector : vectors.at("cases").as_array()) {
    const auto* v4 = vector.as_object().if_contains("v4");
    if (v4 == nullptr) continue;
    INFO(vector.at("name").as_string());
    const std::string secret = text_of(vector.at("access_key_secret"));
    const std::string day = text_of(v4->at("sign_date"));
    const std::string region = text_of(v4->at("region"));
    const std::string of_day = http::hmac_sha256("aliyun_v4" + secret, day);
    CHECK(http::hex(of_day) == text_of(v4->at("stage1_date_key_hex")));
    const std::string of_region = http::hmac_sha256(of_day, region);
    CHECK(http::hex(of_region) == text_of(v4->at("stage2_region_key_hex")));
    const std::string of_product = http::hmac_sha256(of_region, text_of(v4->at("product")));
    CHECK(http::hex(of_product) == text_of(v4->at("stage3_product_key_hex")));
    const Secret derived = derive_v4_secret(Secret(secret), day, region);
    CHECK(derived.reveal() == http::base64(unhex(text_of(v4->at("stage4_final_key_hex")))));
    CHECK(derived.reveal() == text_of(v4->at("final_key_base64_used_as_hmac_key_text")));
    const std::string operation = text_of(vector.at("action"));
    http::Headers headers = headers_of(vector.at("request_headers_before_signature"));
    CHECK(request_string_to_sign(operation, headers) + "ots" == text_of(vector.at("string_to_sign")));
    const std::string signature = request_signature_v4(operation, headers, derived);
    CHECK(signature == text_of(vector.at("signature")));
    // A signature that is there already does not change the next one.
    headers.emplace_back(text_of(vector.at("signature_header")), signature);
    CHECK(request_signature_v4(operation, headers, derived) == signature);
    ++checked;
  }
  CHECK(checked == 2);
}

TEST_CASE("signature: a V4 key is derived anew for another day and another key", "[tablestore]") {
  V4Secrets secrets("cn-hangzhou");
  const Secret one("one");
  const Secret two("two");
  for (const auto& [key, day] : {std::pair(&one, "20240517"), std::pair(&one, "20240517"),
                                 std::pair(&one, "20240518"), std::pair(&two, "20240518")}) {
    CHECK(secrets.get(*key, day) == derive_v4_secret(*key, day, "cn-hangzhou"));
  }
}

TEST_CASE("signature: the day of a V4 signature is that of UTC", "[tablestore]") {
  CHECK(format_sign_day(sys_days(year(2024) / 5 / 17)) == "20240517");
  CHECK(format_sign_day(sys_days(year(2024) / 5 / 18) - microseconds(1)) == "20240517");
}

TEST_CASE("signature: requests signed by the Python and Go SDKs are signed alike", "[tablestore]") {
  const Secret key("secretEXAMPLEkey0123456789ABCDEF");
  for (const char* file : {"requests-python.json", "requests-go.json"}) {
    const auto vectors = load_vectors(file);
    for (const auto& vector : vectors.at("requests").as_array()) {
      INFO(file << " " << vector.at("name").as_string());
      http::Response carrier;
      carrier.headers = headers_of(vector.at("headers"));
      const auto* own = vector.as_object().if_contains("access_key_secret");
      const Secret secret = own != nullptr ? Secret(text_of(*own)) : key;
      CHECK(request_signature(text_of(vector.at("operation")), carrier.headers, secret) ==
            carrier.header("x-ots-signature"));
      CHECK(carrier.header("x-ots-contentmd5") == http::base64(http::md5(body_of(vector))));
    }
  }
}

TEST_CASE("signature: answers get the verdict of the Java SDK", "[tablestore]") {
  int checked = 0;
  const auto vectors = load_vectors("response-signing.json");
  for (const auto& vector : vectors.at("cases").as_array()) {
    INFO(vector.at("name").as_string());
    const std::string operation = text_of(vector.at("action"));
    const SigningKey key{text_of(vector.at("access_key_id")), answer_secret(vector)};
    http::Response answer;
    answer.status = 200;
    answer.headers = headers_of(vector.at("response_headers"));
    answer.body = body_of(vector);
    CHECK(answer_string_to_sign(operation, answer.headers) == text_of(vector.at("string_to_sign")));
    const std::string verdict = text_of(vector.at("sdk_verdict"));
    const bool forged = verdict.ends_with("cannot find signature.");
    CHECK((answer_authorization(operation, answer.headers, key) == text_of(vector.at("authorization"))) !=
          forged);
    answer.headers.emplace_back("Authorization", text_of(vector.at("authorization")));
    CHECK(verify_answer(operation, key, answer, {}).has_value() == (verdict == "accepted"));
    ++checked;
  }
  CHECK(checked == 8);
}

TEST_CASE("signature: answers get the verdict of the Python SDK, but for the clock, which only warns",
          "[tablestore]") {
  const SigningKey key{"AKIDEXAMPLE", Secret("secretEXAMPLEkey0123456789ABCDEF")};
  const auto vectors = load_vectors("response-checks-python.json");
  for (const auto& vector : vectors.at("cases").as_array()) {
    const std::string name = text_of(vector.at("name"));
    INFO(name);
    http::Response answer;
    answer.status = static_cast<int>(vector.at("status").as_int64());
    answer.headers = headers_of(vector.at("headers"));
    answer.body = body_of(vector);
    const std::string verdict = text_of(vector.at("sdk_verdict"));
    const bool genuine = !verdict.starts_with("client error") || name == "date-16-minutes-off";
    const std::string code = name == "auth-failed-without-authorization-header" ? "OTSAuthFailed" : "";
    const auto verified = verify_answer(text_of(vector.at("operation")), key, answer, code);
    CHECK(verified.has_value() == genuine);
    if (!verified) CHECK(verified.error().code() == Errc::corrupt);
  }
}

TEST_CASE("signature: an error answer may lack its signature, but a wrong one is refused", "[tablestore]") {
  const SigningKey key{"id", Secret("key")};
  http::Response answer;
  answer.status = 404;
  CHECK(verify_answer("ListStream", key, answer, "OTSObjectNotExist").has_value());
  answer.headers = {{"Authorization", "OTS id:AAAA"}};
  CHECK(verify_answer("ListStream", key, answer, "OTSObjectNotExist").error().message() ==
        "the answer's signature is wrong");
  // The server does not know our key: it cannot sign with it.
  CHECK(verify_answer("ListStream", key, answer, "OTSAuthFailed").has_value());
  answer.headers = {{"x-ots-contentmd5", "AAAA"}};
  CHECK(verify_answer("ListStream", key, answer, "OTSAuthFailed").error().message() ==
        "the answer's body does not match its MD5");
}

TEST_CASE("signature: an answer of success must have all that proves it, and a date", "[tablestore]") {
  const SigningKey key{"id", Secret("key")};
  const auto verdict = [&](const http::Headers& headers, int status = 200) {
    http::Response answer;
    answer.status = status;
    answer.body = "body";
    answer.headers = headers;
    answer.headers.emplace_back("Authorization", answer_authorization("ListStream", headers, key));
    const auto verified = verify_answer("ListStream", key, answer, {});
    return verified ? std::string() : verified.error().message();
  };
  const http::Headers whole = {{"x-ots-contentmd5", http::base64(http::md5("body"))},
                               {"x-ots-requestid", "r1"},
                               {"x-ots-date", "2024-05-17T08:09:10.123Z"},
                               {"x-ots-contenttype", "protocol buffer"}};
  CHECK(verdict(whole) == "");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    http::Headers headers = whole;
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(verdict(headers) == "the answer has no " + whole[n].first + " header");
    CHECK(verdict(headers, 503) == "");
  }
  http::Headers headers = whole;
  headers[2].second = "yesterday";
  CHECK(verdict(headers) == "the answer's x-ots-date \"yesterday\" is no date");
  headers = whole;
  headers[0].second = http::base64(http::md5("other"));
  CHECK(verdict(headers) == "the answer's body does not match its MD5");
  http::Response unsigned_one;
  unsigned_one.status = 299;
  unsigned_one.body = "body";
  unsigned_one.headers = whole;
  CHECK(verify_answer("ListStream", key, unsigned_one, {}).error().message() ==
        "the answer has no Authorization header");
}

TEST_CASE("signature: the MD5 of an answer may be that of its compressed form", "[tablestore]") {
  const SigningKey key{"id", Secret("key")};
  http::Response answer;
  answer.status = 404;
  answer.body = "unpacked";
  const std::string packed = http::base64(http::md5("packed"));
  answer.headers = {{"x-ots-contentmd5", packed}};
  CHECK(verify_answer("ListStream", key, answer, {}, packed).has_value());
  CHECK(verify_answer("ListStream", key, answer, {}, http::base64(http::md5("other"))).has_error());
  CHECK(verify_answer("ListStream", key, answer, {}).has_error());
}

TEST_CASE("signature: dates are written with milliseconds", "[tablestore]") {
  const Instant second = sys_days(year(2024) / 5 / 17) + hours(8) + minutes(9) + seconds(10);
  CHECK(format_ots_date(second + microseconds(123'999)) == "2024-05-17T08:09:10.123Z");
  CHECK(format_ots_date(second) == "2024-05-17T08:09:10.000Z");
}
