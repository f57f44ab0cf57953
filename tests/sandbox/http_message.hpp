#pragma once
// Requests and responses as the two services see them: plain values, no sockets.

#include "tests/sandbox/file.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sandbox {

/// Names in lower case; values trimmed, several of one name joined with a comma.
using Headers = std::map<std::string, std::string>;

struct Request {
  std::string method;
  std::string path;                          // as sent, before the question mark, still percent-encoded
  std::map<std::string, std::string> query;  // decoded; a bare name has an empty value
  Headers headers;
  std::string body;

  std::string_view header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
  bool has_query(const std::string& name) const { return query.contains(name); }
  std::string_view query_value(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string_view() : std::string_view(found->second);
  }
};

/// A part of an open file, sent after the head instead of `body`. The file stays readable when it is
/// replaced.
struct FileSlice {
  std::shared_ptr<const File> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // in the order they are sent
  std::string body;
  std::optional<FileSlice> slice;
  std::optional<std::uint64_t> head_length;  // answer to HEAD: the length announced, nothing sent

  void set(std::string name, std::string value);
  /// Replaces the value of a header that is there; does nothing otherwise.
  void replace(std::string_view name, std::string value);
  std::uint64_t length() const;
};

/// Splits a request target into path and decoded query.
void parse_target(std::string_view target, Request& request);

/// The host a request was sent to, without port.
std::string host_name(const Request& request);

}  // namespace sluice::sandbox
