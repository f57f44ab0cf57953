#pragma once
// An OSS bucket in memory behind the transport port, with faults on demand. Path style addresses only.

#include "core/base/clock.hpp"
#include "core/base/crc64.hpp"
#include "core/http/crypto.hpp"
#include "core/http/headers.hpp"
#include "core/http/percent_decode.hpp"
#include "core/http/transport.hpp"
#include "core/objects/store_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

// What requests say of an object is kept and returned by HEAD and GET; x-oss-forbid-overwrite is obeyed.
class FakeOssTransport final : public http::Transport {
 public:
  enum class Fault {
    none,
    drop_request,    // the network fails before the request arrives
    lose_answer,     // the request is carried out, the network fails then
    cut_answer,      // the request is carried out, the answer is shorter than announced
    server_error,    // 503 without doing anything
    late_error,      // 500 after doing it
    wrong_checksum,  // carried out, but the checksum of the answer is another
    spoil_body       // the body arrives with another first byte
  };
  struct Seen {
    std::string method;
    std::string object;  // empty: the bucket
    std::map<std::string, std::string> queries;
    http::Headers headers;
    std::size_t body_bytes = 0;
  };
  using Traits = std::map<std::string, std::string>;  // header -> value, names in lower case
  struct Upload {
    std::string object;
    std::map<int, std::string> parts;
    Traits traits{};
  };

  std::string bucket = "bucket-1";
  bool bucket_exists = true;
  std::size_t part_bytes_min = 100 * 1024;
  std::size_t page_max = 1000;
  std::map<std::string, std::string> objects;
  std::map<std::string, Traits> traits;  // of the objects that were made by requests
  std::map<std::string, Upload> uploads;
  std::vector<std::string> completed;  // names in the order in which they became visible
  std::vector<Seen> seen;
  std::function<Fault(const Seen&, std::size_t number)> fault;  // number counts from 0
  std::function<std::optional<http::Response>(const Seen&)> answer_instead;
  Clock* clock = nullptr;  // with it every request takes `latency`
  Duration latency{0};
  std::size_t in_flight = 0;
  std::size_t in_flight_peak = 0;
  std::map<std::string, std::size_t> in_flight_of;  // by object
  std::size_t in_flight_of_peak = 0;

  awaitable<Result<http::Response>> send(const http::Endpoint&, const http::Request& request) override {
    const Seen now = read(request);
    seen.push_back(now);
    const Fault kind = fault ? fault(now, seen.size() - 1) : Fault::none;
    const Travel travel(*this, now.object);
    if (clock != nullptr) co_await clock->sleep_for(latency);
    co_return perform(now, request.body, kind);
  }

  std::size_t count(std::string_view method, std::string_view query = {}) const {
    std::size_t number = 0;
    for (const Seen& one : seen) {
      if (one.method == method && (query.empty() || one.queries.contains(std::string(query)))) ++number;
    }
    return number;
  }

  static http::Response error(int status, const std::string& code, const std::string& extra = "") {
    http::Response response;
    response.status = status;
    response.headers.emplace_back("x-oss-request-id", "5C9F");
    response.body = fmt::format(
        "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>told so</Message>{}</Error>", code, extra);
    return response;
  }

 private:
  struct Travel {
    Travel(FakeOssTransport& owner_, std::string object_) : owner(owner_), object(std::move(object_)) {
      owner.in_flight_peak = std::max(owner.in_flight_peak, ++owner.in_flight);
      owner.in_flight_of_peak = std::max(owner.in_flight_of_peak, ++owner.in_flight_of[object]);
    }
    ~Travel() {
      --owner.in_flight;
      --owner.in_flight_of[object];
    }
    Travel(const Travel&) = delete;
    Travel& operator=(const Travel&) = delete;
    FakeOssTransport& owner;
    std::string object;
  };

  static std::string decoded(std::string_view text) {
    std::string result;
    if (!http::percent_decode(text, result)) throw std::logic_error("a request is not percent-encoded");
    return result;
  }

