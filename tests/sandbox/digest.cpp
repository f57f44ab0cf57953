#include "tests/sandbox/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

namespace sluice::sandbox {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string digest(const EVP_MD* kind, std::string_view data) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  if (EVP_Digest(data.data(), data.size(), bytes(out), &length, kind, nullptr) != 1)
    throw std::runtime_error("compute digest: OpenSSL refused");
  out.resize(length);
  return out;
}

std::string hmac(const EVP_MD* kind, std::string_view key, std::string_view message) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned int length = 0;
  if (HMAC(kind, key.data(), static_cast<int>(key.size()), bytes(message), message.size(), bytes(out),
           &length) == nullptr)
    throw std::runtime_error("compute HMAC: OpenSSL refused");
  out.resize(length);
  return out;
}

std::string hex(std::string_view data, const char* digits) {
  std::string out;
  out.reserve(data.size() * 2);
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::uint64_t kCrc64Poly = 0xC96C5795D7870F42;

using Crc64Tables = std::array<std::array<std::uint64_t, 256>, 8>;

// Eight tables, so that the inner loop takes eight bytes at a time.
Crc64Tables make_crc64_tables() {
  Crc64Tables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ kCrc64Poly : crc >> 1U;
    tables[0][i] = crc;
  }
  for (std::size_t i = 0; i < 256; ++i)
    for (std::size_t t = 1; t < 8; ++t)
      tables[t][i] = tables[0][tables[t - 1][i] & 255U] ^ (tables[t - 1][i] >> 8U);
  return tables;
}

using Matrix = std::array<std::uint64_t, 64>;

std::uint64_t times(const Matrix& matrix, std::uint64_t vector) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; vector != 0; ++i, vector >>= 1U)
    if ((vector & 1U) != 0) sum ^= matrix[i];
  return sum;
}

Matrix squared(const Matrix& matrix) {
  Matrix out{};
  for (std::size_t i = 0; i < 64; ++i) out[i] = times(matrix, matrix[i]);
  return out;
}

}  // namespace

std::string md5(std::string_view data) { return digest(EVP_md5(), data); }
std::string sha256(std::string_view data) { return digest(EVP_sha256(), data); }
std::string hmac_sha1(std::string_view key, std::string_view message) {
  return hmac(EVP_sha1(), key, message);
}
std::string hmac_sha256(std::string_view key, std::string_view message) {
  return hmac(EVP_sha256(), key, message);
}

std::string base64_encode(std::string_view data) {
  std::string out(4 * ((data.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(bytes(out), bytes(data), static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(bytes(out), bytes(text), static_cast<int>(text.size())) < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  out.erase(out.size() - std::min(padding, out.size()));
  return out;
}

std::string hex_lower(std::string_view data) { return hex(data, "0123456789abcdef"); }
std::string hex_upper(std::string_view data) { return hex(data, "0123456789ABCDEF"); }

std::string url_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string url_encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos || (keep_slash && c == '/'))
      out += c;
    else
      out += '%' + hex_upper(std::string_view(&c, 1));
  }
  return out;
}

std::uint64_t crc64(std::uint64_t before, std::string_view data) {
  static const Crc64Tables tables = make_crc64_tables();
  std::uint64_t crc = ~before;
  const unsigned char* at = bytes(data);
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, at += 8) {
    for (std::size_t i = 0; i < 8; ++i) crc ^= std::uint64_t{at[i]} << (8 * i);
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) next ^= tables[7 - i][(crc >> (8 * i)) & 255U];
    crc = next;
  }
  for (; left > 0; --left, ++at) crc = tables[0][(crc ^ *at) & 255U] ^ (crc >> 8U);
  return ~crc;
}

// Appending n zero bytes to a message is a linear map of its CRC; n is applied bit by bit by squaring the map
// for one zero byte.
std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_length) {
  Matrix map{};
  map[0] = kCrc64Poly;
  for (std::size_t i = 1; i < 64; ++i) map[i] = std::uint64_t{1} << (i - 1);
  for (int i = 0; i < 3; ++i) map = squared(map);
  for (; second_length != 0; second_length >>= 1U, map = squared(map))
    if ((second_length & 1U) != 0) first = times(map, first);
  return first ^ second;
}

std::string random_hex(std::size_t digits) {
  static std::mt19937_64 generator(std::random_device{}());
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[generator() & 15U];
  return out;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice::sandbox
