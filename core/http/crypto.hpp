#pragma once
// Digests and text encodings that request signing needs. Pure; for the clients of both services.

#include <string>
#include <string_view>

namespace sluice::http {

// Digests as raw bytes: 16, 32, 20 and 32 of them.
std::string md5(std::string_view data);
std::string sha256(std::string_view data);
std::string hmac_sha1(std::string_view key, std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);

// RFC 4648 with padding, on one line.
std::string base64(std::string_view bytes);

// Lower-case hexadecimal.
std::string hex(std::string_view bytes);

// RFC 3986: all but letters, digits, "-", ".", "_", "~" and the characters of `keep` become %XX in upper
// case.
std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace sluice::http
