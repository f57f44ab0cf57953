#include "daemon/http/etag.hpp"

#include "core/http/crypto.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// `wanted` is a list of tags, or "*". Whether a tag is weak makes no difference here.
bool is_named(std::string_view wanted, std::string_view tag) {
  if (trimmed(wanted) == "*") return true;
  while (!wanted.empty()) {
    const auto comma = wanted.find(',');  // our tags hold none
    std::string_view one = trimmed(wanted.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
    wanted = comma == std::string_view::npos ? std::string_view() : wanted.substr(comma + 1);
  }
  return false;
}

}  // namespace

std::string etag_of_digest(std::string_view sha256) { return fmt::format("\"{}\"", sha256.substr(0, 16)); }

void add_etag(const HttpRequest& request, std::string tag, HttpResponse& response) {
  if (is_named(request.if_none_match, tag)) {
    response.status = 304;
    response.body.clear();
  }
  response.headers.emplace_back("ETag", std::move(tag));
  response.headers.emplace_back("Cache-Control", "private, no-cache");
}

HttpResponse with_etag(const HttpRequest& request, HttpResponse response) {
  add_etag(request, etag_of_digest(http::hex(http::sha256(response.body))), response);
  return response;
}

}  // namespace sluice::daemon
