#pragma once
// Answers that are not sent again to somebody who has them (RFC 9110, sections 8.8.3 and 13.1.2). The tags
// are strong: the same tag means the same bytes.

#include "daemon/http/http_message.hpp"

#include <string>
#include <string_view>

namespace sluice::daemon {

// The tag of content with this hexadecimal SHA-256.
std::string etag_of_digest(std::string_view sha256);

// Gives `response` the tag, and lets caches keep it as long as they ask each time whether it still holds. If
// the request has it already the answer becomes 304 without a body.
void add_etag(const HttpRequest& request, std::string tag, HttpResponse& response);

// The same with the tag of the body. Only for answers in which no clock runs, else no tag ever holds.
HttpResponse with_etag(const HttpRequest& request, HttpResponse response);

}  // namespace sluice::daemon
