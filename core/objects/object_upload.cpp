#include "core/objects/object_upload.hpp"

#include "core/base/crc64.hpp"

namespace sluice::objects {

// Ends what start() began, however the task ends.
class ObjectUpload::Flight {
 public:
  Flight(ObjectUpload& owner, std::size_t bytes) : owner_(owner), bytes_(bytes) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() {
    if (!arrived) owner_.context_.fail(Error(Errc::cancelled, "upload " + owner_.name_ + ": stopped"));
    --owner_.flying_;
    owner_.context_.memory.end_sending(bytes_);
  }

  bool arrived = false;

 private:
  ObjectUpload& owner_;
  std::size_t bytes_;
};

void ObjectUpload::start(int number, format::ByteBuffer bytes) {
  const std::size_t size = bytes.size();
  begun_ = true;
  ++flying_;
  context_.memory.begin_sending(size);
  if (context_.tasks.start(fly(number, std::move(bytes)))) return;
  --flying_;
  context_.memory.end_sending(size);
  context_.fail(Error(Errc::cancelled, "upload " + name_ + ": the attempt was stopped"));
}

awaitable<void> ObjectUpload::fly(int number, format::ByteBuffer bytes) {
  Flight flight(*this, bytes.size());
  const Result<void> sent = co_await send(number, bytes.view());
  if (!sent) context_.fail(sent.error());
  flight.arrived = true;
}

awaitable<Result<void>> ObjectUpload::send(int number, std::string_view bytes) {
  const Result<void> ready = co_await begin();
  if (!ready) co_return ready;
  Sent sent;
  sent.bytes = bytes.size();
  sent.crc64 = crc64(0, bytes);
  co_await context_.bytes_rate.acquire(bytes.size());
  Result<Part> part = co_await context_.store.upload_part(name_, upload_id_, number, bytes, sent.crc64);
  if (!part) co_return part.error();
  sent.part = std::move(*part);
  sent_[number] = std::move(sent);
  context_.statistics.written_bytes += bytes.size();
  co_return Result<void>();
}

// The first part to come asks for the upload's id, the others wait for it.
awaitable<Result<void>> ObjectUpload::begin() {
  if (!beginning_) {
    beginning_ = true;
    const ObjectTraits traits = context_.mark.on(context_.traits, name_);
    Result<std::string> upload_id = co_await context_.store.initiate_upload(name_, traits);
    if (!upload_id) co_return upload_id.error();
    upload_id_ = std::move(*upload_id);
    context_.memory.notify();
  }
  while (upload_id_.empty()) {
    if (context_.failure) co_return *context_.failure;
    co_await context_.memory.changed();
  }
  co_return Result<void>();
}

awaitable<Result<void>> ObjectUpload::settle() {
  while (flying_ > 0 && !context_.failure) co_await context_.memory.changed();
  if (context_.failure) co_return *context_.failure;
  co_return Result<void>();
}

awaitable<Result<pipeline::ObjectInfo>> ObjectUpload::complete() {
  pipeline::ObjectInfo object;
  object.name = name_;
  std::vector<Part> parts;
  for (const auto& [number, sent] : sent_) {
    object.crc64 = crc64_combine(object.crc64, sent.crc64, sent.bytes);
    object.bytes += sent.bytes;
    parts.push_back(sent.part);
  }
  context_.touched.push_back(name_);
  const Result<bool> made = co_await context_.mark.is_made(name_, object.bytes, object.crc64);
  if (!made) co_return made.error();
  const ObjectTraits traits = context_.mark.on(context_.traits, name_);
  Result<void> done;
  if (*made) {
    done = co_await context_.store.abort_upload(name_, upload_id_);
  } else {
    done =
        co_await context_.store.complete_upload(name_, upload_id_, parts, object.bytes, object.crc64, traits);
  }
  if (!done) co_return done.error();
  co_return object;
}

awaitable<Result<pipeline::ObjectInfo>> put_whole(UploadContext& context, std::string name,
                                                  std::string_view body, ObjectTraits traits) {
  pipeline::ObjectInfo object;
  object.name = name;
  object.bytes = body.size();
  object.crc64 = crc64(0, body);
  context.touched.push_back(name);
  const Result<bool> made = co_await context.mark.is_made(name, object.bytes, object.crc64);
  if (!made) co_return made.error();
  if (*made) co_return object;
  co_await context.bytes_rate.acquire(body.size());
  traits = context.mark.on(std::move(traits), name);
  const Result<void> put = co_await context.store.put_object(name, body, traits);
  if (!put) co_return put.error();
  co_return object;
}

}  // namespace sluice::objects
