// What the client sends, against what the official one was recorded to send for the same.
#include "core/http/headers.hpp"
#include "core/oss/client.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/oss_vectors.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace sluice;
using sluice::test::text_of;

namespace {

using Names = std::map<std::string, std::string>;  // lower case -> value

// Endless good answers: every operation finds in them what it needs.
Result<http::Response> good_answer(const sluice::test::ScriptedTransport::Sent& sent) {
  http::Response response;
  response.status = 200;
  response.headers = {{"ETag", "\"A\""}, {"Content-Length", "6"}};
  const std::string& target = sent.request.target;
  if (target.ends_with("?uploads")) {
    response.body =
        "<InitiateMultipartUploadResult><UploadId>UPLOADID0001</UploadId></InitiateMultipartUploadResult>";
  } else if (target.find("uploads&") != std::string::npos) {
    response.body = "<ListMultipartUploadsResult/>";
  } else if (target.find("max-keys=") != std::string::npos) {
    response.body = "<ListBucketResult/>";
  }
  return response;
}

// The operation as it was recorded; false if this client has none of that name.
bool perform(sluice::test::Loop& loop, oss::Client& client, const std::string& operation) {
  const std::string file = "dir/a.csv";
  const std::string id = "UPLOADID0001";
  objects::ObjectTraits traits;
  traits.content_type = "text/csv";
  if (operation == "PutObject") {
    traits.metadata = {{"k1", "v1"}};
    traits.only_if_new = true;
    REQUIRE(loop.run(client.put_object("dir/a b+c.csv", "hello\n", traits)));
  } else if (operation == "InitiateMultipartUpload") {
    traits.encryption = "AES256";
    REQUIRE(loop.run(client.initiate_upload(file, traits)));
  } else if (operation == "GetObjectRange") {
    REQUIRE(loop.run(client.get_object(file, 100)));
  } else if (operation == "HeadObject") {
    REQUIRE(loop.run(client.head_object(file)));
  } else if (operation == "DeleteObject") {
    REQUIRE(loop.run(client.delete_object(file)));
  } else if (operation == "UploadPart") {
    REQUIRE(loop.run(client.upload_part(file, id, 2, "12345", 1)));
  } else if (operation == "CompleteMultipartUpload") {
    const std::vector<oss::Part> parts = {{1, "\"A\""}, {2, "\"B\""}};
    REQUIRE(loop.run(client.complete_upload(file, id, parts, 6, 1, {})));
  } else if (operation == "AbortMultipartUpload") {
    REQUIRE(loop.run(client.abort_upload(file, id)));
  } else if (operation == "ListObjects") {
    REQUIRE(loop.run(client.list_objects("dir/")));
  } else if (operation == "ListMultipartUploads") {
    REQUIRE(loop.run(client.list_uploads("dir/")));
  } else {
    return false;
  }
  return true;
}

Names by_name(const http::Headers& headers) {
  Names names;
  for (const auto& [name, value] : headers) names[http::to_lower(name)] = value;
  return names;
}

Names by_name(const oss::Queries& queries) {
  Names names;
  for (const oss::Query& query : queries) names[query.name] = query.value;
  return names;
}

std::string url_of(const sluice::test::ScriptedTransport::Sent& sent) {
  const http::Endpoint& endpoint = sent.endpoint;
  const std::string port = endpoint.port == 80 ? "" : fmt::format(":{}", endpoint.port);
  return fmt::format("http://{}{}{}", endpoint.host, port, sent.request.target);
}

std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

// Ours, but with what only the official client says, and without what only we say: for this the signature
// must be the recorded one.
std::string signed_as_recorded(const Names& ours, const Names& theirs, const oss::SignedRequest& shape,
                               bool version_4, const http::Credentials& credentials) {
  static const std::set<std::string> only_theirs = {"content-md5", "content-type", "content-length", "range",
                                                    "host"};
  http::Headers headers;
  for (const auto& [name, value] : ours) {
    if (name == "authorization" || name == "x-oss-hash-crc64ecma") continue;
    CAPTURE(name);
    REQUIRE(theirs.contains(name));
    // Of a document that is laid out otherwise.
    headers.emplace_back(name, name == "content-md5" ? theirs.at(name) : value);
  }
  for (const auto& [name, value] : theirs) {
    if (name == "authorization" || ours.contains(name)) continue;
    CAPTURE(name);
    CHECK(only_theirs.contains(name));
    headers.emplace_back(name, value);
  }
  const oss::SignedRequest request{shape.method, shape.resource, headers, shape.queries};
  return version_4 ? oss::authorization_v4(request, {}, "cn-hangzhou", credentials)
                   : oss::authorization_v1(request, credentials);
}

class Replay {
 public:
  explicit Replay(const boost::json::value& meta) : credentials_(sluice::test::credentials_of(meta)) {}

