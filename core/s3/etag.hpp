#pragma once
// ETags of S3 as checksums, as far as they are some. Pure.

#include "core/http/transport.hpp"
#include "core/objects/object_store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::s3 {

// The raw MD5 of what one request stored, from the ETag of an answer; nothing where the ETag is something
// else: of an upload in parts, or under a key of KMS.
std::optional<std::string> md5_of_etag(const http::Response& answer);

// "0f343b0931126a20f133d67c2b018a3b-2": what the whole upload is called, the MD5 of its parts' MD5s and their
// number; from the parts' ETags, also where these are no MD5s of the bytes. Nothing if one has another form.
std::optional<std::string> upload_etag(const std::vector<objects::Part>& parts);

// `text` without quotes in lower case, if it has the form of an upload_etag().
std::optional<std::string> as_upload_etag(std::string_view text);

}  // namespace sluice::s3
