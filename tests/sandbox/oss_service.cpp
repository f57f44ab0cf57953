#include "tests/sandbox/oss_service.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_operations.hpp"
#include "tests/sandbox/xml_out.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

const std::map<std::string, OssOperation>& operations() {
  static const std::map<std::string, OssOperation> all{
      {"ListBuckets", list_buckets},
      {"PutBucket", put_bucket},
      {"DeleteBucket", delete_bucket},
      {"GetBucketInfo", get_bucket_info},
      {"GetBucketLocation", get_bucket_location},
      {"GetBucketAcl", get_bucket_acl},
      {"ListObjects", list_objects},
      {"ListObjectsV2", list_objects_v2},
      {"ListMultipartUploads", list_uploads},
      {"PutObject", put_object},
      {"AppendObject", append_object},
      {"CopyObject", copy_object},
      {"DeleteObject", delete_object},
      {"DeleteMultipleObjects", delete_objects},
      {"GetObject", get_object},
      {"HeadObject", head_object},
      {"GetObjectMeta", head_object},
      {"InitiateMultipartUpload", initiate_upload},
      {"UploadPart", upload_part},
      {"UploadPartCopy", copy_part},
      {"CompleteMultipartUpload", complete_upload},
      {"AbortMultipartUpload", abort_upload},
      {"ListParts", list_parts},
  };
  return all;
}

std::string error_document(const Request& request, const OssError& error, const std::string& request_id) {
  XmlOut xml("Error");
  xml.text("Code", error.code).text("Message", error.what()).text("RequestId", request_id);
  xml.text("HostId", host_name(request));
  for (const auto& [name, value] : error.elements) xml.text(name, value);
  return xml.finish();
}

Response error_response(const Request& request, const OssError& error, const std::string& request_id) {
  Response response = xml_response(error_document(request, error, request_id));
  response.status = error.status;
  for (const auto& [name, value] : error.headers) response.set(name, value);
  if (const auto cause = error.elements.find("EC"); cause != error.elements.end())
    response.set("x-oss-ec", cause->second);
  // Not modified: a status without a body.
  if (error.status == 304) response.body.clear();
  if (request.method == "HEAD") {
    response.set("x-oss-err", base64_encode(response.body));
    response.body.clear();
  }
  return response;
}

std::string default_oss_code(int status) {
  if (status == 503) return "ServiceUnavailable";
  return status == 429 ? "TooManyRequests" : "InternalError";
}

OssError injected(const Fault& fault) {
  const int status = static_cast<int>(fault.value);
  return OssError(status, fault.code.empty() ? default_oss_code(status) : fault.code,
                  fault.message.empty() ? "Injected by the fault script." : fault.message);
}

void spoil(Response& response, const std::optional<Fault>& fault) {
  if (!fault) return;
  if (fault->action == FaultAction::bad_crc) response.replace("x-oss-hash-crc64ecma", "1");
  if (fault->action != FaultAction::bad_md5) return;
  response.replace("Content-MD5", base64_encode(md5("spoiled")));
  response.replace("ETag", fmt::format("\"{}\"", hex_upper(md5("spoiled"))));
}

Response apply(const OssRequest& request, ObjectStore& store, const KeyRing& keys) {
  const Bucket* bucket = store.find(request.bucket);
  authenticate_oss(request, keys, bucket != nullptr ? bucket->acl() : "", store.now_us());
  const auto found = operations().find(request.operation());
  if (found == operations().end())
    throw OssError(501, "NotImplemented",
                   "A header or query you provided implies functionality that is not implemented.")
        .with("Method", request.http.method);
  return found->second(request, store);
}

}  // namespace

std::string OssService::operation(const Request& request) { return address(request).operation(); }

Response OssService::handle(const Request& request, const std::optional<Fault>& fault,
                            std::string& error_code) {
  const std::string request_id = hex_upper(md5(random_hex(32))).substr(0, 24);
  Response response;
  try {
    if (fault && fault->action == FaultAction::status) throw injected(*fault);
    Request spoiled;
    const bool spoils = fault && fault->action == FaultAction::spoil_request && !request.body.empty();
    if (spoils) {
      spoiled = request;
      spoiled.body.front() = static_cast<char>(spoiled.body.front() ^ 1);
    }
    response = apply(address(spoils ? spoiled : request), store_, keys_);
    if (fault && fault->action == FaultAction::status_after) throw injected(*fault);
    spoil(response, fault);
  } catch (const OssError& error) {
    error_code = error.code;
    response = error_response(request, error, request_id);
    if (fault && !fault->retry_after.empty()) response.set("Retry-After", fault->retry_after);
  } catch (const std::exception& failure) {
    error_code = "InternalError";
    response = error_response(request, OssError(500, error_code, failure.what()), request_id);
  }
  const std::int64_t time_us = store_.now_us();
  response.set("Server", "AliyunOSS");
  response.set("Date", rfc1123(time_us));
  response.set("x-oss-request-id", request_id);
  response.set("x-oss-server-time", "1");
  return response;
}

}  // namespace sluice::sandbox
