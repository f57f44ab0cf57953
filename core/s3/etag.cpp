#include "core/s3/etag.hpp"

#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"

#include <fmt/format.h>

namespace sluice::s3 {
namespace {

constexpr std::size_t kDigits = 32;

std::string bare(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return http::to_lower(etag);
}

int digit_of(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  return -1;
}

// The 16 bytes of 32 lower-case hex digits.
std::optional<std::string> bytes_of(std::string_view digits) {
  if (digits.size() != kDigits) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < kDigits; i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace

std::optional<std::string> md5_of_etag(const http::Response& answer) {
  if (answer.header("x-amz-server-side-encryption").starts_with("aws:kms")) return std::nullopt;
  return bytes_of(bare(answer.header("ETag")));
}

std::optional<std::string> upload_etag(const std::vector<objects::Part>& parts) {
  std::string all;
  for (const objects::Part& part : parts) {
    const auto bytes = bytes_of(bare(part.etag));
    if (!bytes) return std::nullopt;
    all += *bytes;
  }
  return fmt::format("{}-{}", http::hex(http::md5(all)), parts.size());
}

std::optional<std::string> as_upload_etag(std::string_view text) {
  std::string etag = bare(text);
  if (etag.size() < kDigits + 2 || etag[kDigits] != '-' || !bytes_of(etag.substr(0, kDigits)))
    return std::nullopt;
  if (etag.find_first_not_of("0123456789", kDigits + 1) != std::string::npos) return std::nullopt;
  return etag;
}

}  // namespace sluice::s3
