#include "core/job/connection.hpp"

#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

std::vector<std::string> with_bucket_endpoint(std::string endpoint) {
  DataSources sources = kSources;
  sources[1].second.keys[0].second = std::move(endpoint);
  return problems(kGood, {}, sources);
}

}  // namespace

TEST_CASE("connection: an endpoint with the bucket's name is an error") {
  CHECK(check_endpoint("https://archive.oss-cn-hangzhou.aliyuncs.com", "archive") ==
        "contains the bucket name; write oss-cn-hangzhou.aliyuncs.com and leave archive to the key bucket");
  CHECK(check_endpoint("Archive.oss-cn-hangzhou.aliyuncs.com", "archive")
            .starts_with("contains the bucket name"));
  CHECK(check_endpoint("https://archives.example.com", "archive").empty());
  CHECK(with_bucket_endpoint("http://archive.oss-cn-hangzhou.aliyuncs.com") ==
        only("jobs.d/orders.yaml:27:23: error: writer.parameter.datasource: datasource archive_oss: "
             "endpoint: contains "
             "the bucket name; write oss-cn-hangzhou.aliyuncs.com and leave archive to the key bucket"));
}

TEST_CASE("connection: an endpoint is a host, with http or https before it or nothing") {
  for (const char* good : {"oss-cn-hangzhou.aliyuncs.com", "HTTP://h", "https://h:8443/", "127.0.0.1:80",
                           "[::1]:80", "${env:ENDPOINT}", ""}) {
    INFO(good);
    CHECK(check_endpoint(good, "archive").empty());
  }
  CHECK(check_endpoint("oss://archive/a", "archive") ==
        "the scheme oss:// is not supported; write https://HOST, http://HOST or HOST");
  for (const char* bad : {"https://", "https://h/path", "https://user:canary@h", "h h", "https://h?x=1"}) {
    INFO(bad);
    CHECK(check_endpoint(bad, "archive").starts_with("expected a host with an optional port"));
  }
  for (const char* bad : {"http://h:99999", "h:0", "h:", "[::1]:x", "h:80:80"}) {
    INFO(bad);
    CHECK(check_endpoint(bad, "archive") == "the port must be a number from 1 to 65535");
  }
  CHECK(check_endpoint("[::1]", "archive").empty());
}

TEST_CASE("connection: neither a data source nor keys is an error that names both ways") {
  CHECK(problems_after("datasource: orders_ots", "datasource: ''") ==
        only("jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: empty or missing; name a data "
             "source of "
             "type ots from sluice.yaml, or give endpoint, accessId, accessKey and instanceName here"));
  CHECK(problems_after("datasource: archive_oss", "bucket: out") ==
        std::vector<std::string>{"jobs.d/orders.yaml:27:11: error: writer.parameter.endpoint: empty or "
                                 "missing; OSS without a datasource "
                                 "needs endpoint, accessId, accessKey and bucket",
                                 "jobs.d/orders.yaml:27:11: error: writer.parameter.accessId: empty or "
                                 "missing; OSS without a datasource "
                                 "needs endpoint, accessId, accessKey and bucket",
                                 "jobs.d/orders.yaml:27:11: error: writer.parameter.accessKey: empty or "
                                 "missing; OSS without a datasource "
                                 "needs endpoint, accessId, accessKey and bucket"});
}

TEST_CASE("connection: an unknown data source is an error with the one that was meant") {
  CHECK(problems_after("datasource: orders_ots", "datasource: order_ots") ==
        only("jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: data source \"order_ots\" is not "
             "defined "
             "in sluice.yaml, did you mean orders_ots?; define it there with type ots, or leave datasource "
             "empty and "
             "give endpoint, accessId, accessKey and instanceName here"));
  CHECK(problems_after("datasource: orders_ots", "datasource: archive_oss") ==
        only("jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: data source archive_oss is of "
             "type oss; "
             "Table Store needs one of type ots"));
}

TEST_CASE("connection: what a data source lacks is an error, what it has wins") {
  DataSources sources = kSources;
  sources[1].second.keys.erase(sources[1].second.keys.begin() + 1);
  CHECK(problems(kGood, {}, sources) == only("jobs.d/orders.yaml:27:23: error: writer.parameter.datasource: "
                                             "datasource archive_oss has no bucket; add "
                                             "it in sluice.yaml or give it here"));
  CHECK(problems(replaced(kGood, "fileFormat: csv", "fileFormat: csv\n          bucket: b"), {}, sources)
            .empty());
  CHECK(problems_after("fileFormat: csv", "fileFormat: csv\n          bucket: b") ==
        only("jobs.d/orders.yaml:30:19: warning: writer.parameter.bucket: has no effect beside datasource "
             "archive_oss, "
             "which has its own"));
}

TEST_CASE("connection: a parameter cannot stand for a credential") {
  CHECK(problems_after(
            "datasource: orders_ots",
            "endpoint: h\n          instanceName: i\n          accessId: id\n          accessKey: ${date}") ==
        only("jobs.d/orders.yaml:21:22: error: reader.parameter.accessKey: a parameter cannot hold a "
             "credential; write "
             "${env:NAME}, file:/path or credential:NAME"));
}

