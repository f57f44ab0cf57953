#include "core/http/crypto.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <limits>
#include <stdexcept>

namespace sluice::http {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string as_text(const Digest& digest, unsigned int length) {
  return std::string(digest.begin(), digest.begin() + length);
}

// OpenSSL refuses a digest only when its configuration forbids it (FIPS and MD5): no caller can act on that.
std::string digest(std::string_view data, const EVP_MD* kind) {
  Digest out{};
  unsigned int length = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &length, kind, nullptr) != 1) {
    throw std::runtime_error("compute digest: refused by OpenSSL's configuration");
  }
  return as_text(out, length);
}

std::string hmac(std::string_view key, std::string_view data, const EVP_MD* kind) {
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::length_error("compute HMAC: key too long");
  }
  Digest out{};
  unsigned int length = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  if (HMAC(kind, key.data(), static_cast<int>(key.size()), bytes, data.size(), out.data(), &length) ==
      nullptr) {
    throw std::runtime_error("compute HMAC: refused by OpenSSL's configuration");
  }
  return as_text(out, length);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string md5(std::string_view data) { return digest(data, EVP_md5()); }
std::string sha256(std::string_view data) { return digest(data, EVP_sha256()); }
std::string hmac_sha1(std::string_view key, std::string_view data) { return hmac(key, data, EVP_sha1()); }
std::string hmac_sha256(std::string_view key, std::string_view data) { return hmac(key, data, EVP_sha256()); }

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned int group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? kAlphabet[(group >> (18 - 6 * k)) & 63U] : '=';
    }
  }
  return out;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace sluice::http
