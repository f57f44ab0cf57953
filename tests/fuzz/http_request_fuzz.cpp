// Fuzz target of what strangers send to the HTTP doors: the head byte by byte, the parser behind it, the
// rules for its fields, the token, and a body of JSON. A head that was let through is one request and no
// other.

#include "core/http/crypto.hpp"
#include "daemon/http/access.hpp"
#include "daemon/http/http_message.hpp"
#include "daemon/http/http_rules.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace sluice::daemon;
namespace http = boost::beast::http;

const DoorNames kNames =
    door_names("127.0.0.1", 7788, {"sluice.example.com", "other.example.com:8443"}, false);

AccessConfig access_config() {
  AccessConfig config;
  Token token;
  token.name = "alice";
  token.role = Role::operator_;
  token.sha256 = sluice::http::sha256("alice");
  config.tokens.push_back(token);
  return config;
}

void check(bool holds) {
  if (!holds) std::abort();
}

// What the fields of an admitted head must hold, whatever they are.
void check_fields(const http::request<http::string_body>& message) {
  check(message.count(http::field::host) <= 1 && message.count(http::field::content_length) <= 1);
  check(message.count(http::field::transfer_encoding) == 0);
  std::string origin(message[http::field::origin]);
  for (char& c : origin) c = static_cast<char>(c | 0x20);
  check(origin.empty() || origin.find("example") != std::string::npos ||
        origin.find("7788") != std::string::npos);
}

// A target that is accepted, encoded anew, is the same target. Nothing in it ends a text early, nor a line of
// the log.
void check_target(std::string_view text) {
  const auto target = parse_target(text);
  for (const char c : loggable(text)) check(static_cast<unsigned char>(c) >= 0x20);
  // Raw control characters are scan_head()'s to refuse.
  if (!target || text.find('\0') != std::string_view::npos) return;
  check(target->path.starts_with('/') && target->path.find('\0') == std::string::npos);
  std::string again = "/" + percent_encode(target->path.substr(1));
  char separator = '?';
  for (const auto& [name, value] : target->query) {
    again += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  const auto reread = parse_target(again);
  check(reread && reread->path == target->path && reread->query == target->query);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Head whole = scan_head(text, 16 * 1024);
  check_target(text.substr(0, text.find(' ')));
  check(!(whole.complete && whole.refusal));
  // A refusal stays one, however the bytes come in.
  const Head half = scan_head(text.substr(0, size / 2), 16 * 1024);
  if (half.refusal) check(whole.refusal.has_value());
  if (!whole.complete) return 0;
  http::request_parser<http::string_body> parser;
  parser.header_limit(16 * 1024);
  parser.body_limit(64 * 1024);
  parser.eager(true);
  boost::system::error_code failure;
  parser.put(boost::asio::buffer(text), failure);
  if (failure && failure != http::error::need_more) return 0;
  if (!parser.is_header_done()) return 0;
  const auto& message = parser.get();
  const auto refusal =
      refuse_by_fields(kNames, message, std::string_view(message.method_string()), message.version());
  if (refusal) return 0;
  check_fields(message);
  check_target(message.target());
  static const AccessConfig kConfig = access_config();
  Caller caller;
  caller.name = "203.0.113.7";
  const std::string authorization(message[http::field::authorization]);
  const Access access = decide_access(kConfig, caller, authorization, sluice::Instant());
  check(access.role == Role::none || bearer_token(authorization) == "alice");
  boost::json::error_code unreadable;
  boost::json::parse(boost::json::string_view(message.body().data(), message.body().size()), unreadable);
  return 0;
}
