// Writing, reading and deleting single objects.
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

constexpr std::size_t kDeleteBytesMax = 2U << 20U;
constexpr std::size_t kDeleteKeysMax = 1000;

void set_checksums(Response& response, const Object& object) {
  response.set("ETag", fmt::format("\"{}\"", object.etag));
  response.set("x-oss-hash-crc64ecma", std::to_string(object.crc));
  if (!object.md5.empty()) response.set("Content-MD5", object.md5);
}

// An object encrypted with a key of KMS has a tag that is no MD5, and no Content-MD5.
void hide_md5(Object& object) {
  const auto found = object.headers.find(kEncryption);
  if (found == object.headers.end() || found->second == "AES256") return;
  object.etag = hex_upper(md5(object.etag + found->second));
  object.md5.clear();
}

Object normal_object(std::string data_file, const std::string& body, StoredHeaders headers) {
  Object object;
  object.data_file = std::move(data_file);
  object.size = body.size();
  const std::string digest = md5(body);
  object.etag = hex_upper(digest);
  object.md5 = base64_encode(digest);
  object.crc = crc64(0, body);
  object.modified_us = now_us();
  object.headers = std::move(headers);
  hide_md5(object);
  return object;
}

const Object& existing(const OssRequest& request, const Bucket& bucket) {
  const Object* object = bucket.find(request.key);
  if (object == nullptr)
    throw OssError(404, "NoSuchKey", "The specified key does not exist.")
        .with("Key", request.key)
        .with("EC", "0026-00000001");
  return *object;
}

std::string plain_etag(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '"') out += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

void check_readable(const Object& object) {
  if (storage_class(object.headers).find("Archive") == std::string::npos) return;
  throw OssError(403, "InvalidObjectState", "The operation is not valid for the object's state")
      .with("EC", "0016-00000602");
}

// Whether the answer is 304; throws PreconditionFailed.
bool not_modified(const Request& http, const Object& object) {
  const auto failed = [] {
    return OssError(412, "PreconditionFailed",
                    "At least one of the pre-conditions you specified did not hold.");
  };
  const std::int64_t modified = object.modified_us / 1'000'000;
  if (http.headers.contains("if-match") && plain_etag(http.header("if-match")) != object.etag) throw failed();
  const auto unmodified_since = parse_rfc1123(http.header("if-unmodified-since"));
  if (unmodified_since && modified > *unmodified_since) throw failed();
  if (http.headers.contains("if-none-match") && plain_etag(http.header("if-none-match")) == object.etag)
    return true;
  const auto modified_since = parse_rfc1123(http.header("if-modified-since"));
  return modified_since && modified <= *modified_since;
}

// The conditions of a copy are those of a read under other names.
void check_copy_conditions(const Request& http, const Object& object) {
  constexpr std::string_view kPrefix = "x-oss-copy-source-";
  Request conditions;
  for (const auto& [name, value] : http.headers)
    if (name.starts_with(kPrefix)) conditions.headers.emplace(name.substr(kPrefix.size()), value);
  if (not_modified(conditions, object)) throw OssError(304, "NotModified", "Not Modified");
}

Response described(const OssRequest& request, const Object& object) {
  Response response;
  const auto stored = object.headers.find("content-type");
  const std::string_view asked_type = request.http.query_value("response-content-type");
  response.set("Content-Type", !asked_type.empty()              ? std::string(asked_type)
                               : stored == object.headers.end() ? "application/octet-stream"
                                                                : stored->second);
  for (const auto& [name, value] : object.headers)
    if (name != "content-type" && !request.http.has_query("response-" + name)) response.set(name, value);
  for (const char* name :
       {"content-disposition", "content-encoding", "content-language", "cache-control", "expires"})
    if (const std::string_view value = request.http.query_value(std::string("response-") + name);
        !value.empty())
      response.set(name, std::string(value));
  response.set("Last-Modified", rfc1123(object.modified_us));
  response.set("Accept-Ranges", "bytes");
  response.set("x-oss-object-type", object.type);
  if (!object.headers.contains(kStorageClass)) response.set(kStorageClass, storage_class(object.headers));
  if (object.type == "Appendable") response.set("x-oss-next-append-position", std::to_string(object.size));
  set_checksums(response, object);
  return response;
}

