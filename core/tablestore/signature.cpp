#include "core/tablestore/signature.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sluice::tablestore {
namespace {

constexpr std::string_view kProduct = "ots";

bool is_signature(std::string_view name) { return name == "x-ots-signature" || name == "x-ots-signaturev4"; }

// "name:value\n" of every x-ots-* header, by lower-case name.
std::string canonical_headers(const http::Headers& headers) {
  std::vector<std::pair<std::string, std::string_view>> signed_headers;
  for (const auto& [name, value] : headers) {
    std::string lower = http::to_lower(name);
    if (!lower.starts_with("x-ots-") || is_signature(lower)) continue;
    signed_headers.emplace_back(std::move(lower), http::trim(value));
  }
  std::sort(signed_headers.begin(), signed_headers.end());
  std::string out;
  for (const auto& [name, value] : signed_headers) {
    out.append(name).append(1, ':').append(value).append(1, '\n');
  }
  return out;
}

Error corrupt(std::string reason) { return Error(Errc::corrupt, std::move(reason)); }

}  // namespace

std::string request_string_to_sign(std::string_view operation, const http::Headers& headers) {
  return fmt::format("/{}\nPOST\n\n{}", operation, canonical_headers(headers));
}

std::string request_signature(std::string_view operation, const http::Headers& headers,
                              const Secret& secret) {
  return http::base64(http::hmac_sha1(secret.reveal(), request_string_to_sign(operation, headers)));
}

std::string request_signature_v4(std::string_view operation, const http::Headers& headers,
                                 const Secret& secret) {
  const std::string text = request_string_to_sign(operation, headers).append(kProduct);
  return http::base64(http::hmac_sha256(secret.reveal(), text));
}

Secret derive_v4_secret(const Secret& key, std::string_view day, std::string_view region) {
  const std::string of_day = http::hmac_sha256("aliyun_v4" + key.reveal(), day);
  const std::string of_region = http::hmac_sha256(of_day, region);
  const std::string of_product = http::hmac_sha256(of_region, kProduct);
  return Secret(http::base64(http::hmac_sha256(of_product, "aliyun_v4_request")));
}

const Secret& V4Secrets::get(const Secret& key, const std::string& day) {
  if (derived_.empty() || day != day_ || key != key_) {
    derived_ = derive_v4_secret(key, day, region_);
    day_ = day;
    key_ = key;
  }
  return derived_;
}

std::string answer_string_to_sign(std::string_view operation, const http::Headers& headers) {
  return fmt::format("{}/{}", canonical_headers(headers), operation);
}

std::string answer_authorization(std::string_view operation, const http::Headers& headers,
                                 const SigningKey& key) {
  const std::string text = answer_string_to_sign(operation, headers);
  return fmt::format("OTS {}:{}", key.access_id, http::base64(http::hmac_sha1(key.secret.reveal(), text)));
}

Result<void> verify_answer(std::string_view operation, const SigningKey& key, const http::Response& answer,
                           std::string_view code, std::string_view packed_md5) {
  const bool success = answer.status >= 200 && answer.status < 300;
  if (success) {
    for (const std::string_view name :
         {"x-ots-contentmd5", "x-ots-requestid", "x-ots-date", "x-ots-contenttype", "Authorization"}) {
      if (answer.header(name).empty()) return corrupt(fmt::format("the answer has no {} header", name));
    }
    if (!http::parse_iso_date(answer.header("x-ots-date"))) {
      return corrupt(fmt::format("the answer's x-ots-date \"{}\" is no date", answer.header("x-ots-date")));
    }
  }
  const std::string_view digest = answer.header("x-ots-contentmd5");
  const bool of_packed = !packed_md5.empty() && digest == packed_md5;
  if (!digest.empty() && !of_packed && digest != http::base64(http::md5(answer.body))) {
    return corrupt("the answer's body does not match its MD5");
  }
  const std::string_view authorization = answer.header("Authorization");
  if (!authorization.empty() && code != "OTSAuthFailed" &&
      authorization != answer_authorization(operation, answer.headers, key)) {
    return corrupt("the answer's signature is wrong");
  }
  return {};
}

std::string format_sign_day(Instant time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string format_ots_date(Instant time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace sluice::tablestore
