#include "core/s3/signature.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::s3 {
namespace {

using http::hmac_sha256;
using http::percent_encode;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Without blanks at both ends, and with one for several within.
std::string trim_all(std::string_view value) {
  std::string text;
  for (const char byte : http::trim(value)) {
    if (byte != ' ' || !text.ends_with(' ')) text += byte;
  }
  return text;
}

// Lower-case name -> value, several of one name joined with ",".
std::map<std::string, std::string> normalized(const http::Headers& headers) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : headers) {
    const auto [place, added] = result.try_emplace(http::to_lower(name), trim_all(value));
    if (!added) place->second += "," + trim_all(value);
  }
  return result;
}

std::string value_of(const http::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (http::equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string signed_names(const http::Headers& headers) {
  std::string names;
  for (const auto& [name, value] : normalized(headers)) names += (names.empty() ? "" : ";") + name;
  return names;
}

// "20231203/us-east-1/s3/aws4_request"
std::string scope_of(const SignedRequest& request, std::string_view region) {
  return fmt::format("{}/{}/s3/aws4_request", value_of(request.headers, "x-amz-date").substr(0, 8), region);
}

}  // namespace

std::string canonical_request(const SignedRequest& request) {
  std::vector<std::pair<std::string, std::string>> queries;
  for (const auto& [name, value] : request.queries) {
    queries.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::sort(queries.begin(), queries.end());
  std::string query_line;
  for (const auto& [name, value] : queries) {
    query_line += fmt::format("{}{}={}", query_line.empty() ? "" : "&", name, value);
  }
  std::string header_lines;
  for (const auto& [name, value] : normalized(request.headers)) {
    header_lines += fmt::format("{}:{}\n", name, value);
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, query_line, header_lines,
                     signed_names(request.headers), value_of(request.headers, "x-amz-content-sha256"));
}

std::string string_to_sign(const SignedRequest& request, std::string_view region) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, value_of(request.headers, "x-amz-date"),
                     scope_of(request, region), http::hex(http::sha256(canonical_request(request))));
}

std::string authorization(const SignedRequest& request, std::string_view region,
                          const http::Credentials& credentials) {
  const std::string date = value_of(request.headers, "x-amz-date").substr(0, 8);
  const std::string date_key = hmac_sha256("AWS4" + credentials.key.reveal(), date);
  const std::string region_key = hmac_sha256(date_key, region);
  const std::string service_key = hmac_sha256(region_key, "s3");
  const std::string key = hmac_sha256(service_key, "aws4_request");
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, credentials.access_id,
                     scope_of(request, region), signed_names(request.headers),
                     http::hex(hmac_sha256(key, string_to_sign(request, region))));
}

std::string query_string(const Queries& queries) {
  std::string text;
  for (const auto& [name, value] : queries) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", percent_encode(name), percent_encode(value));
  }
  return text;
}

}  // namespace sluice::s3
