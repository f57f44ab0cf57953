#include "core/job/script.hpp"
#include "tests/unit/core/job/target_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

const std::string kWriter = R"(        plugin: oss
        parameter:
          datasource: archive_oss
          object: instance/orders/{date}
          fileFormat: csv
)";

// The good job with another writer.
std::string with_writer(std::string_view plugin, std::string_view parameter) {
  return replaced(
      kGood, kWriter,
      "        plugin: " + std::string(plugin) + "\n        parameter: {" + std::string(parameter) + "}\n");
}

// What is wrong with the writer, without places and the warnings about unused parameters.
std::vector<std::string> writer_problems(std::string_view plugin, std::string_view parameter,
                                         const DataSources& sources = kSources) {
  std::vector<std::string> texts = problems(with_writer(plugin, parameter), {}, sources);
  std::erase_if(texts, [](const std::string& text) { return text.ends_with("not used in the script"); });
  for (std::string& text : texts) text.erase(0, std::min(text.find("error: "), text.find("warning: ")));
  return texts;
}

constexpr std::string_view kS3 =
    "endpoint: 'http://127.0.0.1:9000', bucket: b, accessId: id, accessKey: key, object: 'o/{date}'";

}  // namespace

TEST_CASE("target: an S3 store has the keys of its connection, and a region") {
  const Target target =
      target_of(with_writer("s3", std::string(kS3) + ", region: eu-central-1, addressing: path"));
  CHECK(target.kind == TargetKind::s3);
  CHECK(target.endpoint == "http://127.0.0.1:9000");
  CHECK(target.bucket == "b");
  CHECK(target.access_key.reveal() == "key");
  CHECK(target.region == "eu-central-1");
  CHECK(target.addressing == Addressing::path);
  CHECK(target.object == "o/20181015");
  CHECK(target_of(with_writer("s3writer", kS3)).kind == TargetKind::s3);
}

TEST_CASE("target: a data source may be an S3 store or a folder") {
  DataSources sources = kSources;
  sources.push_back({"lake",
                     {"s3",
                      {{"endpoint", "https://s3.eu-central-1.amazonaws.com"},
                       {"bucket", "lake"},
                       {"accessId", "id"},
                       {"accessKey", "key"},
                       {"addressing", "virtual"}}}});
  sources.push_back({"disk", {"localfile", {{"directory", "/srv/export"}}}});
  const Target s3 = target_of(with_writer("s3", "datasource: lake, object: 'o/{date}'"), sources);
  CHECK(s3.bucket == "lake");
  CHECK(s3.addressing == Addressing::virtual_host);
  const Target disk = target_of(with_writer("localfile", "datasource: disk, object: 'o/{date}'"), sources);
  CHECK(disk.kind == TargetKind::localfile);
  CHECK(disk.directory == "/srv/export");
  CHECK(writer_problems("s3", "datasource: archive_oss, object: o") ==
        error_of("datasource: data source archive_oss is of type oss; S3 needs one of type s3"));
  sources.back().second.keys.front().second = "export";
  CHECK(writer_problems("localfile", "datasource: disk, object: o", sources) ==
        error_of("datasource: datasource disk: directory: expected an absolute path, such as "
                 "/var/lib/sluice/export"));
}

TEST_CASE("target: files go below a directory, also under the names of the original's text writer") {
  const Target own = target_of(with_writer("localfile", "directory: /srv/export, object: 'a/{date}'"));
  CHECK(own.kind == TargetKind::localfile);
  CHECK(own.directory == "/srv/export");
  CHECK(own.object == "a/20181015");
  const Target theirs = target_of(with_writer("txtfilewriter", "path: /srv/export, fileName: 'a/{date}'"));
  CHECK(theirs.directory == "/srv/export");
  CHECK(theirs.object == "a/20181015");
  CHECK(
      writer_problems("localfile", "object: o") ==
      error_of("datasource: empty or missing; name a data source of type localfile from sluice.yaml, or give "
               "directory here"));
  CHECK(writer_problems("localfile", "directory: srv, object: o") ==
        error_of("directory: expected an absolute path, such as /var/lib/sluice/export"));
}

