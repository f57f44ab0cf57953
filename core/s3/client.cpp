#include "core/s3/client.hpp"

#include "core/base/crc64.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/s3/etag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::s3 {
namespace {

constexpr std::string_view kMetadata = "x-amz-meta-";

// Classes and kinds of encryption that OSS names in other words; those of S3 are taken as they are.
std::string storage_class_of(const std::string& name) {
  if (name == "Standard") return "STANDARD";
  if (name == "IA") return "STANDARD_IA";
  if (name == "Archive") return "GLACIER";
  if (name == "ColdArchive" || name == "DeepColdArchive") return "DEEP_ARCHIVE";
  return name;
}

std::string encryption_of(const std::string& name) { return name == "KMS" ? "aws:kms" : name; }

void add_traits(const ObjectTraits& traits, http::Headers& headers) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("Content-Type", traits.content_type);
  add("Content-Encoding", traits.content_encoding);
  add("x-amz-storage-class", storage_class_of(traits.storage_class));
  add("x-amz-server-side-encryption", encryption_of(traits.encryption));
  add("x-amz-server-side-encryption-aws-kms-key-id", traits.encryption_key_id);
  for (const auto& [name, value] : traits.metadata)
    headers.emplace_back(std::string(kMetadata) + name, value);
}

void add_condition(const ObjectTraits& traits, http::Headers& headers) {
  if (traits.only_if_new) headers.emplace_back("If-None-Match", "*");
}

Result<std::uint64_t> length_of(const http::Response& answer, const std::string& doing) {
  const std::string_view text = answer.header("Content-Length");
  std::uint64_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) {
    return Error(Errc::corrupt, doing + ": the answer has no length");
  }
  return length;
}

// The ETag in the answer to a completion; an error for an answer that does not say that it is done.
Result<std::string> completed_etag(std::string_view body) {
  const auto document = objects::parse_xml(body);
  if (!document) return document.error();
  if (document->name != "CompleteMultipartUploadResult") {
    return Error(Errc::corrupt, "the answer is another document: " + document->name.substr(0, 64));
  }
  return as_upload_etag(document->child_text("ETag")).value_or("");
}

// An answer that says "done" and cannot be used.
Error unusable(const Call& call, std::string_view why) {
  return Error(Errc::corrupt, fmt::format("{}: {}", call.doing, why));
}

}  // namespace

awaitable<Result<void>> Client::put_object(const std::string& object, std::string_view body,
                                           const ObjectTraits& traits) {
  Call call = object_call("put object", "PUT", object);
  add_traits(traits, call.headers);
  add_condition(traits, call.headers);
  call.sent_once = traits.only_if_new;
  call.body = body;
  call.body_md5 = http::md5(body);
  const Outcome outcome = co_await sender_.send(call);
  if (outcome) co_return Result<void>();
  if (!traits.only_if_new) co_return outcome.error().error;
  const Content content{body.size(), crc64(0, body), http::hex(call.body_md5)};
  co_return co_await settle(call, outcome.error(), content);
}

awaitable<Result<ObjectHead>> Client::head_object(const std::string& object) {
  Call call = object_call("look up object", "HEAD", object);
  const Outcome outcome = co_await sender_.send(call);
  if (!outcome) co_return outcome.error().error;
  const Result<std::uint64_t> length = length_of(*outcome, call.doing);
  if (!length) co_return length.error();
  ObjectHead head;
  head.bytes = *length;
  for (const auto& [name, value] : outcome->headers) {
    const std::string lower = http::to_lower(name);
    if (lower.starts_with(kMetadata)) head.metadata.emplace_back(lower.substr(kMetadata.size()), value);
  }
  co_return head;
}

awaitable<Result<std::string>> Client::get_object(const std::string& object, std::size_t bytes_max) {
  Call call = object_call("get object", "GET", object);
  call.answer_bytes_max = bytes_max;
  call.checks_answer = true;
  Outcome outcome = co_await sender_.send(call);
  if (!outcome) co_return outcome.error().error;
  co_return std::move(outcome->body);
}

awaitable<Result<void>> Client::delete_object(const std::string& object) {
  Call call = object_call("delete object", "DELETE", object);
  const Outcome outcome = co_await sender_.send(call);
  if (outcome || outcome.error().code == "NoSuchKey") co_return Result<void>();
  co_return outcome.error().error;
}