namespace {

// The reader's connection by a role: `keys` stand in the data source, `more` behind its name in the script.
std::vector<std::string> by_role(std::vector<std::pair<std::string, std::string>> keys,
                                 std::string_view more = {}) {
  DataSources sources = kSources;
  sources[0].second.keys = {{"endpoint", "http://h"}, {"instanceName", "i"}};
  for (auto& key : keys) sources[0].second.keys.push_back(std::move(key));
  return problems(replaced(kGood, "datasource: orders_ots", "datasource: orders_ots" + std::string(more)), {},
                  sources);
}

const std::string kAtOts =
    "jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: datasource orders_ots";

}  // namespace

TEST_CASE("connection: a role of the machine stands for the keys") {
  CHECK(by_role({{"ramRole", "auto"}}).empty());
  CHECK(by_role({{"ramRole", "sluice-reader_1.2"}, {"metadataEndpoint", "http://127.0.0.1:80"}}).empty());
  CHECK(by_role({}, "\n          ramRole: auto").empty());
  CHECK(by_role({{"ramRole", " "}}) ==
        std::vector<std::string>{kAtOts + " has no accessId; add it in sluice.yaml or give it here",
                                 kAtOts + " has no accessKey; add it in sluice.yaml or give it here"});
  CHECK(problems(
            replaced(
                kGood, "datasource: archive_oss",
                "endpoint: h\n          bucket: b\n          ramRole: auto\n          region: cn-hangzhou"))
            .empty());
  CHECK(problems(replaced(kGood, "datasource: archive_oss", "bucket: b\n          ramRole: auto")) ==
        only("jobs.d/orders.yaml:27:11: error: writer.parameter.endpoint: empty or missing; OSS without a "
             "datasource needs endpoint, accessId, accessKey and bucket"));
}

TEST_CASE("connection: a role and keys exclude each other, wherever they are given") {
  CHECK(by_role({{"ramRole", "auto"}, {"accessId", "x"}, {"securityToken", "canary"}}) ==
        only(kAtOts + ": ramRole: cannot be given together with accessId and securityToken; keep the role or "
                      "the keys"));
  CHECK(by_role({{"accessId", "x"}, {"accessKey", "canary"}}, "\n          ramRole: auto") ==
        only("jobs.d/orders.yaml:19:20: error: reader.parameter.ramRole: cannot be given together with "
             "accessId and accessKey; keep the role or the keys"));
}

TEST_CASE("connection: the name of a role and where it is asked for are checked") {
  const std::string expected =
      ": ramRole: expected auto or the name of a RAM role, 1 to 64 letters, digits, \".\", \"-\" and \"_\"";
  CHECK(by_role({{"ramRole", "../../user-data"}}) == only(kAtOts + expected));
  CHECK(by_role({{"ramRole", std::string(65, 'r')}}) == only(kAtOts + expected));
  CHECK(by_role({{"ramRole", std::string(64, 'r')}}).empty());
  CHECK(by_role({{"ramRole", "auto"}, {"metadataEndpoint", "ftp://h"}}) ==
        only(kAtOts + ": metadataEndpoint: the scheme ftp:// is not supported; write https://HOST, "
                      "http://HOST or HOST"));
}

TEST_CASE("connection: dataSource, as the original's README spells it, is the same key") {
  CHECK(problems_after("datasource: orders_ots", "dataSource: orders_ots").empty());
  CHECK(
      problems_after("datasource: orders_ots", "dataSource: archive_oss") ==
      only("jobs.d/orders.yaml:18:23: error: reader.parameter.dataSource: data source archive_oss is of type "
           "oss; Table Store needs one of type ots"));
  CHECK(problems_after("datasource: orders_ots", "datasource: [orders_ots]") ==
        only("jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: expected a string, got a list"));
}

TEST_CASE("connection: a data source far from any name, and one where none is there, say what there is") {
  const std::string way_out =
      "; define it there with type ots, or leave datasource empty and give endpoint, accessId, accessKey and "
      "instanceName here";
  CHECK(problems_after("datasource: orders_ots", "datasource: elsewhere") ==
        only("jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: data source \"elsewhere\" is not "
             "defined in sluice.yaml, defined are orders_ots and archive_oss" +
             way_out));
  CHECK(problems(kGood, {}, {}).front() ==
        "jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: data source \"orders_ots\" is not "
        "defined in sluice.yaml, none is defined" +
            way_out);
}

TEST_CASE("connection: a bucket's name counts as in the host only with the dot behind it") {
  CHECK(check_endpoint("https://archive", "archive").empty());
  CHECK(check_endpoint("https://ARCHIVE.h", "archive").starts_with("contains the bucket name; write h "));
  CHECK(check_endpoint("https://archive.h", "").empty());
  for (const char* bad : {"h;x", "h_\xc3\xa4", "h\n", "/"}) {
    INFO(bad);
    CHECK(check_endpoint(bad, "").starts_with("expected a host with an optional port"));
  }
  for (const char* good : {"Z9.a-b_c:1", "a/"}) CHECK(check_endpoint(good, "").empty());
}

TEST_CASE("connection: a key with nothing but blanks counts as not given") {
  DataSources sources = kSources;
  sources[0].second.keys[1].second = " \t";
  CHECK(problems(kGood, {}, sources) ==
        only(kAtOts + " has no instanceName; add it in sluice.yaml or give it here"));
  CHECK(problems_after("datasource: orders_ots", "datasource: orders_ots\n          region: ' '").empty());
  CHECK(
      problems_after("datasource: orders_ots", "datasource: ' '").front() ==
      "jobs.d/orders.yaml:18:23: error: reader.parameter.datasource: empty or missing; name a data source of "
      "type ots from sluice.yaml, or give endpoint, accessId, accessKey and instanceName here");
}