  Seen read(const http::Request& request) const {
    Seen now;
    now.method = request.method;
    now.headers = request.headers;
    now.body_bytes = request.body.size();
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
      const std::size_t equals = one.find('=');
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
      now.queries[decoded(one.substr(0, equals))] = decoded(value);
    }
    return now;
  }

  Result<http::Response> perform(const Seen& now, std::string_view body, Fault kind) {
    if (kind == Fault::drop_request) return Error(Errc::unavailable, "connect: refused");
    if (kind == Fault::server_error) return error(503, "SlowDown");
    std::string spoiled(kind == Fault::spoil_body ? body : std::string_view());
    if (!spoiled.empty()) spoiled.front() = static_cast<char>(spoiled.front() ^ 1);
    http::Response response = answer(now, spoiled.empty() ? body : spoiled);
    if (kind == Fault::lose_answer) return Error(Errc::unavailable, "read: reset by peer");
    if (kind == Fault::cut_answer) return Error(Errc::corrupt, "read: shorter than announced");
    if (kind == Fault::late_error) return error(500, "InternalError");
    if (kind == Fault::wrong_checksum) {
      for (auto& [name, value] : response.headers) {
        if (name == "x-oss-hash-crc64ecma") value = "12345";
      }
    }
    return response;
  }

  http::Response answer(const Seen& now, std::string_view body) {
    if (answer_instead) {
      if (auto instead = answer_instead(now)) return std::move(*instead);
    }
    if (!bucket_exists) return error(404, "NoSuchBucket");
    if (now.object.empty()) return now.queries.contains("uploads") ? list_uploads(now) : list_objects(now);
    if (now.method == "POST") return now.queries.contains("uploads") ? initiate(now) : complete(now, body);
    if (now.method == "PUT") return now.queries.contains("uploadId") ? put_part(now, body) : put(now, body);
    if (now.method == "DELETE") return remove(now);
    const auto found = objects.find(now.object);
    if (found == objects.end()) return now.method == "HEAD" ? bare(404) : error(404, "NoSuchKey");
    http::Response response = with_checksum(found->second);
    response.headers.emplace_back("Content-Length", std::to_string(found->second.size()));
    if (now.method == "GET") response.body = found->second;
    for (const auto& [name, value] : traits[now.object]) response.headers.emplace_back(name, value);
    return response;
  }

  // What a request says of the object that it makes.
  static Traits traits_of(const Seen& now) {
    Traits result;
    for (const auto& [name, value] : now.headers) {
      const std::string lower = http::to_lower(name);
      const bool kept = lower == "content-type" || lower == "content-encoding" ||
                        lower == "x-oss-storage-class" || lower.starts_with("x-oss-meta-") ||
                        lower.starts_with("x-oss-server-side-encryption");
      if (kept) result[lower] = value;
    }
    return result;
  }
  bool is_forbidden(const Seen& now) const {
    const auto asks = [](const auto& header) { return header.first == "x-oss-forbid-overwrite"; };
    const auto found = std::find_if(now.headers.begin(), now.headers.end(), asks);
    return found != now.headers.end() && found->second == "true" && objects.contains(now.object);
  }

  static http::Response bare(int status) {
    http::Response response;
    response.status = status;
    response.headers.emplace_back("x-oss-request-id", "5C9F");
    return response;
  }
  static http::Response with_checksum(std::string_view content) {
    http::Response response = bare(200);
    const std::uint64_t crc = crc64(0, content);
    response.headers.emplace_back("x-oss-hash-crc64ecma", std::to_string(crc));
    response.headers.emplace_back("ETag", fmt::format("\"{:016X}\"", crc));
    return response;
  }

  static bool arrived_spoiled(const Seen& now, std::string_view body) {
    const std::string expected = std::to_string(crc64(0, body));
    return std::any_of(now.headers.begin(), now.headers.end(), [&](const auto& header) {
      return header.first == "x-oss-hash-crc64ecma" && header.second != expected;
    });
  }

  static bool digest_differs(const Seen& now, std::string_view body) {
    const std::string expected = http::base64(http::md5(body));
    return std::any_of(now.headers.begin(), now.headers.end(), [&](const auto& header) {
      return header.first == "Content-MD5" && header.second != expected;
    });
  }

  http::Response put(const Seen& now, std::string_view body) {
    if (arrived_spoiled(now, body)) return error(400, "InvalidCRC64");
    if (is_forbidden(now)) return error(409, "FileAlreadyExists");
    objects[now.object] = body;
    traits[now.object] = traits_of(now);
    completed.push_back(now.object);
    return with_checksum(body);
  }
  http::Response initiate(const Seen& now) {
    if (is_forbidden(now)) return error(409, "FileAlreadyExists");
    const std::string id = fmt::format("UPLOAD{:04}", ++uploads_begun_);
    uploads[id].object = now.object;
    uploads[id].traits = traits_of(now);
    http::Response response = bare(200);
    response.body = fmt::format(
        "<InitiateMultipartUploadResult xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">"
        "<Bucket>b</Bucket><Key>k</Key><UploadId>{}</UploadId></InitiateMultipartUploadResult>",
        id);
    return response;
  }
  http::Response put_part(const Seen& now, std::string_view body) {
    const auto upload = uploads.find(now.queries.at("uploadId"));
    if (upload == uploads.end() || upload->second.object != now.object) return error(404, "NoSuchUpload");
    const int number = std::stoi(now.queries.at("partNumber"));
    if (number < 1 || number > 10'000) return error(400, "InvalidArgument");
    if (arrived_spoiled(now, body)) return error(400, "InvalidCRC64");
    upload->second.parts[number] = body;
    return with_checksum(body);
  }
  http::Response complete(const Seen& now, std::string_view body) {
    const auto upload = uploads.find(now.queries.at("uploadId"));
    if (upload == uploads.end() || upload->second.object != now.object) return error(404, "NoSuchUpload");
    if (digest_differs(now, body)) return error(400, "InvalidDigest");
    const Result<objects::XmlElement> document = objects::parse_xml(body);
    if (!document || document->children.empty()) return error(400, "MalformedXML");
    std::string content;
    int last = 0;
    for (const objects::XmlElement& part : document->children) {
      const int number = std::stoi(std::string(part.child_text("PartNumber")));
      const auto found = upload->second.parts.find(number);
      if (found == upload->second.parts.end()) return error(400, "InvalidPart");
      if (part.child_text("ETag") != with_checksum(found->second).header("ETag"))
        return error(400, "InvalidPart");
      if (number <= last) return error(400, "InvalidPartOrder");
      last = number;
      if (&part != &document->children.back() && found->second.size() < part_bytes_min) {
        return error(400, "EntityTooSmall");
      }
      content += found->second;
    }
    if (is_forbidden(now)) return error(409, "FileAlreadyExists");
    traits[now.object] = upload->second.traits;
    uploads.erase(upload);
    objects[now.object] = content;
    completed.push_back(now.object);
    http::Response response = with_checksum(content);
    response.body = "<CompleteMultipartUploadResult/>";
    return response;
  }
  http::Response remove(const Seen& now) {
    const auto id = now.queries.find("uploadId");
    if (id == now.queries.end()) {
      objects.erase(now.object);
      traits.erase(now.object);
      return bare(204);
    }
    return uploads.erase(id->second) == 1 ? bare(204) : error(404, "NoSuchUpload");
  }
  http::Response list_objects(const Seen& now) const {
    const std::string prefix = now.queries.at("prefix");
    const auto marker = now.queries.find("marker");
    const std::size_t entries_max = std::min(page_max, std::stoul(now.queries.at("max-keys")));
    std::string entries;
    std::string last;
    std::size_t count = 0;
    bool truncated = false;
    for (const auto& [name, content] : objects) {
      if (!name.starts_with(prefix) || (marker != now.queries.end() && name <= marker->second)) continue;
      if (count == entries_max) {
        truncated = true;
        break;
      }
      ++count;
      last = name;
      entries +=
          fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>", encoded(name), content.size());
    }
    http::Response response = bare(200);
    response.body = fmt::format(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{}</IsTruncated>"
        "<NextMarker>{}</NextMarker>{}</ListBucketResult>",
        truncated, truncated ? encoded(last) : "", entries);
    return response;
  }
  http::Response list_uploads(const Seen& now) const {
    const auto key_marker = now.queries.find("key-marker");
    const auto id_marker = now.queries.find("upload-id-marker");
    std::map<std::pair<std::string, std::string>, int> sorted;
    for (const auto& [id, upload] : uploads) {
      const std::pair<std::string, std::string> key(upload.object, id);
      if (key_marker != now.queries.end() && key <= std::pair(key_marker->second, id_marker->second))
        continue;
      if (upload.object.starts_with(now.queries.at("prefix"))) sorted[key] = 0;
    }
    const bool truncated = sorted.size() > page_max;
    std::string entries;
    std::pair<std::string, std::string> last;
    std::size_t count = 0;
    for (const auto& [key, unused] : sorted) {
      if (count++ == page_max) break;
      last = key;
      entries += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", encoded(key.first),
                             key.second);
    }
    http::Response response = bare(200);
    response.body = fmt::format(
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>{}"
        "</IsTruncated><NextKeyMarker>{}</NextKeyMarker><NextUploadIdMarker>{}"
        "</NextUploadIdMarker>{}</ListMultipartUploadsResult>",
        truncated, encoded(last.first), last.second, entries);
    return response;
  }
  static std::string encoded(std::string_view name) {
    std::string text;
    for (const char byte : name) text += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    return text;
  }

  int uploads_begun_ = 0;
};

}  // namespace sluice::test