awaitable<Result<std::string>> Client::initiate_upload(const std::string& object,
                                                       const ObjectTraits& traits) {
  Call call = object_call("begin upload of", "POST", object);
  call.sent_once = true;
  call.queries.emplace_back("uploads", "");
  add_traits(traits, call.headers);
  const Outcome outcome = co_await sender_.send(call);
  if (call.attempts.begun() > 1) initiate_repeated_ = true;
  if (!outcome) co_return outcome.error().error;
  Result<std::string> upload_id = objects::parse_initiate_result(outcome->body);
  if (!upload_id) {
    initiate_repeated_ = true;  // it is open, and we do not know its name
    co_return upload_id.error().in(call.doing);
  }
  co_return upload_id;
}

awaitable<Result<Part>> Client::upload_part(const std::string& object, const std::string& upload_id,
                                            int number, std::string_view body, std::uint64_t) {
  Call call = object_call(fmt::format("upload part {} of", number), "PUT", object);
  call.queries.emplace_back("partNumber", std::to_string(number));
  call.queries.emplace_back("uploadId", upload_id);
  call.body = body;
  call.body_md5 = http::md5(body);
  const Outcome outcome = co_await sender_.send(call);
  if (!outcome) co_return outcome.error().error;
  Part part;
  part.number = number;
  part.etag = outcome->header("ETag");
  if (!objects::is_usable_etag(part.etag)) {
    co_return Error(Errc::corrupt, call.doing + ": the answer has no usable ETag");
  }
  if (!md5_of_etag(*outcome)) part_etags_are_md5_ = false;
  co_return part;
}

awaitable<Result<void>> Client::complete_upload(const std::string& object, const std::string& upload_id,
                                                const std::vector<Part>& parts, std::uint64_t bytes,
                                                std::uint64_t crc64, const ObjectTraits& traits) {
  const std::string document = objects::completion_document(parts);
  Call call = object_call("complete upload of", "POST", object);
  call.sent_once = true;
  call.queries.emplace_back("uploadId", upload_id);
  call.headers.emplace_back("Content-Type", "application/xml");
  add_condition(traits, call.headers);
  call.body = document;
  call.may_fail_late = true;
  Content content{bytes, crc64, {}};
  if (part_etags_are_md5_) content.etag = upload_etag(parts).value_or("");
  const Outcome outcome = co_await sender_.send(call);
  if (!outcome) co_return co_await settle(call, outcome.error(), content);
  const Result<std::string> etag = completed_etag(outcome->body);
  if (etag && (etag->empty() || content.etag.empty() || *etag == content.etag)) co_return Result<void>();
  const Result<bool> done = co_await holds(object, content);
  if (!done) co_return done.error().in(call.doing);
  if (*done) co_return Result<void>();
  co_return Error(Errc::corrupt, fmt::format("{}: the object is not what was sent: {}", call.doing,
                                             etag ? "its ETag is " + *etag + ", ours " + content.etag
                                                  : etag.error().message()));
}

// Neither completing nor making a new object is idempotent: on a repeat, "no such upload" or "exists already"
// may mean that an earlier attempt was carried out.
awaitable<Result<void>> Client::settle(const Call& call, const Failure& failure, const Content& content) {
  const Errc code = failure.error.code();
  if (call.attempts.begun() == 1 || (code != Errc::not_found && code != Errc::conflict)) {
    co_return failure.error;
  }
  const Result<bool> done = co_await holds(call.object, content);
  if (!done) co_return done.error().in(failure.error.message());
  if (*done) co_return Result<void>();
  co_return failure.error;
}

awaitable<Result<bool>> Client::holds(const std::string& object, const Content& content) {
  Call call = object_call("look up object", "HEAD", object);
  const Outcome outcome = co_await sender_.send(call);
  if (!outcome && outcome.error().error.code() == Errc::not_found) co_return false;
  if (!outcome) co_return outcome.error().error;
  const Result<std::uint64_t> length = length_of(*outcome, call.doing);
  if (!length) co_return length.error();
  if (*length != content.bytes) co_return false;
  std::string etag = as_upload_etag(outcome->header("ETag")).value_or("");
  if (const auto md5 = md5_of_etag(*outcome)) etag = http::hex(*md5);
  if (!etag.empty() && etag.size() == content.etag.size()) co_return etag == content.etag;
  const Result<std::uint64_t> crc = co_await read_crc64(object, content.bytes);
  if (!crc) co_return crc.error();
  co_return *crc == content.crc64;
}

