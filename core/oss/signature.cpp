#include "core/oss/signature.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace sluice::oss {
namespace {

using http::hmac_sha256;
using http::percent_encode;

// The query parameters that version 1 signs, as far as this client sends them.
constexpr std::array<std::string_view, 10> kSignedQueries = {
    "acl",      "append",   "bucketInfo", "continuation-token", "delete",
    "location", "position", "partNumber", "uploadId",           "uploads"};

// Lower-case name -> trimmed value, several of one name joined with ",".
std::map<std::string, std::string> normalized(const http::Headers& headers) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : headers) {
    const auto [place, added] = result.try_emplace(http::to_lower(name), http::trim(value));
    if (!added) place->second += "," + std::string(http::trim(value));
  }
  return result;
}

std::string value_of(const std::map<std::string, std::string>& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

bool always_signed_v4(std::string_view name) {
  return name == "content-type" || name == "content-md5" || name.starts_with("x-oss-");
}

// "20231203/cn-hangzhou/oss/aliyun_v4_request" for the request's x-oss-date.
std::string scope_v4(const SignedRequest& request, std::string_view region) {
  const std::string date = value_of(normalized(request.headers), "x-oss-date");
  return fmt::format("{}/{}/oss/aliyun_v4_request", date.substr(0, 8), region);
}

}  // namespace

std::string string_to_sign_v1(const SignedRequest& request) {
  const auto headers = normalized(request.headers);
  std::string date = value_of(headers, "x-oss-date");
  if (date.empty()) date = value_of(headers, "date");
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", request.method, value_of(headers, "content-md5"),
                                 value_of(headers, "content-type"), date);
  for (const auto& [name, value] : headers) {
    if (name.starts_with("x-oss-")) text += fmt::format("{}:{}\n", name, value);
  }
  text += request.resource;

  std::map<std::string, std::string> queries;
  for (const Query& query : request.queries) {
    if (std::find(kSignedQueries.begin(), kSignedQueries.end(), query.name) != kSignedQueries.end()) {
      queries[query.name] = query.value;
    }
  }
  char separator = '?';
  for (const auto& [name, value] : queries) {
    text += separator + name;
    if (!value.empty()) text += "=" + value;
    separator = '&';
  }
  return text;
}

std::string authorization_v1(const SignedRequest& request, const Credentials& credentials) {
  const std::string digest = http::hmac_sha1(credentials.key.reveal(), string_to_sign_v1(request));
  return fmt::format("OSS {}:{}", credentials.access_id, http::base64(digest));
}

std::string canonical_request_v4(const SignedRequest& request, const std::vector<std::string>& additional) {
  std::map<std::string, std::string> queries;
  for (const Query& query : request.queries) {
    queries[percent_encode(query.name)] = percent_encode(query.value);
  }
  std::string query_line;
  for (const auto& [name, value] : queries) {
    if (!query_line.empty()) query_line += '&';
    query_line += name;
    if (!value.empty()) query_line.append("=").append(value);
  }
  const std::set<std::string> chosen(additional.begin(), additional.end());
  std::string header_lines;
  std::string additional_line;
  std::string payload = "UNSIGNED-PAYLOAD";
  for (const auto& [name, value] : normalized(request.headers)) {
    const bool always = always_signed_v4(name);
    if (!always && !chosen.contains(name)) continue;
    header_lines += fmt::format("{}:{}\n", name, value);
    if (!always) additional_line += (additional_line.empty() ? "" : ";") + name;
    if (name == "x-oss-content-sha256") payload = value;
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, percent_encode(request.resource, "/"),
                     query_line, header_lines, additional_line, payload);
}

std::string string_to_sign_v4(const SignedRequest& request, const std::vector<std::string>& additional,
                              std::string_view region) {
  return fmt::format("OSS4-HMAC-SHA256\n{}\n{}\n{}", value_of(normalized(request.headers), "x-oss-date"),
                     scope_v4(request, region),
                     http::hex(http::sha256(canonical_request_v4(request, additional))));
}

std::string authorization_v4(const SignedRequest& request, const std::vector<std::string>& additional,
                             std::string_view region, const Credentials& credentials) {
  const std::string scope = scope_v4(request, region);
  const std::string of_date = hmac_sha256("aliyun_v4" + credentials.key.reveal(), scope.substr(0, 8));
  const std::string of_region = hmac_sha256(of_date, region);
  const std::string of_product = hmac_sha256(of_region, "oss");
  const std::string key = hmac_sha256(of_product, "aliyun_v4_request");
  const std::string signature = http::hex(hmac_sha256(key, string_to_sign_v4(request, additional, region)));

  std::string names;
  for (const auto& [name, value] : normalized(request.headers)) {
    const bool listed = std::find(additional.begin(), additional.end(), name) != additional.end();
    if (listed && !always_signed_v4(name)) names += (names.empty() ? "" : ";") + name;
  }
  return fmt::format("OSS4-HMAC-SHA256 Credential={}/{}{}{},Signature={}", credentials.access_id, scope,
                     names.empty() ? "" : ",AdditionalHeaders=", names, signature);
}

std::string bare_region(std::string_view region) {
  if (region.starts_with("oss-")) region.remove_prefix(4);
  if (region.ends_with("-internal")) region.remove_suffix(9);
  return std::string(region);
}

std::string query_string(const Queries& queries) {
  std::string result;
  for (const Query& query : queries) {
    if (!result.empty()) result += '&';
    result += percent_encode(query.name);
    if (!query.value.empty()) result += "=" + percent_encode(query.value);
  }
  return result;
}

}  // namespace sluice::oss
