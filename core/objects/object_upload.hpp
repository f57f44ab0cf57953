#pragma once
// One object on its way into the store.

#include "core/objects/upload_context.hpp"

#include <map>
#include <string>

namespace sluice::objects {

// A multipart upload: parts go side by side and stand in order of their numbers. The first of them begins
// the upload. What fails is told to the context.
class ObjectUpload {
 public:
  ObjectUpload(UploadContext& context, std::string name) : context_(context), name_(std::move(name)) {}
  ObjectUpload(const ObjectUpload&) = delete;
  ObjectUpload& operator=(const ObjectUpload&) = delete;

  const std::string& name() const noexcept { return name_; }

  // False while no part was started.
  bool begun() const noexcept { return begun_; }

  // True if neither this object nor the attempt has too many requests on their way.
  bool may_start() const noexcept { return flying_ < context_.limits.parts_at_once && context_.may_send(); }

  // Sends `bytes`, which the memory counts, as the part with this number, used once.
  void start(int number, format::ByteBuffer bytes);

  // Returns when no part is on its way, or the attempt has failed.
  awaitable<Result<void>> settle();

  // Makes the object of all parts visible. `rows` of the result is left to the caller.
  awaitable<Result<pipeline::ObjectInfo>> complete();

 private:
  class Flight;
  struct Sent {
    Part part;
    std::uint64_t bytes = 0;
    std::uint64_t crc64 = 0;
  };

  awaitable<void> fly(int number, format::ByteBuffer bytes);
  awaitable<Result<void>> send(int number, std::string_view bytes);
  awaitable<Result<void>> begin();

  UploadContext& context_;
  std::string name_;
  std::string upload_id_;
  bool begun_ = false;
  bool beginning_ = false;
  std::size_t flying_ = 0;
  std::map<int, Sent> sent_;
};

// Makes an object of one request. Replaces one of that name unless the window's mark forbids it.
awaitable<Result<pipeline::ObjectInfo>> put_whole(UploadContext& context, std::string name,
                                                  std::string_view body, ObjectTraits traits);

}  // namespace sluice::objects
