// ListObjects (both versions) and ListMultipartUploads.
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_operations.hpp"
#include "tests/sandbox/xml_out.hpp"

#include <fmt/format.h>

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t kPageDefault = 100;
constexpr std::uint64_t kPageMax = 1000;
constexpr std::size_t kTextBytesMax = 1023;

void check_texts(const OssRequest& request) {
  for (const char* name : {"prefix", "marker", "delimiter", "start-after", "key-marker"})
    if (request.http.query_value(name).size() > kTextBytesMax)
      throw invalid_argument(fmt::format("Argument {} is too long.", name), name, "");
  const std::string encoding(request.http.query_value("encoding-type"));
  if (!encoding.empty() && encoding != "url")
    throw invalid_argument("The encoding type must be url.", "encoding-type", encoding);
}

struct Page {
  std::vector<std::string> keys;
  std::vector<std::string> prefixes;
  std::string last;  // the last key or common prefix
  bool truncated = false;
};

// Keys after `marker` that begin with `prefix`, folded at `delimiter`, in byte order.
Page page_of(const Bucket& bucket, const std::string& prefix, const std::string& delimiter,
             const std::string& marker, std::uint64_t limit) {
  Page page;
  auto at = bucket.objects().upper_bound(std::max(marker, prefix));
  if (marker < prefix) at = bucket.objects().lower_bound(prefix);
  for (; at != bucket.objects().end() && at->first.starts_with(prefix); ++at) {
    const std::string& key = at->first;
    const std::size_t cut = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    const std::string folded =
        cut == std::string::npos ? std::string() : key.substr(0, cut + delimiter.size());
    if (!folded.empty() && (folded == page.last || folded == marker)) continue;
    if (page.keys.size() + page.prefixes.size() == limit) {
      page.truncated = true;
      return page;
    }
    (folded.empty() ? page.keys : page.prefixes).push_back(folded.empty() ? key : folded);
    page.last = folded.empty() ? key : folded;
  }
  return page;
}

void add_contents(XmlOut& xml, const OssRequest& request, const Bucket& bucket, const Page& page,
                  bool owner) {
  for (const std::string& key : page.keys) {
    const Object& object = *bucket.find(key);
    xml.open("Contents")
        .text("Key", answered_key(request, key))
        .text("LastModified", oss_time(object.modified_us))
        .text("ETag", fmt::format("\"{}\"", object.etag))
        .text("Type", object.type)
        .number("Size", object.size)
        .text("StorageClass", storage_class(object.headers));
    if (owner) xml.open("Owner").text("ID", "1000000000000001").text("DisplayName", "sandbox").close("Owner");
    xml.close("Contents");
  }
  for (const std::string& prefix : page.prefixes)
    xml.open("CommonPrefixes").text("Prefix", answered_key(request, prefix)).close("CommonPrefixes");
}

struct Listing {
  std::string prefix;
  std::string delimiter;
  std::uint64_t limit;
  explicit Listing(const OssRequest& request)
      : prefix(request.http.query_value("prefix")),
        delimiter(request.http.query_value("delimiter")),
        limit(query_number(request, "max-keys", kPageDefault, 1, kPageMax)) {
    check_texts(request);
  }
  void describe(XmlOut& xml, const OssRequest& request, const Page& page) const {
    xml.text("Name", request.bucket).text("Prefix", answered_key(request, prefix)).number("MaxKeys", limit);
    xml.text("Delimiter", answered_key(request, delimiter)).flag("IsTruncated", page.truncated);
    if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  }
};

}  // namespace

Response list_objects(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  const Listing listing(request);
  const std::string marker(request.http.query_value("marker"));
  const Page page = page_of(bucket, listing.prefix, listing.delimiter, marker, listing.limit);
  XmlOut xml("ListBucketResult");
  listing.describe(xml, request, page);
  xml.text("Marker", answered_key(request, marker));
  if (page.truncated) xml.text("NextMarker", answered_key(request, page.last));
  add_contents(xml, request, bucket, page, true);
  return xml_response(xml.finish());
}

