#include "core/oss/client.hpp"

#include "core/base/crc64.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/oss/object_headers.hpp"

#include <fmt/format.h>

namespace sluice::oss {
namespace {

using objects::UploadPage;

}  // namespace

Client::Client(http::Transport& transport, Clock& clock, Random& random, ClientOptions options,
               Address address, objects::OnRetry on_retry)
    : transport_(transport),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      address_(std::move(address)),
      on_retry_(std::move(on_retry)) {}

awaitable<Result<void>> Client::put_object(const std::string& object, std::string_view body,
                                           const ObjectTraits& traits) {
  Call call = object_call("put object", "PUT", object);
  call.headers = headers_of(traits);
  call.body = body;
  call.crc64 = crc64(0, body);
  call.headers.push_back(checksum_header(*call.crc64));
  call.sent_once = traits.only_if_new;
  const Outcome outcome = co_await send(call);
  if (outcome) co_return Result<void>();
  const Failure failure = outcome.error();
  // It may have been made by an attempt of ours whose answer was lost.
  if (failure.code != "FileAlreadyExists" || call.attempts.begun() == 1) co_return failure.error;
  co_return co_await made_before(object, body.size(), *call.crc64, failure.error);
}

awaitable<Result<ObjectHead>> Client::head_object(const std::string& object) {
  Call call = object_call("look up object", "HEAD", object);
  const Outcome outcome = co_await send(call);
  if (!outcome) co_return outcome.error().error;
  Result<ObjectHead> head = head_of(*outcome);
  if (!head) co_return unusable(call, *outcome, head.error().message());
  co_return head;
}

awaitable<Result<std::string>> Client::get_object(const std::string& object, std::size_t bytes_max) {
  Call call = object_call("get object", "GET", object);
  call.answer_bytes_max = bytes_max;
  call.checks_answer = true;
  Outcome outcome = co_await send(call);
  if (!outcome) co_return outcome.error().error;
  co_return std::move(outcome->body);
}

awaitable<Result<void>> Client::delete_object(const std::string& object) {
  Call call = object_call("delete object", "DELETE", object);
  const Outcome outcome = co_await send(call);
  if (!outcome && outcome.error().code != "NoSuchKey") co_return outcome.error().error;
  co_return Result<void>();
}

awaitable<Result<std::string>> Client::initiate_upload(const std::string& object,
                                                       const ObjectTraits& traits) {
  Call call = object_call("begin upload of", "POST", object);
  call.sent_once = true;
  call.queries.emplace_back("uploads");
  call.headers = headers_of(traits);
  const Outcome outcome = co_await send(call);
  if (call.attempts.begun() > 1) initiate_repeated_ = true;
  if (!outcome) co_return outcome.error().error;
  Result<std::string> upload_id = objects::parse_initiate_result(outcome->body);
  if (!upload_id) {
    initiate_repeated_ = true;  // it is open, and we do not know its name
    co_return unusable(call, *outcome, upload_id.error().message());
  }
  co_return upload_id;
}

awaitable<Result<Part>> Client::upload_part(const std::string& object, const std::string& upload_id,
                                            int number, std::string_view body, std::uint64_t crc64) {
  Call call = object_call(fmt::format("upload part {} of", number), "PUT", object);
  call.queries.emplace_back("partNumber", std::to_string(number));
  call.queries.emplace_back("uploadId", upload_id);
  call.headers.push_back(checksum_header(crc64));
  call.body = body;
  call.crc64 = crc64;
  const Outcome outcome = co_await send(call);
  if (!outcome) co_return outcome.error().error;
  Part part;
  part.number = number;
  part.etag = outcome->header("ETag");
  if (!objects::is_usable_etag(part.etag)) {
    co_return unusable(call, *outcome, "the answer has no usable ETag");
  }
  co_return part;
}

awaitable<Result<void>> Client::complete_upload(const std::string& object, const std::string& upload_id,
                                                const std::vector<Part>& parts, std::uint64_t bytes,
                                                std::uint64_t crc64, const ObjectTraits& traits) {
  const std::string document = objects::completion_document(parts);
  Call call = object_call("complete upload of", "POST", object);
  call.sent_once = true;
  call.queries.emplace_back("uploadId", upload_id);
  call.headers = overwrite_header_of(traits);
  call.headers.emplace_back("Content-Type", "application/xml");
  call.headers.emplace_back("Content-MD5", http::base64(http::md5(document)));
  call.body = document;
  call.crc64 = crc64;
  call.repeats_bad_checksum = false;
  const Outcome outcome = co_await send(call);
  if (outcome) co_return Result<void>();
  const Failure failure = outcome.error();
  // Completing is not idempotent: "unknown upload" or "exists" on a repeat may mean that the first attempt
  // was done.
  const bool may_be_done = failure.code == "NoSuchUpload" || failure.code == "FileAlreadyExists";
  if (!may_be_done || call.attempts.begun() == 1) co_return failure.error;
  co_return co_await made_before(object, bytes, crc64, failure.error);
}

// Success if the object is the one we meant to make, else `otherwise`.
awaitable<Result<void>> Client::made_before(std::string object, std::uint64_t bytes, std::uint64_t crc64,
                                            Error otherwise) {
  const Result<ObjectHead> head = co_await head_object(object);
  if (!head) co_return head.error().in(otherwise.message());
  if (head->bytes == bytes && head->crc64 == crc64) co_return Result<void>();
  co_return otherwise;
}

awaitable<Result<void>> Client::abort_upload(const std::string& object, const std::string& upload_id) {
  Call call = object_call("abort upload of", "DELETE", object);
  call.queries.emplace_back("uploadId", upload_id);
  const Outcome outcome = co_await send(call);
  if (!outcome && outcome.error().code != "NoSuchUpload") co_return outcome.error().error;
  co_return Result<void>();
}

awaitable<Result<std::vector<ListedUpload>>> Client::list_uploads(const std::string& prefix) {
  std::vector<ListedUpload> uploads;
  objects::ListingPlaces places;
  UploadPage page;
  do {
    Call call = bucket_call("list uploads of bucket");
    call.queries.emplace_back("uploads");
    call.queries.emplace_back("prefix", prefix);
    call.queries.emplace_back("max-uploads", "1000");
    call.queries.emplace_back("encoding-type", "url");
    if (!page.next_key_marker.empty()) {
      call.queries.emplace_back("key-marker", page.next_key_marker);
      call.queries.emplace_back("upload-id-marker", page.next_upload_id_marker);
    }
    const Outcome outcome = co_await send(call);
    if (!outcome) co_return outcome.error().error;
    Result<UploadPage> next = objects::parse_upload_page(outcome->body);
    if (!next) co_return unusable(call, *outcome, next.error().message());
    if (objects::stands_still(page, *next, places))
      co_return unusable(call, *outcome, objects::kEndlessListing);
    if (!objects::is_below(next->uploads, prefix))
      co_return unusable(call, *outcome, objects::kForeignListing);
    page = std::move(*next);
    uploads.insert(uploads.end(), page.uploads.begin(), page.uploads.end());
  } while (page.truncated);
  co_return uploads;
}

awaitable<Result<std::vector<ListedObject>>> Client::list_objects(const std::string& prefix) {
  std::vector<ListedObject> objects;
  objects::ListingPlaces places;
  ObjectPage page;
  do {
    Result<ObjectPage> next = co_await list_page(prefix, 1000, page.next_marker, places);
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
  const Result<ObjectPage> page = co_await list_page(object, 1, from_start, places);
  if (!page) co_return page.error();
  co_return !page->objects.empty() && page->objects.front().name == object;
}

awaitable<Result<ObjectPage>> Client::list_page(const std::string& prefix, int entries_max,
                                                const std::string& marker, objects::ListingPlaces& places) {
  Call call = bucket_call("list objects of bucket");
  call.queries.emplace_back("prefix", prefix);
  call.queries.emplace_back("max-keys", std::to_string(entries_max));
  call.queries.emplace_back("encoding-type", "url");
  if (!marker.empty()) call.queries.emplace_back("marker", marker);
  const Outcome outcome = co_await send(call);
  if (!outcome) co_return outcome.error().error;
  Result<ObjectPage> page = objects::parse_object_page(outcome->body);
  if (!page) co_return unusable(call, *outcome, page.error().message());
  if (page->truncated && (page->next_marker <= marker || !places.add(page->next_marker)))
    co_return unusable(call, *outcome, objects::kEndlessListing);
  if (!objects::is_below(page->objects, prefix)) co_return unusable(call, *outcome, objects::kForeignListing);
  co_return page;
}

// An answer that says "done" and cannot be used.
Error Client::unusable(const Call& call, const http::Response& response, std::string_view why) {
  const std::string id = objects::one_line(response.header("x-oss-request-id"));
  const std::string request = id.empty() ? std::string() : fmt::format(", request {}", id);
  return Error(Errc::corrupt, fmt::format("{}: {}{}", call.doing, why, request));
}

Client::Call Client::object_call(std::string_view doing, const char* method,
                                 const std::string& object) const {
  Call call;
  call.doing = fmt::format("{} {}", doing, object);
  call.method = method;
  call.object = object;
  return call;
}

Client::Call Client::bucket_call(std::string_view doing) const {
  Call call;
  call.doing = fmt::format("{} {}", doing, options_.bucket);
  call.method = "GET";
  return call;
}

awaitable<Client::Outcome> Client::send(Call& call) {
  auto once = [this, &call](Credentials credentials) { return attempt(call, std::move(credentials)); };
  auto sent = http::send_repeatedly(repeat_ports(), call.doing, call.attempts, std::move(once));
  co_return co_await std::move(sent);
}

awaitable<Client::Outcome> Client::attempt(Call& call, Credentials credentials) {
  call.credentials = std::move(credentials);
  const http::Request request = sign(call);
  Result<http::Response> answer = co_await transport_.send(address_.endpoint, request);
  co_return judge(call, std::move(answer));
}

http::Request Client::sign(const Call& call) const {
  const bool version_4 = !options_.region.empty();
  const Instant now = clock_.now() + clock_offset_;
  http::Request request;
  request.method = call.method;
  request.target = address_.path_prefix + http::percent_encode(call.object, "/");
  if (!call.queries.empty()) request.target += "?" + query_string(call.queries);
  request.body = call.body;
  request.limit = options_.step_limit;
  request.sent_once = call.sent_once;
  request.answer_bytes_max = call.answer_bytes_max;
  request.headers.emplace_back("x-oss-date",
                               version_4 ? http::format_basic_date(now) : http::format_date(now));
  if (version_4) request.headers.emplace_back("x-oss-content-sha256", "UNSIGNED-PAYLOAD");
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  if (!call.credentials.token.empty()) {
    request.headers.emplace_back("x-oss-security-token", call.credentials.token.reveal());
  }
  const std::string resource = fmt::format("/{}/{}", options_.bucket, call.object);
  const SignedRequest covered{request.method, resource, request.headers, call.queries};
  std::string authorization =
      version_4 ? authorization_v4(covered, {}, bare_region(options_.region), call.credentials)
                : authorization_v1(covered, call.credentials);
  request.headers.emplace_back("Authorization", std::move(authorization));
  return request;
}

// An answer that is good in every respect, or why not.
Client::Outcome Client::judge(const Call& call, Result<http::Response> answer) {
  if (!answer) return http::no_answer(answer.error(), call.doing);
  Failure failure;
  const http::Response& response = *answer;
  if (response.status >= 200 && response.status < 300) {
    std::optional<std::uint64_t> expected = call.crc64;
    if (call.checks_answer) expected = crc64(0, response.body);
    const std::optional<std::uint64_t> received = checksum_of(response);
    if (!expected || !received || expected == received) return std::move(*answer);
    failure.retry = call.repeats_bad_checksum ? Retry::once : Retry::never;
    failure.error = Error(Errc::corrupt, fmt::format("{}: the server's CRC-64 is {}, ours {}, request {}",
                                                     call.doing, *received, *expected,
                                                     objects::one_line(response.header("x-oss-request-id"))));
    return failure;
  }
  const ServerError error = parse_server_error(response);
  failure.code = error.code;
  failure.retry = retry_of(error);
  failure.error = Error(errc_of(error),
                        http::masked(fmt::format("{}: {}", call.doing, describe(error)), call.credentials));
  http::prepare_retry(failure, error.server_time, response, call.credentials, repeat_ports(), clock_offset_);
  return failure;
}

}  // namespace sluice::oss