Response with_status(int status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(std::string_view text,
                                                                   std::uint64_t size) {
  if (!text.starts_with("bytes=") || text.find(',') != std::string_view::npos) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t out = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
    return out;
  };
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if (dash == 0) {
    if (!last || *last == 0 || *last > size) return std::nullopt;
    return std::pair(size - *last, *last);
  }
  if (!first || *first >= size) return std::nullopt;
  if (dash + 1 == text.size()) return std::pair(*first, size - *first);
  if (!last || *last < *first || *last >= size) return std::nullopt;
  return std::pair(*first, *last - *first + 1);
}

Response put_object(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  check_key(request.key);
  check_put_headers(request.http);
  check_body(request.http);
  check_overwrite(request, bucket);
  Object object =
      normal_object(bucket.new_data_file(request.key), request.http.body, stored_headers(request.http));
  replace_file(bucket.data_path(object.data_file), request.http.body);
  Response response;
  set_checksums(response, object);
  bucket.put(request.key, std::move(object));
  return response;
}

Response append_object(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  check_key(request.key);
  check_put_headers(request.http);
  check_content_md5(request.http);
  const Object* before = bucket.find(request.key);
  if (!request.http.has_query("position"))
    throw invalid_argument("The position of an append is missing.", "position", "")
        .with("EC", "0016-00000501");
  const std::uint64_t position = query_number(request, "position", 0, 0, UINT64_MAX);
  if (before != nullptr && before->type != "Appendable")
    throw OssError(409, "ObjectNotAppendable", "The object is not appendable").with("Key", request.key);
  const std::uint64_t length = before != nullptr ? before->size : 0;
  if (position != length)
    throw OssError(409, "PositionNotEqualToLength", "Position is not equal to file length")
        .with("EC", "0026-00000016")
        .with_header("x-oss-next-append-position", std::to_string(length));
  Object object;
  if (before != nullptr) {
    object = *before;
  } else {
    object.data_file = bucket.new_data_file(request.key);
    object.type = "Appendable";
    object.headers = stored_headers(request.http);
  }
  File data(bucket.data_path(object.data_file), O_WRONLY | O_CREAT | O_APPEND);
  // What a kill left beyond the length that counts.
  data.truncate(length);
  data.append(request.http.body);
  object.size += request.http.body.size();
  object.crc = crc64(object.crc, request.http.body);
  object.etag = hex_upper(md5(fmt::format("{}-{}", object.crc, object.size)));
  object.modified_us = now_us();
  Response response;
  set_checksums(response, object);
  response.set("x-oss-next-append-position", std::to_string(object.size));
  bucket.put(request.key, std::move(object));
  return response;
}

CopySource copy_source(const OssRequest& request, ObjectStore& store) {
  std::string source = url_decode(request.http.header("x-oss-copy-source"), false);
  if (source.starts_with('/')) source.erase(0, 1);
  const std::size_t slash = source.find('/');
  if (slash == std::string::npos || slash + 1 == source.size())
    throw invalid_argument("Copy source must mention the source bucket and key.", "x-oss-copy-source",
                           source);
  const Bucket& bucket = store.at(source.substr(0, slash));
  const Object* object = bucket.find(source.substr(slash + 1));
  if (object == nullptr)
    throw OssError(404, "NoSuchKey", "The specified key does not exist.")
        .with("Key", source.substr(slash + 1));
  check_readable(*object);
  check_copy_conditions(request.http, *object);
  return {&bucket, object};
}

