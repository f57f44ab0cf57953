#include "tests/sandbox/http_message.hpp"

#include "tests/sandbox/digest.hpp"

namespace sluice::sandbox {

void Response::set(std::string name, std::string value) {
  headers.emplace_back(std::move(name), std::move(value));
}

void Response::replace(std::string_view name, std::string value) {
  for (auto& [key, old] : headers)
    if (key == name) old = std::move(value);
}

std::uint64_t Response::length() const {
  if (head_length) return *head_length;
  return slice ? slice->length : body.size();
}

void parse_target(std::string_view target, Request& request) {
  const std::size_t mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos) return;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty())
      request.query.insert_or_assign(url_decode(pair.substr(0, equals), true), url_decode(value, true));
  }
}

std::string host_name(const Request& request) {
  const std::string_view host = request.header("host");
  return std::string(host.substr(0, host.rfind(':')));
}

}  // namespace sluice::sandbox
