#pragma once
// An object store over the protocol of S3.

#include "core/objects/object_store.hpp"
#include "core/objects/store_xml.hpp"
#include "core/s3/sender.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::s3 {

using objects::ListedObject;
using objects::ListedUpload;
using objects::ObjectHead;
using objects::ObjectTraits;
using objects::Part;

// What goes to the store is sent with its MD5, and compared with the ETag of the answer where that is an MD5.
// S3 keeps no checksum that could be known before the whole object is: whether a request whose answer was
// lost has been carried out is seen from size and ETag, or, where the ETag says nothing, by reading the
// object. Errors read "put object orders/x.csv: 503 SlowDown: ..., request 5C9F...". Single-threaded.
class Client final : public objects::ObjectStore {
 public:
  // `bucket` is for messages. What `sender` refers to outlives the client.
  Client(Sender sender, std::string bucket) : sender_(std::move(sender)), bucket_(std::move(bucket)) {}

  awaitable<Result<void>> put_object(const std::string& object, std::string_view body,
                                     const ObjectTraits& traits) override;
  // Without a CRC-64.
  awaitable<Result<ObjectHead>> head_object(const std::string& object) override;
  awaitable<Result<std::string>> get_object(const std::string& object, std::size_t bytes_max) override;
  awaitable<Result<void>> delete_object(const std::string& object) override;

  awaitable<Result<std::string>> initiate_upload(const std::string& object,
                                                 const ObjectTraits& traits) override;
  awaitable<Result<Part>> upload_part(const std::string& object, const std::string& upload_id, int number,
                                      std::string_view body, std::uint64_t crc64) override;
  awaitable<Result<void>> complete_upload(const std::string& object, const std::string& upload_id,
                                          const std::vector<Part>& parts, std::uint64_t bytes,
                                          std::uint64_t crc64, const ObjectTraits& traits) override;
  awaitable<Result<void>> abort_upload(const std::string& object, const std::string& upload_id) override;

  awaitable<Result<std::vector<ListedUpload>>> list_uploads(const std::string& prefix) override;
  awaitable<Result<std::vector<ListedObject>>> list_objects(const std::string& prefix) override;

  // From a listing of one entry.
  awaitable<Result<bool>> object_exists(const std::string& object) override;

  // True once an initiate_upload() was repeated.
  bool may_have_lost_upload() const noexcept override { return initiate_repeated_; }

 private:
  // An object as it should be.
  struct Content {
    std::uint64_t bytes = 0;
    std::uint64_t crc64 = 0;
    std::string etag;  // without quotes in lower case; empty: not known
  };

  Call object_call(std::string_view doing, const char* method, const std::string& object) const;
  Call bucket_call(std::string_view doing) const;
  awaitable<Result<void>> settle(const Call& call, const Failure& failure, const Content& content);
  awaitable<Result<bool>> holds(const std::string& object, const Content& content);
  awaitable<Result<std::uint64_t>> read_crc64(const std::string& object, std::uint64_t bytes);
  awaitable<Result<objects::ObjectPage>> list_page(const std::string& prefix, int entries_max,
                                                   const std::string& token, objects::ListingPlaces& places);

  Sender sender_;
  std::string bucket_;
  bool initiate_repeated_ = false;
  bool part_etags_are_md5_ = true;
};

}  // namespace sluice::s3
