#include "core/oss/object_headers.hpp"

#include "core/http/headers.hpp"

#include <charconv>

namespace sluice::oss {
namespace {

constexpr const char* kChecksum = "x-oss-hash-crc64ecma";
constexpr std::string_view kMetadataPrefix = "x-oss-meta-";

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

http::Headers headers_of(const objects::ObjectTraits& traits) {
  http::Headers headers;
  const auto add = [&](std::string name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(std::move(name), value);
  };
  add("Content-Type", traits.content_type);
  add("Content-Encoding", traits.content_encoding);
  add("x-oss-storage-class", traits.storage_class);
  add("x-oss-server-side-encryption", traits.encryption);
  add("x-oss-server-side-encryption-key-id", traits.encryption_key_id);
  for (const auto& [name, value] : traits.metadata) add(std::string(kMetadataPrefix) + name, value);
  if (traits.only_if_new) headers.emplace_back("x-oss-forbid-overwrite", "true");
  return headers;
}

http::Headers overwrite_header_of(const objects::ObjectTraits& traits) {
  http::Headers headers;
  if (traits.only_if_new) headers.emplace_back("x-oss-forbid-overwrite", "true");
  return headers;
}

std::pair<std::string, std::string> checksum_header(std::uint64_t crc64) {
  return {kChecksum, std::to_string(crc64)};
}

Result<objects::ObjectHead> head_of(const http::Response& response) {
  const std::optional<std::uint64_t> bytes = number_of(response.header("Content-Length"));
  if (!bytes) return Error(Errc::corrupt, "the answer has no length");
  objects::ObjectHead head;
  head.bytes = *bytes;
  head.crc64 = checksum_of(response);
  for (const auto& [name, value] : response.headers) {
    const std::string lower = http::to_lower(name);
    if (lower.starts_with(kMetadataPrefix)) {
      head.metadata.emplace_back(lower.substr(kMetadataPrefix.size()), value);
    }
  }
  return head;
}

std::optional<std::uint64_t> checksum_of(const http::Response& response) {
  return number_of(response.header(kChecksum));
}

}  // namespace sluice::oss
