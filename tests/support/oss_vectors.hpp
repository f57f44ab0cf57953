#pragma once
// Requests that an official client signed and sent, from tests/data/oss.

#include "core/http/percent_decode.hpp"
#include "core/oss/signature.hpp"
#include "tests/support/test_data.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace sluice::test {

inline boost::json::value oss_vectors(const std::string& name) {
  std::ifstream file(test_data("oss/" + name));
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

inline std::string text_of(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return value.is_null() ? std::string() : boost::json::serialize(value);
}

inline http::Headers headers_of(const boost::json::value& json) {
  http::Headers headers;
  for (const auto& [name, value] : json.as_object()) headers.emplace_back(std::string(name), text_of(value));
  return headers;
}

inline http::Credentials credentials_of(const boost::json::value& json) {
  http::Credentials credentials;
  credentials.access_id = text_of(json.at("accessKeyId"));
  credentials.key = Secret(text_of(json.at("accessKeySecret")));
  return credentials;
}

// A recorded URL, as the signature sees it.
struct OssTarget {
  std::string resource;
  oss::Queries queries;
};

inline OssTarget oss_target_of(const std::string& url, bool path_style) {
  const auto decoded = [](std::string_view text) {
    std::string result;
    if (!http::percent_decode(text, result)) throw std::logic_error("a recorded URL is not percent-encoded");
    return result;
  };
  OssTarget target;
  const std::size_t path_at = url.find('/', url.find("//") + 2);
  const std::size_t mark = url.find('?');
  target.resource = decoded(url.substr(path_at, mark - path_at));
  if (!path_style) target.resource = "/examplebucket" + target.resource;
  std::stringstream rest(mark == std::string::npos ? std::string() : url.substr(mark + 1));
  for (std::string one; std::getline(rest, one, '&');) {
    const std::size_t equals = one.find('=');
    target.queries.emplace_back(decoded(one.substr(0, equals)), equals == std::string::npos
                                                                    ? std::string()
                                                                    : decoded(one.substr(equals + 1)));
  }
  return target;
}

}  // namespace sluice::test
