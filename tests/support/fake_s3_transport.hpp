#pragma once
// An S3 bucket in memory behind the transport port, with faults on demand. Path style addresses only; does
// not check signatures.

#include "core/http/crypto.hpp"
#include "core/http/percent_decode.hpp"
#include "core/http/transport.hpp"
#include "core/objects/store_xml.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

class FakeS3Transport final : public http::Transport {
 public:
  enum class Fault {
    none,
    drop_request,     // the network fails before the request arrives
    lose_answer,      // the request is carried out, the network fails then
    cut_answer,       // the request is carried out, the answer is shorter than announced
    server_error,     // 503 without doing anything
    late_error,       // 500 after doing it
    error_in_success  // status 200 with an error document, without doing anything
  };
  struct Seen {
    std::string method;
    std::string object;  // empty: the bucket
    std::map<std::string, std::string> queries;
    http::Headers headers;
    std::string body;
    bool sent_once = false;

    std::string header(std::string_view name) const {
      http::Response carrier;
      carrier.headers = headers;
      return std::string(carrier.header(name));
    }
  };
  struct Object {
    std::string content;
    std::string etag;
  };
  struct Upload {
    std::string object;
    std::map<int, std::string> parts;
  };

  std::string bucket = "bucket-1";
  bool bucket_exists = true;
  bool etags_are_opaque = false;  // as of objects under a key of KMS
  std::size_t part_bytes_min = 1000;
  std::size_t page_max = 1000;
  std::map<std::string, Object> objects;
  std::map<std::string, Upload> uploads;
  std::vector<Seen> seen;
  std::function<Fault(const Seen&, std::size_t number)> fault;  // number counts from 0
  std::function<std::optional<http::Response>(const Seen&)> answer_instead;

  awaitable<Result<http::Response>> send(const http::Endpoint&, const http::Request& request) override {
    const Seen now = read(request);
    seen.push_back(now);
    const Fault kind = fault ? fault(now, seen.size() - 1) : Fault::none;
    co_return perform(now, kind);
  }

  std::size_t count(std::string_view method) const {
    std::size_t number = 0;
    for (const Seen& one : seen) {
      if (one.method == method) ++number;
    }
    return number;
  }

  static http::Response error(int status, const std::string& code, const std::string& extra = "") {
    http::Response response = bare(status);
    response.body = fmt::format("<Error><Code>{}</Code><Message>told so</Message>{}</Error>", code, extra);
    return response;
  }

 private:
  static std::string decoded(std::string_view text) {
    std::string result;
    if (!http::percent_decode(text, result)) throw std::logic_error("a request is not percent-encoded");
    return result;
  }
  static std::string form_encoded(std::string_view name) {
    std::string text = http::percent_encode(name, "/ ");
    for (char& byte : text) byte = byte == ' ' ? '+' : byte;
    return text;
  }
  std::string etag_of(std::string_view content) const {
    return etags_are_opaque ? "\"opaque\"" : "\"" + http::hex(http::md5(content)) + "\"";
  }