TEST_CASE("target: file names stay below the directory") {
  const std::string inside =
      "object: may not hold \".\", \"..\" or nothing between two \"/\"; write the path below directory";
  for (const char* object : {"../o", "a/../../o", "a//o", "./o", ".."}) {
    INFO(object);
    CHECK(writer_problems("localfile", std::string("directory: /srv, object: ") + object) ==
          error_of(inside));
  }
  CHECK(writer_problems("localfile", "directory: /srv, object: /o") ==
        error_of("object: is relative to directory; remove the \"/\" it begins with"));
  CHECK(writer_problems("localfile", "directory: /srv, object: 'a..b/c.'").empty());
  CHECK(writer_problems("localfile", "directory: /srv, object: 'a/'").empty());
}

TEST_CASE("target: a stream prints rows, and nothing else can be asked of it") {
  const Target target = target_of(with_writer("stream", "print: true"));
  CHECK(target.kind == TargetKind::stream);
  CHECK(target.file_format == FileFormat::text);
  CHECK(target.field_delimiter == "\t");
  CHECK(target_of(with_writer("streamwriter", "fileFormat: csv")).field_delimiter == ",");
  CHECK(writer_problems("stream", "print: false") ==
        error_of("print: false would count rows as exported and throw them away; remove it"));
  for (const char* key : {"datasource", "object", "writeMode", "truncateScope", "suffix", "compress",
                          "maxFileSize", "blockSizeInMB", "writeSingleObject", "generateEmptyFile",
                          "partition", "manifest", "storageClass", "directory", "bucket"}) {
    INFO(key);
    CHECK(writer_problems("stream", std::string(key) + ": x") ==
          error_of(std::string(key) + ": has no meaning for plugin stream; remove it"));
  }
}

TEST_CASE("target: keys of other kinds of targets are refused by name") {
  for (const char* key : {"endpoint", "bucket", "accessId", "accessKey", "securityToken", "ramRole",
                          "metadataEndpoint", "region", "cname", "addressing", "storageClass", "encrypt",
                          "serverSideEncryption", "serverSideEncryptionKeyId", "metadata", "print"}) {
    INFO(key);
    CHECK(writer_problems("localfile", std::string("directory: /srv, object: o, ") + key + ": x") ==
          error_of(std::string(key) + ": has no meaning for plugin localfile; remove it"));
  }
  for (const char* key : {"ramRole", "metadataEndpoint", "cname", "directory", "print"}) {
    INFO(key);
    CHECK(writer_problems("s3", std::string(kS3) + ", " + key + ": x") ==
          error_of(std::string(key) + ": has no meaning for plugin s3; remove it"));
  }
  CHECK(writer_problems("s3", std::string(kS3) + ", serverSideEncryption: SM4") ==
        error_of("serverSideEncryption: SM4 is OSS's own; use AES256 or KMS"));
  CHECK(line_problems("directory: /srv") == error_of("directory: has no meaning for plugin oss; remove it"));
}

TEST_CASE("target: how buckets are addressed is checked wherever it is said") {
  CHECK(target_of(with_line("addressing: virtual")).addressing == Addressing::virtual_host);
  CHECK(line_problems("addressing: sld") ==
        error_of("addressing: expected auto, path or virtual, got \"sld\""));
  CHECK(line_problems("addressing: path\n          cname: true") ==
        error_of("addressing: cannot be had with cname: true, where the host is the bucket's own; remove one "
                 "of the two"));
  DataSources sources = kSources;
  sources[1].second.keys.emplace_back("addressing", "sld");
  CHECK(problems(kGood, {}, sources) ==
        only("jobs.d/orders.yaml:27:23: error: writer.parameter.datasource: datasource archive_oss: "
             "addressing: expected auto, path or virtual, got \"sld\""));
}

