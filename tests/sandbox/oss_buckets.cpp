// Bucket operations.
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/oss_operations.hpp"
#include "tests/sandbox/xml_in.hpp"
#include "tests/sandbox/xml_out.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr const char* kLocation = "oss-cn-hangzhou";
constexpr const char* kOwner = "1000000000000001";
constexpr std::size_t kBucketsMax = 100;

void check_bucket_name(const std::string& name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool right = name.size() >= 3 && name.size() <= 63 && plain(name.front()) && plain(name.back()) &&
                     std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
  if (!right)
    throw OssError(400, "InvalidBucketName", "The specified bucket is not valid.").with("BucketName", name);
}

void add_owner(XmlOut& xml) {
  xml.open("Owner").text("ID", kOwner).text("DisplayName", kOwner).close("Owner");
}

void add_bucket(XmlOut& xml, const std::string& name, const Bucket& bucket) {
  xml.text("CreationDate", oss_time(bucket.created_us()))
      .text("ExtranetEndpoint", fmt::format("{}.aliyuncs.com", kLocation))
      .text("IntranetEndpoint", fmt::format("{}-internal.aliyuncs.com", kLocation))
      .text("Location", kLocation)
      .text("Name", name)
      .text("StorageClass", "Standard");
}

void check_configuration(const Request& http) {
  const std::string acl(http.header("x-oss-acl"));
  if (!acl.empty() && acl != "private" && acl != "public-read" && acl != "public-read-write")
    throw invalid_argument("The acl is not known.", "x-oss-acl", acl);
  if (http.body.empty()) return;
  const auto document = parse_xml(http.body);
  if (!document || document->name != "CreateBucketConfiguration")
    throw OssError(400, "MalformedXML", "The XML you provided was not well-formed.");
  const std::string kind = document->child("StorageClass");
  if (!kind.empty() && kind != "Standard")
    throw OssError(501, "NotImplemented", "Buckets of other classes are not implemented.");
}

}  // namespace

Response list_buckets(const OssRequest& request, ObjectStore& store) {
  const std::uint64_t limit = query_number(request, "max-keys", 100, 1, 1000);
  const std::string_view prefix = request.http.query_value("prefix");
  const std::string_view marker = request.http.query_value("marker");
  XmlOut xml("ListAllMyBucketsResult");
  add_owner(xml);
  xml.open("Buckets");
  std::uint64_t count = 0;
  std::string last;
  bool truncated = false;
  for (const auto& [name, bucket] : store.buckets()) {
    if (!name.starts_with(prefix) || name <= marker) continue;
    truncated = count == limit;
    if (truncated) break;
    xml.open("Bucket");
    add_bucket(xml, name, bucket);
    xml.close("Bucket");
    last = name;
    ++count;
  }
  xml.close("Buckets");
  xml.text("Prefix", prefix).text("Marker", marker).number("MaxKeys", limit).flag("IsTruncated", truncated);
  if (truncated) xml.text("NextMarker", last);
  return xml_response(xml.finish());
}

Response put_bucket(const OssRequest& request, ObjectStore& store) {
  check_bucket_name(request.bucket);
  check_configuration(request.http);
  if (store.find(request.bucket) == nullptr) {
    if (store.buckets().size() >= kBucketsMax)
      throw OssError(400, "TooManyBuckets", "You have attempted to create more buckets than allowed.");
    const std::string_view acl = request.http.header("x-oss-acl");
    store.create(request.bucket, acl.empty() ? "private" : std::string(acl));
  }
  Response response;
  response.set("Location", "/" + request.bucket);
  return response;
}

Response delete_bucket(const OssRequest& request, ObjectStore& store) {
  if (!store.at(request.bucket).empty())
    throw OssError(409, "BucketNotEmpty", "The bucket has objects. Please delete them first.")
        .with("BucketName", request.bucket);
  store.erase(request.bucket);
  Response response;
  response.status = 204;
  return response;
}

Response get_bucket_info(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  XmlOut xml("BucketInfo");
  xml.open("Bucket");
  add_bucket(xml, request.bucket, bucket);
  xml.text("DataRedundancyType", "LRS");
  add_owner(xml);
  xml.open("AccessControlList").text("Grant", bucket.acl()).close("AccessControlList").close("Bucket");
  return xml_response(xml.finish());
}

Response get_bucket_location(const OssRequest& request, ObjectStore& store) {
  store.at(request.bucket);
  return xml_response(fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint>{}</LocationConstraint>", kLocation));
}

Response get_bucket_acl(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  XmlOut xml("AccessControlPolicy");
  add_owner(xml);
  xml.open("AccessControlList").text("Grant", bucket.acl()).close("AccessControlList");
  return xml_response(xml.finish());
}

}  // namespace sluice::sandbox
