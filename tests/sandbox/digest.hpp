#pragma once
// Digests, signatures' building blocks and text encodings used by both services.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sandbox {

/// Raw digest bytes: 16 for MD5, 20 for SHA-1, 32 for SHA-256.
std::string md5(std::string_view data);
std::string sha256(std::string_view data);
std::string hmac_sha1(std::string_view key, std::string_view message);
std::string hmac_sha256(std::string_view key, std::string_view message);

std::string base64_encode(std::string_view data);
/// Nothing for text that is not padded base64.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_lower(std::string_view data);
std::string hex_upper(std::string_view data);

/// Percent-decodes; `plus_is_space` for query values. A broken escape is kept as it stands.
std::string url_decode(std::string_view text, bool plus_is_space);
/// Encodes everything but A-Z a-z 0-9 - _ . ~ and, if asked, the slash.
std::string url_encode(std::string_view text, bool keep_slash);

/// CRC-64/XZ. Chain calls with the former result; start with 0.
std::uint64_t crc64(std::uint64_t before, std::string_view data);
/// The CRC-64 of A followed by B from the CRCs of both and the length of B in bytes.
std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_length);

/// Random lower-case hex digits, for ids that need no secrecy.
std::string random_hex(std::size_t digits);

/// Equality that does not stop at the first difference.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace sluice::sandbox