awaitable<Result<std::uint64_t>> Client::read_crc64(const std::string& object, std::uint64_t bytes) {
  constexpr std::uint64_t kPieceBytes = 4 * 1024 * 1024;
  std::uint64_t crc = 0;
  for (std::uint64_t at = 0; at < bytes; at += kPieceBytes) {
    const std::uint64_t size = std::min(kPieceBytes, bytes - at);
    Call call = object_call("read back object", "GET", object);
    call.headers.emplace_back("Range", fmt::format("bytes={}-{}", at, at + size - 1));
    const Outcome outcome = co_await sender_.send(call);
    if (!outcome) co_return outcome.error().error;
    if (outcome->body.size() != size) {
      co_return Error(Errc::corrupt,
                      fmt::format("{}: asked for {} bytes, got {}", call.doing, size, outcome->body.size()));
    }
    crc = crc64(crc, outcome->body);
  }
  co_return crc;
}

awaitable<Result<void>> Client::abort_upload(const std::string& object, const std::string& upload_id) {
  Call call = object_call("abort upload of", "DELETE", object);
  call.queries.emplace_back("uploadId", upload_id);
  const Outcome outcome = co_await sender_.send(call);
  if (outcome || outcome.error().code == "NoSuchUpload") co_return Result<void>();
  co_return outcome.error().error;
}

awaitable<Result<std::vector<ListedUpload>>> Client::list_uploads(const std::string& prefix) {
  std::vector<ListedUpload> uploads;
  objects::ListingPlaces places;
  objects::UploadPage page;
  do {
    Call call = bucket_call("list uploads of bucket");
    call.queries.emplace_back("uploads", "");
    call.queries.emplace_back("prefix", prefix);
    call.queries.emplace_back("encoding-type", "url");
    if (!page.next_key_marker.empty()) {
      call.queries.emplace_back("key-marker", page.next_key_marker);
      call.queries.emplace_back("upload-id-marker", page.next_upload_id_marker);
    }
    const Outcome outcome = co_await sender_.send(call);
    if (!outcome) co_return outcome.error().error;
    auto next = objects::parse_upload_page(outcome->body, objects::NameCoding::form);
    if (!next) co_return next.error().in(call.doing);
    if (objects::stands_still(page, *next, places)) co_return unusable(call, objects::kEndlessListing);
    if (!objects::is_below(next->uploads, prefix)) co_return unusable(call, objects::kForeignListing);
    page = std::move(*next);
    uploads.insert(uploads.end(), page.uploads.begin(), page.uploads.end());
  } while (page.truncated);
  co_return uploads;
}

awaitable<Result<std::vector<ListedObject>>> Client::list_objects(const std::string& prefix) {
  std::vector<ListedObject> objects;
  objects::ListingPlaces places;
  objects::ObjectPage page;
  do {
    Result<objects::ObjectPage> next = co_await list_page(prefix, 1000, page.next_token, places);
    if (!next) co_return next.error();
    page = std::move(*next);
    objects.insert(objects.end(), page.objects.begin(), page.objects.end());
  } while (page.truncated);
  co_return objects;
}

awaitable<Result<bool>> Client::object_exists(const std::string& object) {
  // The exact name is the least of all names that begin with it.
  const std::string from_start;
  objects::ListingPlaces places;
  const Result<objects::ObjectPage> page = co_await list_page(object, 1, from_start, places);
  if (!page) co_return page.error();
  co_return !page->objects.empty() && page->objects.front().name == object;
}

awaitable<Result<objects::ObjectPage>> Client::list_page(const std::string& prefix, int entries_max,
                                                         const std::string& token,
                                                         objects::ListingPlaces& places) {
  Call call = bucket_call("list objects of bucket");
  call.queries.emplace_back("list-type", "2");
  call.queries.emplace_back("prefix", prefix);
  call.queries.emplace_back("max-keys", std::to_string(entries_max));
  call.queries.emplace_back("encoding-type", "url");
  if (!token.empty()) call.queries.emplace_back("continuation-token", token);
  const Outcome outcome = co_await sender_.send(call);
  if (!outcome) co_return outcome.error().error;
  auto page = objects::parse_object_page(outcome->body, objects::NameCoding::form);
  if (!page) co_return page.error().in(call.doing);
  if (page->truncated && (page->next_token.empty() || !places.add(page->next_token))) {
    co_return unusable(call, objects::kEndlessListing);
  }
  if (!objects::is_below(page->objects, prefix)) co_return unusable(call, objects::kForeignListing);
  co_return page;
}

Call Client::object_call(std::string_view doing, const char* method, const std::string& object) const {
  Call call;
  call.doing = fmt::format("{} {}", doing, object);
  call.method = method;
  call.object = object;
  return call;
}

Call Client::bucket_call(std::string_view doing) const {
  Call call;
  call.doing = fmt::format("{} {}", doing, bucket_);
  call.method = "GET";
  return call;
}

}  // namespace sluice::s3
