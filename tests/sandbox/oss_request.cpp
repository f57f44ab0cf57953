#include "tests/sandbox/oss_request.hpp"

#include "tests/sandbox/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::sandbox {
namespace {

bool is_ip(const std::string& host) { return host.find_first_not_of("0123456789.") == std::string::npos; }

// "/a/b" -> {"a", "b"}
void split_path(const std::string& path, OssRequest& out) {
  const std::size_t slash = path.find('/', 1);
  out.bucket = url_decode(path.substr(1, slash == std::string::npos ? slash : slash - 1), false);
  if (slash != std::string::npos) out.key = url_decode(path.substr(slash + 1), false);
}

// Sub-resources that mean an operation of their own, which is not here. The real service has no two meanings
// for one request, so neither is such a request taken for a simpler one.
constexpr std::array kForeign{"asyncFetch",
                              "callback",
                              "cors",
                              "encryption",
                              "httpsConfig",
                              "img",
                              "inventory",
                              "lifecycle",
                              "link",
                              "live",
                              "logging",
                              "metaQuery",
                              "objectInfo",
                              "policy",
                              "qosInfo",
                              "referer",
                              "regionList",
                              "replication",
                              "replicationLocation",
                              "replicationProgress",
                              "requestPayment",
                              "resourceGroup",
                              "restore",
                              "sequential",
                              "stat",
                              "status",
                              "style",
                              "styleName",
                              "symlink",
                              "tagging",
                              "transferAcceleration",
                              "udf",
                              "versionId",
                              "versioning",
                              "versions",
                              "vod",
                              "website",
                              "worm",
                              "wormExtend",
                              "wormId",
                              "x-oss-process",
                              "x-oss-async-process",
                              "accessPoint",
                              "accessPointPolicy",
                              "publicAccessBlock",
                              "cname",
                              "comp"};

bool is_foreign(const Request& http) {
  return std::any_of(kForeign.begin(), kForeign.end(),
                     [&](const char* name) { return http.has_query(name); });
}

std::string object_operation(const Request& http) {
  const bool upload = http.has_query("uploadId");
  if (http.method == "GET")
    return upload ? "ListParts" : http.has_query("acl") ? "GetObjectAcl" : "GetObject";
  if (http.method == "HEAD") return http.has_query("objectMeta") ? "GetObjectMeta" : "HeadObject";
  if (http.method == "DELETE") return upload ? "AbortMultipartUpload" : "DeleteObject";
  const bool copy = http.headers.contains("x-oss-copy-source");
  if (http.method == "PUT" && upload) return copy ? "UploadPartCopy" : "UploadPart";
  if (http.method == "PUT") return copy ? "CopyObject" : http.has_query("acl") ? "PutObjectAcl" : "PutObject";
  if (http.method != "POST") return "Unknown";
  if (http.has_query("append")) return "AppendObject";
  if (http.has_query("uploads")) return "InitiateMultipartUpload";
  return upload ? "CompleteMultipartUpload" : "Unknown";
}

std::string bucket_operation(const Request& http) {
  if (http.method == "POST") return http.has_query("delete") ? "DeleteMultipleObjects" : "Unknown";
  if (http.method == "PUT") return http.has_query("acl") ? "PutBucketAcl" : "PutBucket";
  if (http.method == "DELETE") return "DeleteBucket";
  if (http.method != "GET") return "Unknown";
  if (http.has_query("bucketInfo")) return "GetBucketInfo";
  if (http.has_query("location")) return "GetBucketLocation";
  if (http.has_query("acl")) return "GetBucketAcl";
  if (http.has_query("uploads")) return "ListMultipartUploads";
  return http.query_value("list-type") == "2" ? "ListObjectsV2" : "ListObjects";
}

}  // namespace

std::string OssRequest::operation() const {
  if (is_foreign(http)) return "Unknown";
  if (bucket.empty()) return http.method == "GET" ? "ListBuckets" : "Unknown";
  return key.empty() ? bucket_operation(http) : object_operation(http);
}

OssRequest address(const Request& request) {
  OssRequest out{request, "", ""};
  const std::string host = host_name(request);
  if (is_ip(host) || host == "localhost" || host.starts_with("oss.")) {
    split_path(request.path, out);
    return out;
  }
  const std::string label = host.substr(0, host.find('.'));
  const bool foreign = !host.ends_with(".localhost");
  if (foreign && (request.path == "/" + label || request.path.starts_with("/" + label + "/"))) {
    split_path(request.path, out);
    return out;
  }
  // The Node SDK writes this label when it means no bucket.
  if (label != "undefined") out.bucket = label;
  out.key = url_decode(std::string_view(request.path).substr(1), false);
  return out;
}

std::uint64_t query_number(const OssRequest& request, const std::string& name, std::uint64_t fallback,
                           std::uint64_t least, std::uint64_t most) {
  const std::string text(request.http.query_value(name));
  if (text.empty()) return fallback;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < least || value > most)
    throw invalid_argument(
        fmt::format("Argument {} must be an integer between {} and {}.", name, least, most), name, text);
  return value;
}

std::string answered_key(const OssRequest& request, const std::string& key) {
  return request.http.query_value("encoding-type") == "url" ? url_encode(key, true) : key;
}

Response xml_response(std::string document) {
  Response response;
  response.set("Content-Type", "application/xml");
  response.body = std::move(document);
  return response;
}

}  // namespace sluice::sandbox