  Seen read(const http::Request& request) const {
    Seen now;
    now.method = request.method;
    now.headers = request.headers;
    now.body = request.body;
    now.sent_once = request.sent_once;
    const std::string_view target(request.target);
    const std::size_t mark = target.find('?');
    const std::string path = decoded(target.substr(0, mark));
    const std::string prefix = "/" + bucket + "/";
    if (!path.starts_with(prefix)) throw std::logic_error("a request to another bucket: " + path);
    now.object = path.substr(prefix.size());
    std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      now.queries[decoded(one.substr(0, one.find('=')))] = decoded(one.substr(one.find('=') + 1));
    }
    return now;
  }

  Result<http::Response> perform(const Seen& now, Fault kind) {
    if (kind == Fault::drop_request) return Error(Errc::unavailable, "connect: refused");
    if (kind == Fault::server_error) return error(503, "SlowDown");
    if (kind == Fault::error_in_success) return error(200, "InternalError");
    http::Response response = answer(now);
    if (kind == Fault::lose_answer) return Error(Errc::unavailable, "read: reset by peer");
    if (kind == Fault::cut_answer) return Error(Errc::corrupt, "read: shorter than announced");
    if (kind == Fault::late_error) return error(500, "InternalError");
    return response;
  }

  http::Response answer(const Seen& now) {
    if (answer_instead) {
      if (auto instead = answer_instead(now)) return std::move(*instead);
    }
    if (!bucket_exists) return error(404, "NoSuchBucket");
    if (now.object.empty()) return now.queries.contains("uploads") ? list_uploads(now) : list_objects(now);
    if (now.method == "POST") return now.queries.contains("uploads") ? initiate(now) : complete(now);
    if (now.method == "PUT") return now.queries.contains("uploadId") ? put_part(now) : put(now);
    if (now.method == "DELETE") return remove(now);
    return get(now);
  }

  static http::Response bare(int status) {
    http::Response response;
    response.status = status;
    response.headers.emplace_back("x-amz-request-id", "5C9F");
    return response;
  }
  http::Response tagged(const std::string& etag) const {
    http::Response response = bare(200);
    response.headers.emplace_back("ETag", etag);
    return response;
  }
  bool exists_already(const Seen& now) const {
    return now.header("If-None-Match") == "*" && objects.contains(now.object);
  }

  http::Response put(const Seen& now) {
    if (exists_already(now)) return error(412, "PreconditionFailed");
    if (now.header("Content-MD5") != http::base64(http::md5(now.body))) return error(400, "BadDigest");
    objects[now.object] = {now.body, etag_of(now.body)};
    return tagged(etag_of(now.body));
  }
  http::Response get(const Seen& now) const {
    const auto found = objects.find(now.object);
    if (found == objects.end()) return now.method == "HEAD" ? bare(404) : error(404, "NoSuchKey");
    http::Response response = tagged(found->second.etag);
    response.headers.emplace_back("Content-Length", std::to_string(found->second.content.size()));
    response.headers.emplace_back("x-amz-meta-note", "kept");
    if (now.method == "HEAD") return response;
    response.body = found->second.content;
    const std::string range = now.header("Range");
    if (range.empty()) return response;
    const std::size_t from = std::stoul(range.substr(range.find('=') + 1));
    const std::size_t to = std::stoul(range.substr(range.find('-') + 1));
    response.status = 206;
    response.body = response.body.substr(from, to - from + 1);
    return response;
  }
  http::Response initiate(const Seen& now) {
    const std::string id = fmt::format("UPLOAD{:04}", ++uploads_begun_);
    uploads[id].object = now.object;
    http::Response response = bare(200);
    response.body = fmt::format(
        "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<UploadId>{}</UploadId></InitiateMultipartUploadResult>",
        id);
    return response;
  }
  http::Response put_part(const Seen& now) {
    const auto upload = uploads.find(now.queries.at("uploadId"));
    if (upload == uploads.end()) return error(404, "NoSuchUpload");
    upload->second.parts[std::stoi(now.queries.at("partNumber"))] = now.body;
    return tagged(etag_of(now.body));
  }
  http::Response complete(const Seen& now) {
    const auto upload = uploads.find(now.queries.at("uploadId"));
    if (upload == uploads.end()) return error(404, "NoSuchUpload");
    if (exists_already(now)) return error(412, "PreconditionFailed");
    const auto document = objects::parse_xml(now.body);
    if (!document || document->children.empty()) return error(400, "MalformedXML");
    Object object;
    std::string digests;
    for (const auto& part : document->children) {
      const auto found = upload->second.parts.find(std::stoi(std::string(part.child_text("PartNumber"))));
      if (found == upload->second.parts.end() || part.child_text("ETag") != etag_of(found->second)) {
        return error(400, "InvalidPart");
      }
      const bool last = &part == &document->children.back();
      if (!last && found->second.size() < part_bytes_min) return error(400, "EntityTooSmall");
      object.content += found->second;
      digests += http::md5(found->second);
    }
    object.etag = etags_are_opaque
                      ? "\"opaque-too\""
                      : fmt::format("\"{}-{}\"", http::hex(http::md5(digests)), document->children.size());
    uploads.erase(upload);
    http::Response response = bare(200);
    response.body = fmt::format(
        "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>", object.etag);
    objects[now.object] = std::move(object);
    return response;
  }
  http::Response remove(const Seen& now) {
    const auto id = now.queries.find("uploadId");
    if (id != now.queries.end()) {
      return uploads.erase(id->second) == 1 ? bare(204) : error(404, "NoSuchUpload");
    }
    objects.erase(now.object);
    return bare(204);
  }
  http::Response list_objects(const Seen& now) const {
    if (now.queries.at("list-type") != "2") return error(400, "InvalidArgument");
    const auto token = now.queries.find("continuation-token");
    const std::size_t entries_max = std::min(page_max, std::stoul(now.queries.at("max-keys")));
    std::string entries;
    std::string last;
    std::size_t count = 0;
    bool truncated = false;
    for (const auto& [name, object] : objects) {
      if (!name.starts_with(now.queries.at("prefix"))) continue;
      if (token != now.queries.end() && "after " + name <= token->second) continue;
      truncated = count == entries_max;
      if (truncated) break;
      ++count;
      last = name;
      entries += fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>", form_encoded(name),
                             object.content.size());
    }
    http::Response response = bare(200);
    response.body = fmt::format(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>{}{}"
        "</ListBucketResult>",
        truncated, truncated ? "<NextContinuationToken>after " + last + "</NextContinuationToken>" : "",
        entries);
    return response;
  }
  http::Response list_uploads(const Seen& now) const {
    const auto marker = now.queries.find("key-marker");
    std::map<std::pair<std::string, std::string>, int> sorted;
    for (const auto& [id, upload] : uploads) {
      const std::pair<std::string, std::string> key(upload.object, id);
      const bool before =
          marker != now.queries.end() && key <= std::pair(marker->second, now.queries.at("upload-id-marker"));
      if (!before && upload.object.starts_with(now.queries.at("prefix"))) sorted[key] = 0;
    }
    std::string entries;
    std::pair<std::string, std::string> last;
    std::size_t count = 0;
    for (const auto& [key, unused] : sorted) {
      if (count++ == page_max) break;
      last = key;
      entries += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", form_encoded(key.first),
                             key.second);
    }
    http::Response response = bare(200);
    response.body = fmt::format(
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>"
        "<NextKeyMarker>{}</NextKeyMarker><NextUploadIdMarker>{}</NextUploadIdMarker>{}"
        "</ListMultipartUploadsResult>",
        sorted.size() > page_max, form_encoded(last.first), last.second, entries);
    return response;
  }

  int uploads_begun_ = 0;
};

}  // namespace sluice::test
