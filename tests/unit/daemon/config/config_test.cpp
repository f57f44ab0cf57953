#include "daemon/config/config.hpp"

#include "tests/support/test_data.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sstream>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> problems_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& problem : parse_config("/etc/sluice/sluice.yaml", text).problems)
    out.push_back(to_string(problem));
  return out;
}

// etc/sluice.yaml with its keys switched on. The lines after "For example" are no defaults.
std::string uncommented(const std::string& text) {
  std::string out;
  std::istringstream lines(text.substr(0, text.find("# For example")) + text.substr(text.find("# tls:")));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    const bool key = line.starts_with("# ") && line.find(':') != std::string::npos &&
                     line.substr(2, line.find(':') - 2)
                             .find_first_not_of(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                         std::string::npos &&
                     (colon == std::string::npos || line.find(' ', colon + 2) == std::string::npos);
    out += (key ? line.substr(2) : std::string()) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("config: an empty file means all defaults, paths relative to the file") {
  const auto loaded = parse_config("/srv/sluice/sluice.yaml", "# nothing\n");
  REQUIRE(loaded.problems.empty());
  const Config& config = *loaded.config;
  CHECK(config.state_dir == "/var/lib/sluice");
  CHECK(config.jobs_dir == "/srv/sluice/jobs.d");
  CHECK(config.log_bytes_max == 1024 * 1024);
  CHECK(config.log_retention_days == 30);
  CHECK(config.history_positions == 35 * 24h);
  CHECK(config.history_keep == 400 * 24h);
  CHECK(config.backup_dir == "/var/lib/sluice/backups");
  CHECK(config.backup_every == 1h);
  CHECK(config.backup_keep == 4);
  CHECK(config.socket == "/run/sluice/sluice.sock");
  CHECK(config.tcp_address == "127.0.0.1");
  CHECK(config.tcp_port == 7788);
  CHECK(config.attempts_max == 8);
  CHECK(config.drain_limit == 60s);
  CHECK(config.log_level == "info");
  CHECK(config.log_format == "text");
  CHECK(config.log_compress_after == 48h);
  CHECK(config.proxy.empty());
  CHECK(config.sources.empty());
}

TEST_CASE("config: every key is read") {
  const auto loaded = parse_config("/srv/sluice.yaml", R"(
stateDir: state
jobsDir: /jobs
logs: {dir: logs, maxSize: 64KiB, totalSize: 2GiB, retentionDays: 7, compressAfter: 3h}
history: {positions: 10d, keep: 30d}
backup: {dir: copies, every: 30m, keep: 0}
listen: {socket: none, tcp: "[::1]:0"}
maxConcurrent: "3"
drainLimit: 5m
tls: {caFile: ca.pem}
proxy: http://me:${env:PROXY_PASSWORD}@proxy.example:3128
logLevel: debug
logFormat: json
dataSources:
  orders_ots: {type: ots, endpoint: "https://a.b", instanceName: i, accessId: x, accessKey: "${env:K}"}
)");
  REQUIRE(loaded.problems.empty());
  const Config& config = *loaded.config;
  CHECK(config.state_dir == "/srv/state");
  CHECK(config.jobs_dir == "/jobs");
  CHECK(config.log_dir == "/srv/logs");
  CHECK(config.log_bytes_max == 64 * 1024);
  CHECK(config.log_total_bytes_max == std::uint64_t{2} << 30U);
  CHECK(config.history_positions == 10 * 24h);
  CHECK(config.history_keep == 30 * 24h);
  CHECK(config.backup_dir == "/srv/copies");
  CHECK(config.backup_every == 30min);
  CHECK(config.backup_keep == 0);
  CHECK(config.socket.empty());
  CHECK(config.tcp_address == "::1");
  CHECK(config.tcp_port == 0);
  CHECK(config.attempts_max == 3);
  CHECK(config.drain_limit == 5min);
  CHECK(config.log_format == "json");
  CHECK(config.log_compress_after == 3h);
  CHECK(config.ca_file == "/srv/ca.pem");
  CHECK(config.proxy.reveal() == "http://me:${env:PROXY_PASSWORD}@proxy.example:3128");
  REQUIRE(config.sources.size() == 1);
  CHECK(config.sources[0].first == "orders_ots");
  CHECK(config.sources[0].second.type == "ots");
  CHECK(config.sources[0].second.keys.size() == 4);
}

TEST_CASE("config: data sources may name a role instead of keys") {
  const auto loaded = parse_config("/srv/sluice.yaml", R"(
dataSources:
  a: {type: ots, endpoint: h, instanceName: i, ramRole: auto, metadataEndpoint: "http://m", region: r}
  b: {type: oss, endpoint: h, bucket: b, ramRole: writer, metadataEndpoint: "http://m", region: r}
)");
  REQUIRE(loaded.problems.empty());
  REQUIRE(loaded.config->sources.size() == 2);
  CHECK(loaded.config->sources[0].second.keys.size() == 5);
  CHECK(loaded.config->sources[1].second.keys.size() == 5);
}

TEST_CASE("config: all problems are reported at once, each at its place") {
  const auto problems = problems_of(R"(stateDirr: x
maxConcurrent: 0
drainLimit: soon
listen:
  tcp: 0.0.0.0:7788
logs:
  maxSize: huge
logLevel: loud
dataSources:
  a: {type: ftp}
  b: {endpoint: x}
)");
  REQUIRE(problems.size() == 8);
  CHECK(problems[0] == "/etc/sluice/sluice.yaml:1:1: error: stateDirr: unknown key, did you mean stateDir?");
  CHECK(problems[1].find("/etc/sluice/sluice.yaml:2:16: error: maxConcurrent: ") == 0);
  CHECK(problems[2].find("/etc/sluice/sluice.yaml:3:13: error: drainLimit: ") == 0);
  CHECK(problems[3] ==
        "/etc/sluice/sluice.yaml:5:8: error: listen.tcp: other machines reach 0.0.0.0, which takes TLS and "
        "tokens: add listen.tls.certFile and listen.tls.keyFile; and add a token under access.tokens (sluice "
        "token NAME --role viewer), or listen.tls.clientCaFile; or use 127.0.0.1 or [::1]");
  CHECK(problems[4] ==
        "/etc/sluice/sluice.yaml:7:12: error: logs.maxSize: expected a size from 4096 to 1073741824 "
        "bytes, such as 1MiB");
  CHECK(problems[5] ==
        "/etc/sluice/sluice.yaml:8:11: error: logLevel: expected one of debug, info, warning and error, "
        "got \"loud\"");
  CHECK(problems[6] ==
        "/etc/sluice/sluice.yaml:10:13: error: dataSources.a.type: expected ots, oss, s3 or localfile, got "
        "\"ftp\"");
  CHECK(problems[7].find("/etc/sluice/sluice.yaml:11:") == 0);
}

TEST_CASE("config: a data source has the keys of its type") {
  const auto config = parse_config("/etc/sluice/sluice.yaml", R"(dataSources:
  lake: {type: s3, endpoint: "http://127.0.0.1:9000", bucket: b, accessId: i, accessKey: k, addressing: path}
  disk: {type: localfile, directory: /srv/export}
)");
  REQUIRE(config.problems.empty());
  REQUIRE(config.config->sources.size() == 2);
  CHECK(config.config->sources[0].second.type == "s3");
  CHECK(config.config->sources[0].second.keys.back().second == "path");
  CHECK(config.config->sources[1].second.keys ==
        std::vector<std::pair<std::string, std::string>>{{"directory", "/srv/export"}});
  CHECK(
      problems_of("dataSources:\n  disk: {type: localfile, bucket: b}\n") ==
      std::vector<std::string>{"/etc/sluice/sluice.yaml:2:27: error: dataSources.disk.bucket: unknown key"});
}

TEST_CASE("config: a proxy that cannot be is reported without showing its login") {
  CHECK(problems_of("proxy: http://me:canary@proxy.example\n") ==
        std::vector<std::string>{
            "/etc/sluice/sluice.yaml:1:8: error: proxy: the proxy's port is missing; write "
            "http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or none"});
  for (const char* good : {"none", "\"\"", "proxy:3128", "file:/etc/sluice/proxy", "${env:PROXY}"}) {
    INFO(good);
    CHECK(problems_of(std::string("proxy: ") + good + "\n").empty());
  }
}

TEST_CASE("config: a file that is no YAML, or is not there, is one problem") {
  CHECK(problems_of("listen: [").size() == 1);
  const auto missing = load_config("/nonexistent/sluice.yaml");
  CHECK_FALSE(missing.config);
  REQUIRE(missing.problems.size() == 1);
  CHECK(missing.problems[0].message.find("No such file") != std::string::npos);
}

TEST_CASE("config: etc/sluice.yaml names every key with its default and explains it") {
  const std::string file = sluice::test::test_data("../../etc/sluice.yaml");
  const std::string text = sluice::test::read_file(file);
  REQUIRE_FALSE(text.empty());
  CHECK(load_config(file).problems.empty());

  const std::string active = uncommented(text);
  INFO(active);
  const auto loaded = parse_config("/etc/sluice/sluice.yaml", active);
  CHECK(loaded.problems.empty());
  for (const ConfigKey& key : config_keys()) {
    const std::string path(key.path);
    const std::string name = path.substr(path.rfind('.') == std::string::npos ? 0 : path.rfind('.') + 1);
    INFO(path);
    CHECK(active.find(fmt::format("{}: {}\n", name, key.fallback)) != std::string::npos);
    CHECK(text.find(std::string(key.help.substr(0, 20))) != std::string::npos);
  }
  std::istringstream lines(active);
  std::size_t leaves = 0;
  for (std::string line; std::getline(lines, line);) leaves += line.find(": ") == std::string::npos ? 0U : 1U;
  CHECK(leaves == config_keys().size());
}

TEST_CASE("config: beyond loopback takes TLS and somebody to know") {
  const std::string tls = "listen: {tcp: 0.0.0.0:7788, tls: {certFile: c.pem, keyFile: /k.pem}}\n";
  const std::string token =
      "access: {tokens: {alice: {role: operator, expires: 2026-12-31, sha256: " + std::string(64, 'a') +
      "}}, anonymous: none}\n";
  const auto without_token = problems_of(tls);
  REQUIRE(without_token.size() == 1);
  CHECK(without_token[0].find("add a token under access.tokens") != std::string::npos);
  CHECK(without_token[0].find("certFile") == std::string::npos);
  const auto without_tls = problems_of("listen: {tcp: 192.0.2.1:7788}\n" + token);
  REQUIRE(without_tls.size() == 1);
  CHECK(without_tls[0].find("add listen.tls.certFile and listen.tls.keyFile; or use") != std::string::npos);
  const auto loaded = parse_config("/etc/sluice/sluice.yaml", tls + token);
  REQUIRE(loaded.problems.empty());
  CHECK(loaded.config->tls.certificate == "/etc/sluice/c.pem");
  CHECK(loaded.config->tls.key == "/k.pem");
  REQUIRE(loaded.config->access.tokens.size() == 1);
  CHECK(loaded.config->access.tokens[0].name == "alice");
  CHECK(loaded.config->access.tokens[0].role == Role::operator_);
  CHECK(loaded.config->access.tokens[0].sha256 == std::string(32, '\xaa'));
  CHECK(loaded.config->access.anonymous == Role::none);
  CHECK(problems_of("listen: {tcp: 0.0.0.0:1, tls: {certFile: c, keyFile: k, clientCaFile: a}}").empty());
}

TEST_CASE("config: what is wrong with tokens, names and TLS is told, and no token is quoted") {
  const auto problems = problems_of(
      "listen:\n  hosts: [\"http://a\"]\n  tls: {keyFile: k.pem, clientCaFile: c}\n"
      "access:\n  anonymous: admin\n  tokens:\n    a b: {role: root, sha256: sluice_00}\n"
      "    c: {role: viewer}\n    d: {role: none, sha256: " +
      std::string(64, 'a') + ", expires: soon}\n    e: {role: admin, sha256: " + std::string(64, 'A') +
      "}\n");
  std::string all;
  for (const std::string& problem : problems) all += problem + "\n";
  INFO(all);
  CHECK(problems.size() == 11);
  for (const char* part :
       {"listen.hosts: expected names such as", "certFile and keyFile belong together",
        "client certificates need TLS", "access.anonymous: ", "expected a name of at most 64",
        "expected 64 hexadecimal digits", "access.tokens.c.sha256: missing",
        "access.tokens.d.expires: expected a date", "the same token has another name"}) {
    INFO(part);
    CHECK(all.find(part) != std::string::npos);
  }
  CHECK(all.find("sluice_00") == std::string::npos);
}

TEST_CASE("config: sizes") {
  CHECK(parse_size("512") == 512U);
  CHECK(parse_size("4KiB") == 4096U);
  CHECK_FALSE(parse_size("4kb"));
  CHECK_FALSE(parse_size("-1MiB"));
  CHECK_FALSE(parse_size("99999999999GiB"));
}

TEST_CASE("config: instances are kept at least as long as their positions") {
  CHECK(problems_of("history: {positions: 40d, keep: 39d}") ==
        std::vector<std::string>{
            "/etc/sluice/sluice.yaml:1:33: error: history.keep: shorter than positions: an "
            "instance is kept at least as long as they are"});
}

TEST_CASE("config: a port is a number up to 65535") {
  for (const char* port : {"65536", "4294967296", "99999999999999999999", "-1", "+1", "", "7788 ", "0x10"}) {
    INFO(port);
    const auto problems = problems_of(std::string("listen: {tcp: \"127.0.0.1:") + port + "\"}");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("expected address:port such as 127.0.0.1:7788, or none") != std::string::npos);
  }
  CHECK(problems_of("listen: {tcp: \"127.0.0.1:65535\"}").empty());
  CHECK(problems_of("listen: {tcp: \"7788\"}").size() == 1);
}

TEST_CASE("config: a folder that is needed has a path") {
  for (const char* text : {"stateDir: \"\"", "jobsDir: \"\"", "logs: {dir: \"\"}"}) {
    INFO(text);
    const auto problems = problems_of(text);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("expected the path of a folder") != std::string::npos);
  }
}
