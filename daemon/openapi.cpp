#include "daemon/openapi.hpp"

#include "daemon/web_assets.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

const EmbeddedFile& embedded_document() {
  const auto files = embedded_files();
  return *std::ranges::find(files, std::string_view("openapi.json"), &EmbeddedFile::name);
}

}  // namespace

std::string_view openapi_document() { return embedded_document().content; }

namespace api {

awaitable<HttpResponse> openapi(Service&, const HttpRequest& request, const PathValues&) {
  const EmbeddedFile& file = embedded_document();
  HttpResponse response;
  const std::string tag = fmt::format("\"{}\"", file.sha256.substr(0, 16));
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "no-cache");
  if (request.if_none_match == tag) {
    response.status = 304;
  } else {
    response.body = file.content;
  }
  co_return response;
}

}  // namespace api
}  // namespace sluice::daemon