Response list_objects_v2(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  const Listing listing(request);
  const std::string start(request.http.query_value("start-after"));
  const std::string token(request.http.query_value("continuation-token"));
  std::string marker = start;
  if (!token.empty()) {
    const auto decoded = base64_decode(token);
    if (!decoded) throw invalid_argument("The continuation token is not valid.", "continuation-token", token);
    marker = *decoded;
  }
  const Page page = page_of(bucket, listing.prefix, listing.delimiter, marker, listing.limit);
  XmlOut xml("ListBucketResult");
  listing.describe(xml, request, page);
  xml.text("StartAfter", answered_key(request, start))
      .number("KeyCount", page.keys.size() + page.prefixes.size());
  if (!token.empty()) xml.text("ContinuationToken", token);
  if (page.truncated) xml.text("NextContinuationToken", base64_encode(page.last));
  add_contents(xml, request, bucket, page, request.http.query_value("fetch-owner") == "true");
  return xml_response(xml.finish());
}

namespace {

// Uploads in order of key and id, folded at the delimiter.
struct UploadPage {
  std::map<std::pair<std::string, std::string>, const Upload*> uploads;
  std::vector<std::string> prefixes;
  std::pair<std::string, std::string> last;  // the last of both; a prefix has no id
  bool truncated = false;
};

UploadPage upload_page(const OssRequest& request, const Bucket& bucket, std::uint64_t limit) {
  const std::string prefix(request.http.query_value("prefix"));
  const std::string delimiter(request.http.query_value("delimiter"));
  const std::string key_marker(request.http.query_value("key-marker"));
  const std::string id_marker(key_marker.empty() ? "" : request.http.query_value("upload-id-marker"));
  std::map<std::pair<std::string, std::string>, const Upload*> sorted;
  for (const auto& [id, upload] : bucket.uploads()) {
    const bool after =
        upload.key > key_marker || (upload.key == key_marker && !id_marker.empty() && id > id_marker);
    if (after && upload.key.starts_with(prefix)) sorted.emplace(std::pair(upload.key, id), &upload);
  }
  UploadPage page;
  for (const auto& [name, upload] : sorted) {
    const std::size_t cut = delimiter.empty() ? std::string::npos : name.first.find(delimiter, prefix.size());
    const std::string folded =
        cut == std::string::npos ? std::string() : name.first.substr(0, cut + delimiter.size());
    if (!folded.empty() && (folded == page.last.first || folded == key_marker)) continue;
    page.truncated = page.uploads.size() + page.prefixes.size() == limit;
    if (page.truncated) break;
    if (folded.empty())
      page.uploads.emplace(name, upload);
    else
      page.prefixes.push_back(folded);
    page.last = folded.empty() ? name : std::pair(folded, std::string());
  }
  return page;
}

}  // namespace

Response list_uploads(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  check_texts(request);
  const std::uint64_t limit = query_number(request, "max-uploads", kPageMax, 1, kPageMax);
  const UploadPage page = upload_page(request, bucket, limit);
  const auto asked = [&](const char* name) { return std::string(request.http.query_value(name)); };
  XmlOut xml("ListMultipartUploadsResult");
  xml.text("Bucket", request.bucket).text("KeyMarker", answered_key(request, asked("key-marker")));
  xml.text("UploadIdMarker", asked("upload-id-marker"));
  xml.text("Prefix", answered_key(request, asked("prefix")));
  xml.text("Delimiter", answered_key(request, asked("delimiter")));
  if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  xml.text("NextKeyMarker", page.truncated ? answered_key(request, page.last.first) : "");
  xml.text("NextUploadIdMarker", page.truncated ? page.last.second : "");
  xml.number("MaxUploads", limit).flag("IsTruncated", page.truncated);
  for (const auto& [name, upload] : page.uploads)
    xml.open("Upload")
        .text("Key", answered_key(request, name.first))
        .text("UploadId", name.second)
        .text("StorageClass", storage_class(upload->headers))
        .text("Initiated", oss_time(upload->initiated_us))
        .close("Upload");
  for (const std::string& prefix : page.prefixes)
    xml.open("CommonPrefixes").text("Prefix", answered_key(request, prefix)).close("CommonPrefixes");
  return xml_response(xml.finish());
}

}  // namespace sluice::sandbox
