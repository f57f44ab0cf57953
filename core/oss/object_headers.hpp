#pragma once
// What is said of an object, as headers of OSS.

#include "core/http/transport.hpp"
#include "core/objects/object_store.hpp"

#include <cstdint>
#include <optional>

namespace sluice::oss {

// For a request that makes an object or begins its upload. Nothing is sent for what is empty.
http::Headers headers_of(const objects::ObjectTraits& traits);

// x-oss-forbid-overwrite alone, if the traits ask for it: what completing an upload takes.
http::Headers overwrite_header_of(const objects::ObjectTraits& traits);

// x-oss-hash-crc64ecma of a body: what arrives otherwise is refused (InvalidCRC64), not stored. Servers that
// do not know it in requests leave it alone; then the checksum in their answer must do.
std::pair<std::string, std::string> checksum_header(std::uint64_t crc64);

// Of an answer to HEAD. corrupt: it has no length.
Result<objects::ObjectHead> head_of(const http::Response& response);

// x-oss-hash-crc64ecma; nothing if it is absent or no number.
std::optional<std::uint64_t> checksum_of(const http::Response& response);

}  // namespace sluice::oss
