#pragma once
// The operations of OSS: each takes the request and the store, and returns the answer or throws OssError. The
// common headers are added by the service.

#include "tests/sandbox/oss_request.hpp"
#include "tests/sandbox/oss_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::sandbox {

using OssOperation = Response (*)(const OssRequest&, ObjectStore&);

Response list_buckets(const OssRequest& request, ObjectStore& store);
Response put_bucket(const OssRequest& request, ObjectStore& store);
Response delete_bucket(const OssRequest& request, ObjectStore& store);
Response get_bucket_info(const OssRequest& request, ObjectStore& store);
Response get_bucket_location(const OssRequest& request, ObjectStore& store);
Response get_bucket_acl(const OssRequest& request, ObjectStore& store);

Response list_objects(const OssRequest& request, ObjectStore& store);
Response list_objects_v2(const OssRequest& request, ObjectStore& store);
Response list_uploads(const OssRequest& request, ObjectStore& store);

Response put_object(const OssRequest& request, ObjectStore& store);
Response append_object(const OssRequest& request, ObjectStore& store);
Response copy_object(const OssRequest& request, ObjectStore& store);
Response delete_object(const OssRequest& request, ObjectStore& store);
Response delete_objects(const OssRequest& request, ObjectStore& store);
Response get_object(const OssRequest& request, ObjectStore& store);
Response head_object(const OssRequest& request, ObjectStore& store);

Response initiate_upload(const OssRequest& request, ObjectStore& store);
Response upload_part(const OssRequest& request, ObjectStore& store);
Response copy_part(const OssRequest& request, ObjectStore& store);
Response complete_upload(const OssRequest& request, ObjectStore& store);
Response abort_upload(const OssRequest& request, ObjectStore& store);
Response list_parts(const OssRequest& request, ObjectStore& store);

/// Headers that are kept with an object under these names.
inline constexpr const char* kStorageClass = "x-oss-storage-class";
inline constexpr const char* kEncryption = "x-oss-server-side-encryption";
inline constexpr const char* kEncryptionKey = "x-oss-server-side-encryption-key-id";

/// Shared by the operations that write objects; each throws OssError.
void check_key(const std::string& key);
/// Conditions, which only reads may have; a missing length; what is not kept here.
void check_put_headers(const Request& http);
void check_content_md5(const Request& http);
/// Content-MD5 and x-oss-hash-crc64ecma against the body that came.
void check_body(const Request& http);
/// FileAlreadyExists if the request forbids overwriting and the key is taken.
void check_overwrite(const OssRequest& request, const Bucket& bucket);
/// Content-Type, class, encryption, metadata and what else is kept with an object.
StoredHeaders stored_headers(const Request& http);
/// Standard unless said otherwise.
std::string storage_class(const StoredHeaders& headers);

/// An object named by x-oss-copy-source.
struct CopySource {
  const Bucket* bucket = nullptr;
  const Object* object = nullptr;
};
CopySource copy_source(const OssRequest& request, ObjectStore& store);

/// "bytes=a-b", "bytes=a-" or "bytes=-n" as offset and length; nothing if it does not fit the size.
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(std::string_view text, std::uint64_t size);

}  // namespace sluice::sandbox