Response copy_object(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  check_key(request.key);
  check_overwrite(request, bucket);
  const CopySource source = copy_source(request, store);
  const bool to_itself = source.object == bucket.find(request.key);
  if (source.object->type == "Appendable" && !to_itself)
    throw OssError(400, "OperationNotSupported", "An appendable object cannot be copied.");
  Object object = *source.object;
  object.data_file = bucket.new_data_file(request.key);
  object.modified_us = now_us();
  StoredHeaders given = stored_headers(request.http);
  const std::string directive(request.http.header("x-oss-metadata-directive"));
  if (!directive.empty() && directive != "COPY" && directive != "REPLACE")
    throw invalid_argument("The metadata directive must be COPY or REPLACE.", "x-oss-metadata-directive",
                           directive);
  if (to_itself || directive == "REPLACE") {
    object.headers = std::move(given);
  } else {
    // How the copy is kept is not part of what is copied.
    for (const char* name : {kStorageClass, kEncryption, kEncryptionKey}) {
      object.headers.erase(name);
      if (given.contains(name)) object.headers.emplace(name, given.at(name));
    }
  }
  File(bucket.data_path(object.data_file), O_WRONLY | O_CREAT | O_TRUNC)
      .append_from(*source.bucket->open(*source.object));
  XmlOut xml("CopyObjectResult");
  xml.text("ETag", fmt::format("\"{}\"", object.etag)).text("LastModified", oss_time(object.modified_us));
  Response response = xml_response(xml.finish());
  response.set("ETag", fmt::format("\"{}\"", object.etag));
  response.set("x-oss-hash-crc64ecma", std::to_string(object.crc));
  bucket.put(request.key, std::move(object));
  return response;
}

Response delete_object(const OssRequest& request, ObjectStore& store) {
  store.at(request.bucket).erase(request.key);
  return with_status(204);
}

Response delete_objects(const OssRequest& request, ObjectStore& store) {
  Bucket& bucket = store.at(request.bucket);
  if (!request.http.headers.contains("content-md5"))
    throw OssError(400, "MissingArgument", "Missing Some Required Arguments.")
        .with("ArgumentName", "Content-MD5");
  check_content_md5(request.http);
  const auto document = parse_xml(request.http.body);
  if (!document || document->name != "Delete" || request.http.body.size() > kDeleteBytesMax ||
      document->children.size() > kDeleteKeysMax + 1)
    throw OssError(400, "MalformedXML", "The XML you provided was not well-formed.");
  XmlOut xml("DeleteResult");
  if (request.http.query_value("encoding-type") == "url") xml.text("EncodingType", "url");
  for (const XmlElement& element : document->children) {
    if (element.name != "Object") continue;
    const std::string key = element.child("Key");
    bucket.erase(key);
    xml.open("Deleted").text("Key", answered_key(request, key)).close("Deleted");
  }
  if (document->child("Quiet") == "true") return with_status(200);
  return xml_response(xml.finish());
}

Response get_object(const OssRequest& request, ObjectStore& store) {
  const Bucket& bucket = store.at(request.bucket);
  const Object& object = existing(request, bucket);
  check_readable(object);
  if (not_modified(request.http, object)) return with_status(304);
  Response response = described(request, object);
  FileSlice slice{bucket.open(object), 0, object.size};
  if (const std::string_view text = request.http.header("range"); !text.empty()) {
    const bool standard = request.http.header("x-oss-range-behavior") == "standard";
    auto range = parse_range(text, object.size);
    // The standard behaviour cuts an end beyond the size instead of ignoring the range.
    if (!range && standard) range = parse_range(text.substr(0, text.find('-') + 1), object.size);
    if (!range && standard)
      throw OssError(416, "InvalidRange", "The requested range cannot be satisfied.")
          .with("RangeRequested", std::string(text));
    if (range) {
      slice.offset = range->first;
      slice.length = range->second;
      response.status = 206;
      response.set("Content-Range", fmt::format("bytes {}-{}/{}", range->first,
                                                range->first + range->second - 1, object.size));
    }
  }
  response.slice = std::move(slice);
  return response;
}

Response head_object(const OssRequest& request, ObjectStore& store) {
  const Object& object = existing(request, store.at(request.bucket));
  if (not_modified(request.http, object)) return with_status(304);
  Response response;
  if (request.http.has_query("objectMeta")) {
    response.set("ETag", fmt::format("\"{}\"", object.etag));
    response.set("Last-Modified", rfc1123(object.modified_us));
  } else {
    response = described(request, object);
  }
  response.head_length = object.size;
  return response;
}

}  // namespace sluice::sandbox