TEST_CASE("target: work that is not done here is refused, and empty keys of it are passed over") {
  const std::string copying = "files cannot be copied as they are; remove it and name the columns to write";
  CHECK(line_problems("syncMode: copy") == error_of("syncMode: " + copying));
  CHECK(line_problems("copy: true") == error_of("copy: " + copying));
  CHECK(line_problems("truncateMode: prefix") ==
        error_of("truncateMode: belongs to the copying of files; remove it, and see truncateScope for what "
                 "truncate replaces"));
  CHECK(line_problems("quoteChar: x") ==
        error_of("quoteChar: belongs to INSERT statements, which cannot be written; remove it"));
  CHECK(line_problems("parquetSchema: x") ==
        error_of("parquetSchema: belongs to orc and parquet, which cannot be written; remove it"));
  CHECK(line_problems("column: [{name: a, type: b}]") ==
        error_of("column: belongs to orc and parquet, which cannot be written; remove it"));
  CHECK(line_problems("truncateMode: objectMatch").empty());
  CHECK(line_problems("syncMode: ''").empty());
  CHECK(line_problems("commitSize: 1") == warning_of("commitSize: has no effect"));
  CHECK(line_problems("proxyHost: x") ==
        warning_of("proxyHost: has no effect; the key proxy of sluice.yaml sets one"));
}

TEST_CASE("target: every script form names the kind of its writer") {
  const std::string job = "name: orders\nscript: {file: script.json}\n";
  const std::string reader =
      R"("parameter":{"datasource":"orders_ots","dataTable":"orders","date":"20181015",
        "mode":"single_version_and_update_only","column":[{"name":"uid"}]}})";
  const std::string writer = R"("parameter":{"directory":"/srv","object":"o"}})";
  for (const std::string& script : {R"({"configuration":{"reader":{"plugin":"otsstream",)" + reader +
                                        R"(,"writer":{"plugin":"localfile",)" + writer + "}}",
                                    R"({"steps":[{"category":"reader","stepType":"otsstream",)" + reader +
                                        R"(,{"category":"writer","stepType":"localfile",)" + writer + "]}",
                                    R"({"job":{"content":[{"reader":{"name":"otsstreamreader",)" + reader +
                                        R"(,"writer":{"name":"txtfilewriter",)" + writer + "}]}}"}) {
    INFO(script);
    const LoadedJobs loaded = load(job, {{"jobs.d/script.json", script}});
    REQUIRE(loaded.jobs.size() == 1);
    CHECK(loaded.jobs.front().script->target == TargetKind::localfile);
  }
}

TEST_CASE("target: another kind of writer is another version of the job") {
  const std::string keys = "endpoint: 'http://h', bucket: b, accessId: i, accessKey: k, object: 'o/{date}'";
  const auto version = [&](std::string_view plugin) {
    return load(with_writer(plugin, keys)).jobs.at(0).version;
  };
  CHECK(version("oss") == version("osswriter"));
  CHECK(version("oss") != version("s3"));
}

TEST_CASE("target: what a connection refers to is not judged before it is opened") {
  for (const std::string reference : {"file:/etc/x", "credential:x", "'${env:SLUICE_X}'"}) {
    CAPTURE(reference);
    CHECK(line_problems("cname: " + reference).empty());
    CHECK(line_problems("addressing: " + reference).empty());
    CHECK(writer_problems("localfile", "object: o, directory: " + reference).empty());
  }
  CHECK(writer_problems("localfile", "object: o, directory: \"/srv/a\\0b\"") ==
        error_of("directory: holds a zero byte; remove it"));
  CHECK(line_problems("cname: 'False'").empty());
  CHECK(line_problems("cname: 'FALSE'\n          addressing: path").empty());
  CHECK(line_problems("cname: yes") == error_of("cname: expected true or false, got \"yes\""));
}

TEST_CASE("target: metadata is as long as its store takes it, names and values together") {
  const auto s3 = [](std::size_t bytes) {
    return writer_problems("s3", std::string(kS3) + ", metadata: {a: " + std::string(bytes - 1, 'x') + "}");
  };
  CHECK(s3(2048).empty());
  CHECK(s3(2049) == error_of("metadata: longer than 2048 bytes in all; shorten it"));
  CHECK(line_problems("metadata: {a: " + std::string(8191, 'x') + "}").empty());
  CHECK(line_problems("metadata: {a: " + std::string(4096, 'x') + ", b: " + std::string(4095, 'x') + "}") ==
        error_of("metadata: longer than 8192 bytes in all; shorten it"));
}
