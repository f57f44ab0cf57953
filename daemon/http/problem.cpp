#include "daemon/http/problem.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

namespace sluice::daemon {
namespace {

constexpr std::array kCodes = {
    Errc::internal,        Errc::invalid_argument,  Errc::not_found,   Errc::conflict,
    Errc::unauthenticated, Errc::permission_denied, Errc::unavailable, Errc::throttled,
    Errc::timeout,         Errc::cancelled,         Errc::corrupt,     Errc::trimmed,
    Errc::stream_changed,  Errc::refused_by_state,  Errc::dirty_limit, Errc::io,
    Errc::disk_full};

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

Exit exit_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return Exit::usage;
    case Errc::not_found:
      return Exit::not_found;
    case Errc::refused_by_state:
    case Errc::conflict:
      return Exit::refused;
    case Errc::trimmed:
    case Errc::stream_changed:
      return Exit::gap;
    default:
      return Exit::failed;
  }
}

int status_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return 400;
    case Errc::unauthenticated:
      return 401;
    case Errc::permission_denied:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
    case Errc::refused_by_state:
      return 409;
    case Errc::throttled:
      return 429;
    case Errc::unavailable:
      return 503;
    case Errc::timeout:
      return 504;
    case Errc::disk_full:
      return 507;
    default:
      return 500;
  }
}

HttpResponse problem_response(const Error& error) {
  return problem_response(status_of(error.code()), to_string(error.code()), error.message());
}

HttpResponse problem_response(int status, std::string_view code, std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = boost::json::serialize(boost::json::object{{"type", "about:blank"},
                                                             {"title", title_of(status)},
                                                             {"status", status},
                                                             {"code", code},
                                                             {"detail", detail}});
  return response;
}

Error error_from_problem(int status, std::string_view body) {
  boost::system::error_code ec;
  const auto parsed = boost::json::parse(boost::json::string_view(body.data(), body.size()), ec);
  const auto* object = ec ? nullptr : parsed.if_object();
  const std::string no_reason = fmt::format("read the answer: status {} without a reason", status);
  if (object == nullptr) return Error(Errc::internal, no_reason);
  const auto text = [&](std::string_view key) {
    const auto* value = object->if_contains(key);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string() : std::string(*string);
  };
  const std::string name = text("code");
  // Something between us and the daemon may answer in its own words.
  std::string detail = text("detail");
  if (detail.empty()) detail = no_reason;
  for (const Errc code : kCodes) {
    if (to_string(code) == name) return Error(code, std::move(detail));
  }
  return Error(status == 404 ? Errc::not_found : Errc::internal, std::move(detail));
}

}  // namespace sluice::daemon
