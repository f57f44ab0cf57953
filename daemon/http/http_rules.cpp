#include "daemon/http/http_rules.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::daemon {
namespace {

namespace fields_of = boost::beast::http;
using Field = boost::beast::http::field;

Refusal unfit(int status, std::string detail) {
  return Refusal{status, "invalid_argument", std::move(detail)};
}

Refusal malformed(std::string_view what) { return unfit(400, fmt::format("read the request: {}", what)); }

Refusal foreign(std::string why) { return Refusal{403, "permission_denied", std::move(why)}; }

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_known(const std::vector<std::string>& hosts, std::string_view host) {
  return std::find(hosts.begin(), hosts.end(), lower_case(host)) != hosts.end();
}

bool reads_only(std::string_view method) { return method == "GET" || method == "HEAD"; }

std::string_view value_of(const fields_of::fields& fields, Field name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value());
}

std::string_view value_of(const fields_of::fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value());
}

// Forms in which two readers of one connection could disagree about where a request ends.
std::optional<Refusal> refuse_framing(const fields_of::fields& fields) {
  for (const Field once : {Field::content_length, Field::authorization, Field::content_type, Field::origin}) {
    if (fields.count(once) > 1) return malformed("a header that may be sent once comes twice");
  }
  const std::string_view length = value_of(fields, Field::content_length);
  if (length.find_first_not_of("0123456789") != std::string_view::npos)
    return malformed("the Content-Length is no number");
  if (fields.count(Field::transfer_encoding) > 0)
    return unfit(411, "send the body whole, with Content-Length");
  if (fields.count(Field::expect) > 0) return unfit(417, "send the body without asking first (Expect)");
  return std::nullopt;
}

// "https://sluice.example.com" as far as it may be ours: over TLS only https; without, https is for a proxy
// in front of us, which loopback names have none of.
bool is_own_origin(const DoorNames& names, std::string_view origin) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  if (origin.starts_with(kSecure)) return is_known(names.hosts, origin.substr(kSecure.size()));
  return !names.tls && origin.starts_with(kPlain) && is_known(names.hosts, origin.substr(kPlain.size()));
}

// A link from elsewhere may open the dashboard; a page from elsewhere may ask nothing. Pages on other ports
// of one host count as the same site, and are strangers nevertheless.
std::optional<Refusal> refuse_foreign_page(const DoorNames& names, const fields_of::fields& fields,
                                           std::string_view method) {
  const std::string_view site = value_of(fields, "Sec-Fetch-Site");
  if (site == "cross-site" || site == "same-site") {
    const bool followed = reads_only(method) && value_of(fields, "Sec-Fetch-Mode") == "navigate" &&
                          value_of(fields, "Sec-Fetch-Dest") == "document";
    if (!followed) return foreign("answer no other site: the request comes from a foreign page");
  }
  if (fields.count(Field::origin) > 0 && !is_own_origin(names, value_of(fields, Field::origin)))
    return foreign("answer no other site: the Origin is foreign");
  return std::nullopt;
}

// A form of a foreign page can send other types without asking first, but not this one.
std::optional<Refusal> refuse_type(const fields_of::fields& fields, std::string_view method) {
  const std::string_view length = value_of(fields, Field::content_length);
  if (reads_only(method) || length.empty() || length == "0") return std::nullopt;
  const std::string_view type = value_of(fields, Field::content_type);
  std::string bare = lower_case(type.substr(0, type.find(';')));
  bare.erase(bare.find_last_not_of(" \t") + 1);
  if (bare == "application/json") return std::nullopt;
  return unfit(415, "send the body as Content-Type: application/json");
}

bool is_control_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

std::optional<Refusal> refuse_line(std::string_view line, bool first) {
  if (first && line.empty()) return malformed("it begins with an empty line");
  if (first && line.size() > kRequestLineBytesMax)
    return unfit(414, fmt::format("ask in at most {} bytes", kRequestLineBytesMax));
  if (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
    return malformed("a header goes on in the next line");
  if (std::any_of(line.begin(), line.end(), is_control_character))
    return malformed("a control character, or a line that does not end in CR LF");
  return std::nullopt;
}

}  // namespace

Head scan_head(std::string_view received, std::size_t bytes_max) {
  Head head;
  std::size_t begin = 0;
  for (std::size_t number = 0;; ++number) {
    const std::size_t end = received.find("\r\n", begin);
    const bool open = end == std::string_view::npos;
    std::string_view line = received.substr(begin, open ? std::string_view::npos : end - begin);
    if (open && line.ends_with('\r')) line.remove_suffix(1);
    if (!open || !line.empty()) head.refusal = refuse_line(line, number == 0);
    if (!head.refusal && number > kHeaderFieldsMax && !line.empty())
      head.refusal = unfit(431, fmt::format("send at most {} header fields", kHeaderFieldsMax));
    head.complete = !head.refusal && !open && line.empty();
    if (head.refusal || head.complete || open) break;
    begin = end + 2;
  }
  const std::size_t size = head.complete ? begin + 2 : received.size();
  if (!head.refusal && size > bytes_max)
    head.refusal = unfit(431, fmt::format("send at most {} bytes of headers", bytes_max));
  head.complete = head.complete && !head.refusal;
  return head;
}

DoorNames door_names(const std::string& address, unsigned port, const std::vector<std::string>& names,
                     bool tls) {
  DoorNames door;
  door.tls = tls;
  const auto add = [&](const std::string& name, bool without_port) {
    door.hosts.push_back(fmt::format("{}:{}", name, port));
    if (without_port || port == (tls ? 443U : 80U)) door.hosts.push_back(name);
  };
  boost::system::error_code failure;
  const auto parsed = boost::asio::ip::make_address(address, failure);
  if (!failure && parsed.is_loopback()) {
    for (const char* const name : {"localhost", "127.0.0.1", "[::1]"}) add(name, false);
  } else if (!failure && !parsed.is_unspecified()) {
    add(parsed.is_v6() ? fmt::format("[{}]", parsed.to_string()) : parsed.to_string(), false);
  }
  for (const std::string& name : names) {
    const std::string known = lower_case(name);
    const bool with_port =
        known.find(':', known.rfind(']') == std::string::npos ? 0 : known.rfind(']')) != std::string::npos;
    if (with_port) {
      door.hosts.push_back(known);
    } else {
      add(known, true);
    }
  }
  return door;
}

std::optional<Refusal> refuse_by_fields(const DoorNames& names, const fields_of::fields& fields,
                                        std::string_view method, unsigned version) {
  const auto hosts = fields.count(Field::host);
  if (hosts > 1 || (hosts == 0 && version >= 11)) return malformed("send exactly one Host header");
  if (!names.any_host && !is_known(names.hosts, value_of(fields, Field::host))) {
    return Refusal{421, "permission_denied",
                   "use localhost or 127.0.0.1 with the port as Host, or a name of listen.hosts"};
  }
  if (auto refusal = refuse_framing(fields)) return refusal;
  if (auto refusal = refuse_foreign_page(names, fields, method)) return refusal;
  return refuse_type(fields, method);
}

}  // namespace sluice::daemon
