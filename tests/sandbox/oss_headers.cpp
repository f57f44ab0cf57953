// What requests say of the objects they make, and what is wrong with it.
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_operations.hpp"

#include <algorithm>
#include <array>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kKeyBytesMax = 1023;
constexpr std::size_t kMetadataBytesMax = 8 * 1024;
constexpr std::string_view kMetadataPrefix = "x-oss-meta-";

constexpr std::array<std::string_view, 5> kClasses{"Standard", "IA", "Archive", "ColdArchive",
                                                   "DeepColdArchive"};
constexpr std::array<std::string_view, 3> kEncryptions{"AES256", "KMS", "SM4"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

bool is_kept(const std::string& name) {
  return name == "content-type" || name == "cache-control" || name == "content-disposition" ||
         name == "content-encoding" || name == "content-language" || name == "expires" ||
         name == kStorageClass || name == kEncryption || name == kEncryptionKey ||
         name.starts_with(kMetadataPrefix);
}

void check_kept(const StoredHeaders& headers) {
  std::size_t metadata_bytes = 0;
  for (const auto& [name, value] : headers) {
    if (name == kStorageClass && !is_one_of(value, kClasses))
      throw invalid_argument("The storage class is not known.", name, value);
    if (name == kEncryption && !is_one_of(value, kEncryptions))
      throw OssError(400, "InvalidEncryptionAlgorithmError",
                     "The encryption request you specified is not valid.")
          .with("ArgumentName", name)
          .with("ArgumentValue", value);
    if (!name.starts_with(kMetadataPrefix)) continue;
    const std::string_view own = std::string_view(name).substr(kMetadataPrefix.size());
    metadata_bytes += own.size() + value.size();
    const bool plain = std::all_of(own.begin(), own.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (own.empty() || !plain) throw invalid_argument("The name of user metadata is not valid.", name, value);
  }
  if (metadata_bytes > kMetadataBytesMax)
    throw invalid_argument("User metadata is larger than 8 KB.", "x-oss-meta",
                           std::to_string(metadata_bytes));
  const auto encryption = headers.find(kEncryption);
  if (headers.contains(kEncryptionKey) && (encryption == headers.end() || encryption->second == "AES256"))
    throw invalid_argument("A key id needs an encryption by KMS.", kEncryptionKey,
                           headers.at(kEncryptionKey));
}

}  // namespace

void check_key(const std::string& key) {
  if (key.empty() || key.size() > kKeyBytesMax || key.front() == '/' || key.front() == '\\')
    throw OssError(400, "InvalidObjectName", "The specified object is not valid.").with("ObjectName", key);
}

void check_put_headers(const Request& http) {
  for (const char* name : {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
    if (http.headers.contains(name))
      throw OssError(400, "NotImplemented",
                     "A header you provided implies functionality that is not implemented.")
          .with("Header", name);
  // Not kept here, so not taken either.
  const std::string_view acl = http.header("x-oss-object-acl");
  const bool other_acl = !acl.empty() && acl != "default" && acl != "private";
  if (other_acl || http.headers.contains("x-oss-tagging"))
    throw OssError(501, "NotImplemented",
                   "A header you provided implies functionality that is not implemented.")
        .with("Header", other_acl ? "x-oss-object-acl" : "x-oss-tagging");
  if (!http.headers.contains("content-length") && !http.headers.contains("transfer-encoding"))
    throw OssError(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
}

void check_content_md5(const Request& http) {
  const std::string_view given = http.header("content-md5");
  if (!given.empty() && given != base64_encode(md5(http.body)))
    throw OssError(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        .with("Content-MD5", std::string(given));
}

void check_body(const Request& http) {
  check_content_md5(http);
  const std::string_view given = http.header("x-oss-hash-crc64ecma");
  if (!given.empty() && given != std::to_string(crc64(0, http.body)))
    throw OssError(400, "InvalidCRC64", "The CRC64 you specified was invalid.")
        .with("x-oss-hash-crc64ecma", std::string(given));
}

void check_overwrite(const OssRequest& request, const Bucket& bucket) {
  const std::string_view forbid = request.http.header("x-oss-forbid-overwrite");
  if (!forbid.empty() && forbid != "true" && forbid != "false")
    throw invalid_argument("The value of x-oss-forbid-overwrite must be true or false.",
                           "x-oss-forbid-overwrite", std::string(forbid))
        .with("EC", "0017-00000279");
  if (forbid == "true" && bucket.find(request.key) != nullptr)
    throw OssError(409, "FileAlreadyExists",
                   "The object you specified already exists and can not be overwritten.")
        .with("Key", request.key);
}

StoredHeaders stored_headers(const Request& http) {
  StoredHeaders out;
  for (const auto& [name, value] : http.headers)
    if (is_kept(name)) out.emplace(name, value);
  check_kept(out);
  return out;
}

std::string storage_class(const StoredHeaders& headers) {
  const auto found = headers.find(kStorageClass);
  return found == headers.end() ? "Standard" : found->second;
}

}  // namespace sluice::sandbox