  // How many of ours were sent with the recorded signature as it stands.
  int exact() const { return exact_; }

  bool run(const boost::json::value& entry) {
    const std::string operation = text_of(entry.at("operation"));
    const bool version_4 = text_of(entry.at("signature")) == "v4";
    const bool path_style = text_of(entry.at("style")) == "path";
    CAPTURE(operation, version_4, path_style);
    sluice::test::Loop loop(std::chrono::sys_days(std::chrono::year(2023) / 12 / 3) + std::chrono::hours(12) +
                            std::chrono::minutes(12) + std::chrono::seconds(12));
    sluice::test::ScriptedTransport transport;
    transport.otherwise(good_answer);
    SeededRandom random{1};
    oss::ClientOptions options;
    options.endpoint = path_style ? "http://127.0.0.1:9001" : "http://oss-cn-hangzhou.aliyuncs.com";
    options.bucket = "examplebucket";
    options.region = version_4 ? "cn-hangzhou" : "";
    options.credentials = http::fixed_credentials(credentials_);
    oss::Client client(transport, loop.clock, random, options, oss::address_of(options).value(),
                       [](std::string_view) {});
    if (!perform(loop, client, operation)) return false;
    REQUIRE(transport.sent().size() == 1);
    compare(transport.sent().front(), entry, version_4, path_style);
    return true;
  }

 private:
  void compare(const sluice::test::ScriptedTransport::Sent& sent, const boost::json::value& entry,
               bool version_4, bool path_style) {
    const std::string url = text_of(entry.at("url"));
    CHECK(sent.request.method == text_of(entry.at("method")));
    CHECK(without_query(url_of(sent)) == without_query(url));
    const sluice::test::OssTarget theirs = sluice::test::oss_target_of(url, path_style);
    const sluice::test::OssTarget ours = sluice::test::oss_target_of(url_of(sent), path_style);
    const bool listing = text_of(entry.at("operation")).starts_with("List");
    if (!listing) CHECK(by_name(ours.queries) == by_name(theirs.queries));
    if (listing) CHECK(by_name(ours.queries).at("prefix") == by_name(theirs.queries).at("prefix"));

    const Names our_headers = by_name(sent.request.headers);
    const Names their_headers = by_name(sluice::test::headers_of(entry.at("headers")));
    const oss::SignedRequest shape{sent.request.method, ours.resource, sent.request.headers, theirs.queries};
    const std::string recorded = their_headers.at("authorization");
    CHECK(signed_as_recorded(our_headers, their_headers, shape, version_4, credentials_) == recorded);
    if (our_headers.at("authorization") == recorded) ++exact_;
  }

  http::Credentials credentials_;
  int exact_ = 0;
};

}  // namespace

TEST_CASE("oss client sends and signs what the official client does", "[oss_requests]") {
  const boost::json::value json = sluice::test::oss_vectors("requests.json");
  Replay replay(json.at("meta"));
  int compared = 0;
  for (const auto& entry : json.at("requests").as_array()) compared += replay.run(entry) ? 1 : 0;
  CHECK(compared == 40);
  // To begin an upload, in both versions and styles, and version 1 of both listings: nothing differs that is
  // signed.
  CHECK(replay.exact() == 8);
}

TEST_CASE("oss client has what must not arrive twice unseen sent once", "[oss_requests]") {
  sluice::test::Loop loop;
  sluice::test::ScriptedTransport transport;
  transport.otherwise(good_answer);
  SeededRandom random{1};
  oss::ClientOptions options;
  options.endpoint = "http://127.0.0.1:9001";
  options.bucket = "examplebucket";
  options.credentials = http::fixed_credentials({"LTAI", Secret("key"), Secret()});
  oss::Client client(transport, loop.clock, random, options, oss::address_of(options).value(),
                     [](std::string_view) {});
  const std::map<std::string, bool> expected = {{"PutObject", true},  // it forbids overwriting
                                                {"InitiateMultipartUpload", true},
                                                {"CompleteMultipartUpload", true},
                                                {"UploadPart", false},
                                                {"AbortMultipartUpload", false},
                                                {"DeleteObject", false},
                                                {"HeadObject", false}};
  for (const auto& [operation, once] : expected) {
    CAPTURE(operation);
    REQUIRE(perform(loop, client, operation));
    CHECK(transport.sent().back().request.sent_once == once);
  }
  REQUIRE(loop.run(client.put_object("a", "x", {})));
  CHECK_FALSE(transport.sent().back().request.sent_once);
}
