// Multipart uploads.
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/oss_operations.hpp"
#include "tests/sandbox/xml_in.hpp"
#include "tests/sandbox/xml_out.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fcntl.h>

namespace sluice::sandbox {
namespace {

constexpr int kPartsMax = 10'000;
constexpr std::uint64_t kPartBytesMin = 102'400;

std::string upload_id(const OssRequest& request) { return std::string(request.http.query_value("uploadId")); }

int part_number(const OssRequest& request) {
  if (request.http.query_value("partNumber").empty())
    throw invalid_argument("The part number is missing.", "partNumber", "");
  return static_cast<int>(query_number(request, "partNumber", 0, 1, kPartsMax));
}

std::string bare_etag(std::string text) {
  std::erase(text, '"');
  for (char& c : text)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// The parts the client lists, checked against what is there.
std::map<int, Part> listed_parts(const OssRequest& request, const Upload& upload) {
  if (const std::string_view all = request.http.header("x-oss-complete-all"); !all.empty()) {
    if (all != "yes" || !request.http.body.empty())
      throw invalid_argument("x-oss-complete-all must be yes, and there must be no body.",
                             "x-oss-complete-all", std::string(all));
    return upload.parts;
  }
  const auto document = parse_xml(request.http.body);
  if (!document || document->name != "CompleteMultipartUpload")
    throw OssError(400, "MalformedXML", "The XML you provided was not well-formed.");
  std::map<int, Part> out;
  for (const XmlElement& element : document->children) {
    if (element.name != "Part") continue;
    const std::string text = element.child("PartNumber");
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (!out.empty() && number <= out.rbegin()->first)
      throw OssError(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
          .with("PartNumber", text)
          .with("UploadId", upload_id(request));
    const auto found = upload.parts.find(number);
    if (found == upload.parts.end() || found->second.etag != bare_etag(element.child("ETag")))
      throw OssError(
          400, "InvalidPart",
          "One or more of the specified parts could not be found or the specified entity tag might not "
          "have matched the part's entity tag.")
          .with("PartNumber", text)
          .with("ETag", element.child("ETag"))
          .with("UploadId", upload_id(request));
    out.emplace(number, found->second);
  }
  for (const auto& [number, part] : out)
    if (part.size < kPartBytesMin && number != out.rbegin()->first)
      throw OssError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.")
          .with("PartNumber", std::to_string(number))
          .with("ETag", part.etag)
          .with("UploadId", upload_id(request));
  return out;
}

// Writes the parts one after another and describes the object they make.
Object assembled(const OssRequest& request, const Bucket& bucket, const Upload& upload,
                 const std::map<int, Part>& parts) {
  Object object;
  object.type = "Multipart";
  object.headers = upload.headers;
  object.modified_us = now_us();
  object.data_file = bucket.new_data_file(request.key);
  File data(bucket.data_path(object.data_file), O_WRONLY | O_CREAT | O_TRUNC);
  std::string etags;
  for (const auto& [number, part] : parts) {
    data.append_from(bucket.open_part(upload_id(request), part));
    object.crc = crc64_combine(object.crc, part.crc, part.size);
    object.size += part.size;
    etags += part.etag;
  }
  object.etag = fmt::format("{}-{}", hex_upper(md5(etags)), parts.size());
  return object;
}

}  // namespace

Response initiate_upload(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  check_key(request.key);
  if (!request.http.body.empty())
    throw OssError(400, "InvalidRequest", "The begin of an upload has no body.");
  check_overwrite(request, bucket);
  Upload upload;
  upload.key = request.key;
  upload.headers = stored_headers(request.http);
  upload.initiated_us = now_us();
  const std::string id = bucket.start_upload(std::move(upload));
  XmlOut xml("InitiateMultipartUploadResult");
  if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  xml.text("Bucket", request.bucket).text("Key", answered_key(request, request.key)).text("UploadId", id);
  return xml_response(xml.finish());
}

Response upload_part(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  const int number = part_number(request);
  const Upload& upload = bucket.upload(upload_id(request), request.key);
  check_put_headers(request.http);
  check_body(request.http);
  bucket.put_part(upload_id(request), number, request.http.body);
  const Part& part = upload.parts.at(number);
  Response response;
  response.set("ETag", fmt::format("\"{}\"", part.etag));
  response.set("x-oss-hash-crc64ecma", std::to_string(part.crc));
  response.set("Content-MD5", base64_encode(md5(request.http.body)));
  return response;
}

Response copy_part(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  const int number = part_number(request);
  const Upload& upload = bucket.upload(upload_id(request), request.key);
  const CopySource source = copy_source(request, store);
  std::uint64_t offset = 0;
  std::uint64_t length = source.object->size;
  if (const std::string_view text = request.http.header("x-oss-copy-source-range"); !text.empty()) {
    const auto range = parse_range(text, source.object->size);
    if (!range)
      throw OssError(416, "InvalidRange", "The requested range cannot be satisfied.")
          .with("RangeRequested", std::string(text));
    std::tie(offset, length) = *range;
  }
  std::string data;
  source.bucket->open(*source.object)->read(offset, length, data);
  bucket.put_part(upload_id(request), number, data);
  const Part& part = upload.parts.at(number);
  XmlOut xml("CopyPartResult");
  xml.text("LastModified", oss_time(part.modified_us)).text("ETag", fmt::format("\"{}\"", part.etag));
  Response response = xml_response(xml.finish());
  // The Node SDK takes the tag of a copied part from the header.
  response.set("ETag", fmt::format("\"{}\"", part.etag));
  response.set("x-oss-hash-crc64ecma", std::to_string(part.crc));
  return response;
}

Response complete_upload(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  const Upload& upload = bucket.upload(upload_id(request), request.key);
  check_content_md5(request.http);
  check_overwrite(request, bucket);
  Object object = assembled(request, bucket, upload, listed_parts(request, upload));
  XmlOut xml("CompleteMultipartUploadResult");
  if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  xml.text("Location",
           fmt::format("http://{}/{}", request.http.header("host"), url_encode(request.key, true)))
      .text("Bucket", request.bucket)
      .text("Key", answered_key(request, request.key))
      .text("ETag", fmt::format("\"{}\"", object.etag));
  Response response = xml_response(xml.finish());
  response.set("ETag", fmt::format("\"{}\"", object.etag));
  response.set("x-oss-hash-crc64ecma", std::to_string(object.crc));
  bucket.put(request.key, std::move(object));
  bucket.end_upload(upload_id(request));
  return response;
}

Response abort_upload(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  bucket.upload(upload_id(request), request.key);
  bucket.end_upload(upload_id(request));
  Response response;
  response.status = 204;
  return response;
}

Response list_parts(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  const Upload& upload = bucket.upload(upload_id(request), request.key);
  const std::uint64_t limit = query_number(request, "max-parts", 1000, 1, 1000);
  const auto marker = static_cast<int>(query_number(request, "part-number-marker", 0, 0, kPartsMax));
  XmlOut xml("ListPartsResult");
  if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  xml.text("Bucket", request.bucket)
      .text("Key", answered_key(request, request.key))
      .text("UploadId", upload_id(request))
      .text("StorageClass", storage_class(upload.headers))
      .text("PartNumberMarker", std::to_string(marker))
      .number("MaxParts", limit);
  std::uint64_t count = 0;
  int last = 0;
  bool truncated = false;
  for (auto at = upload.parts.upper_bound(marker); at != upload.parts.end(); ++at) {
    truncated = count == limit;
    if (truncated) break;
    const auto& [number, part] = *at;
    xml.open("Part")
        .text("PartNumber", std::to_string(number))
        .text("LastModified", oss_time(part.modified_us))
        .text("ETag", fmt::format("\"{}\"", part.etag))
        .number("HashCrc64ecma", part.crc)
        .number("Size", part.size)
        .close("Part");
    last = number;
    ++count;
  }
  xml.text("NextPartNumberMarker", std::to_string(last)).flag("IsTruncated", truncated);
  return xml_response(xml.finish());
}

}  // namespace sluice::sandbox
