#pragma once
// The port to where objects are kept: OSS, an S3-compatible store, a directory. One instance serves one
// attempt.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::objects {

// What is said of an object when it is made. Empty: the store's default.
struct ObjectTraits {
  std::string content_type;
  std::string content_encoding;
  std::string storage_class;      // in the words of OSS: Standard, IA, Archive, ColdArchive, DeepColdArchive
  std::string encryption;         // AES256, KMS, SM4
  std::string encryption_key_id;  // of KMS
  std::vector<std::pair<std::string, std::string>> metadata;  // names in lower case, without a prefix
  bool only_if_new = false;  // an object of that name makes the request fail (conflict)
};

struct ObjectHead {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> crc64;  // CRC-64/XZ; absent on some copies, very old objects, and in S3
  std::vector<std::pair<std::string, std::string>> metadata;  // as in ObjectTraits
};

struct Part {
  int number = 0;    // 1 .. 10,000
  std::string etag;  // as received
};

struct ListedUpload {
  std::string object;
  std::string upload_id;
};

struct ListedObject {
  std::string name;
  std::uint64_t bytes = 0;
};

// Repeats what may be repeated by itself; errors are final, name the operation and the object, and never hold
// a secret. Bodies stay the caller's and must live until the call returns. Requests of one store may be on
// their way side by side. Single-threaded.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Makes the object, whole, in place of one of that name.
  virtual awaitable<Result<void>> put_object(const std::string& object, std::string_view body,
                                             const ObjectTraits& traits) = 0;
  virtual awaitable<Result<ObjectHead>> head_object(const std::string& object) = 0;  // not_found
  virtual awaitable<Result<std::string>> get_object(const std::string& object, std::size_t bytes_max) = 0;
  virtual awaitable<Result<void>> delete_object(const std::string& object) = 0;  // also if it does not exist

  virtual awaitable<Result<std::string>> initiate_upload(const std::string& object,
                                                         const ObjectTraits& traits) = 0;
  virtual awaitable<Result<Part>> upload_part(const std::string& object, const std::string& upload_id,
                                              int number, std::string_view body, std::uint64_t crc64) = 0;
  // `parts` ascend by number, with gaps. `bytes` and `crc64` are those of the whole object: they prove a
  // completion whose answer was lost.
  virtual awaitable<Result<void>> complete_upload(const std::string& object, const std::string& upload_id,
                                                  const std::vector<Part>& parts, std::uint64_t bytes,
                                                  std::uint64_t crc64, const ObjectTraits& traits) = 0;
  virtual awaitable<Result<void>> abort_upload(const std::string& object,
                                               const std::string& upload_id) = 0;  // also if unknown

  // All that begin with `prefix`, in byte order of their names.
  virtual awaitable<Result<std::vector<ListedUpload>>> list_uploads(const std::string& prefix) = 0;
  virtual awaitable<Result<std::vector<ListedObject>>> list_objects(const std::string& prefix) = 0;

  // Needs no right to read the object.
  virtual awaitable<Result<bool>> object_exists(const std::string& object) = 0;

  // True once an upload may be open that nobody knows the id of.
  virtual bool may_have_lost_upload() const noexcept = 0;
};

using OnRetry = std::function<void(std::string_view line)>;  // told before each pause; must not throw

// Opens the store for one attempt. What it holds by reference outlives all attempts.
using StoreMaker = std::function<std::unique_ptr<ObjectStore>(OnRetry)>;

}  // namespace sluice::objects
