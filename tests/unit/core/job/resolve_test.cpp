#include "core/job/civil_time.hpp"
#include "core/job/script.hpp"
#include "core/job/yaml_document.hpp"
#include "tests/support/test_data.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

const Instant kScheduled = parse_local("2018-10-16T00:15+08:00").value();

Result<Export> resolved(const std::string& text, const DataSources& sources = kSources) {
  LoadedJobs loaded = load(text, {}, sources);
  REQUIRE(loaded.jobs.size() == 1);
  const auto values = freeze(loaded.jobs.front(), kScheduled);
  REQUIRE(values);
  return resolve(loaded.jobs.front(), *values, sources);
}

DataSources with_ots_key(std::string value) {
  DataSources sources = kSources;
  sources[0].second.keys[3].second = std::move(value);
  return sources;
}

}  // namespace

TEST_CASE("freeze: the values of one instance come in the order of declaration") {
  const auto values = freeze(good_job(), kScheduled);
  REQUIRE(values);
  CHECK(*values == ParameterValues{{"start_time", "20181016000500"},
                                   {"end_time", "20181016001000"},
                                   {"date", "20181015"}});
}

TEST_CASE("freeze: system names used without an assignment are frozen too") {
  const std::string text =
      replaced(replaced(kGood, "  date: ${bdp.system.bizdate}\n", ""), "instance/orders/{date}",
               "${bdp.system.bizdate}/{date}/${bdp.system.cyctime}");
  const Job job = load(text).jobs.at(0);
  const auto values = freeze(job, kScheduled);
  REQUIRE(values);
  REQUIRE(values->size() == 5);
  CHECK(values->at(2) == std::pair<std::string, std::string>("date", "20181015"));
  CHECK(resolve(job, *values, kSources).value().target.object == "20181015/20181015/20181016001500");
}

TEST_CASE("freeze: a job made without a file evaluates its expressions all the same") {
  Job job;
  job.name = "orders";
  job.parameters = {Parameter{"day", "$bizdate"}, Parameter{"date", "$[yyyymmdd]"}};
  CHECK(freeze(job, kScheduled).value() == ParameterValues{{"day", "20181015"}, {"date", "20181015"}});
  job.parameters = {Parameter{"day", "$[yyyymmdd"}};
  CHECK(freeze(job, kScheduled).error().message() ==
        "parameters.day: E_UNTERMINATED at character 1: \"]\" is missing");
  CHECK(window_of(job, {}).error().message() == "resolve job orders: no script");
}

TEST_CASE("freeze: a hundred days of instances do not parse their expressions again") {
  const Job job = good_job();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (int slot = 0; slot < 28'800; ++slot) {
    bytes += freeze(job, kScheduled + slot * std::chrono::minutes(5)).value()[0].second.size();
  }
  CHECK(bytes == 28'800 * 14);
  // 14 ms optimised; the limit only catches something of another order under sanitizers on a busy machine.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("window: the seed's parameters give the five minutes that ended five minutes ago") {
  const Job job = good_job();
  const auto window = window_of(job, freeze(job, kScheduled).value());
  REQUIRE(window);
  CHECK(window->job == "orders");
  CHECK(window->zone == "Asia/Shanghai");
  CHECK(format_local(window->start, window->zone) == "2018-10-16T00:05+08:00");
  CHECK(format_local(window->end, window->zone) == "2018-10-16T00:10+08:00");
}

TEST_CASE("window: a time put together from a variable and text is the same as one variable alone") {
  const Job plain = good_job();
  Job joined = plain;
  auto script = std::make_shared<Script>(*plain.script);
  for (YamlNode& item : script->times.items) {
    if (item.text == "${start_time}") item.text = "${century}${start_time}";
  }
  joined.script = script;
  const auto window = window_of(plain, {{"start_time", "20181016000500"}, {"end_time", "20181016001000"}});
  const auto same =
      window_of(joined, {{"century", "20"}, {"start_time", "181016000500"}, {"end_time", "20181016001000"}});
  REQUIRE(window);
  REQUIRE(same);
  CHECK(same->start == window->start);
  CHECK(same->end == window->end);
}

TEST_CASE("window: a time that comes twice is the pass that the parameter means for the slot") {
  const Job job = load(replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin")).jobs.at(0);
  const auto start_of = [&](std::string_view slot, bool known) {
    const Instant at = parse_local(slot).value();
    const auto window =
        known ? window_of(job, freeze(job, at).value(), at) : window_of(job, freeze(job, at).value());
    return format_local(window.value().start, "Europe/Berlin");
  };
  CHECK(start_of("2025-10-26T02:10+02:00", true) == "2025-10-26T02:00+02:00");
  CHECK(start_of("2025-10-26T02:05+01:00", true) == "2025-10-26T02:55+02:00");
  CHECK(start_of("2025-10-26T02:10+01:00", true) == "2025-10-26T02:00+01:00");
  CHECK(start_of("2025-10-26T02:10+01:00", false) == "2025-10-26T02:00+02:00");
}

TEST_CASE("window: windows of an hour that begin and end at the same reading are an hour long") {
  const Job job =
      load(replaced(replaced(replaced(kGood, "interval: 5m", "interval: 1h, timezone: Europe/Berlin"),
                             "$[yyyymmddhh24miss-10/24/60]", "$[yyyymmddhh24miss-1/24]"),
                    "$[yyyymmddhh24miss-5/24/60]", "$cyctime"))
          .jobs.at(0);
  const Instant slot = parse_local("2025-10-26T02:00+01:00").value();
  const auto values = freeze(job, slot).value();
  CHECK(values[0].second == values[1].second);
  const auto window = window_of(job, values, slot).value();
  CHECK(window.start == slot - std::chrono::hours(1));
  CHECK(window.end == slot);
}

TEST_CASE("window: a date and a time of day put together are the pass that the time of day means") {
  const Job job =
      load(
          replaced(replaced(replaced(replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin"),
                                     "start_time: $[yyyymmddhh24miss-10/24/60]",
                                     "day: $[yyyymmdd-10/24/60]\n  time: $[hh24miss-10/24/60]\n"
                                     "  end_day: $[yyyymmdd-5/24/60]"),
                            "$[yyyymmddhh24miss-5/24/60]", "$[hh24miss-5/24/60]"),
                   "Millis: ${start_time}\n          endTimestampMillis: ${end_time}",
                   "Millis: ${day}${time}\n          endTimestampMillis: ${end_day}${end_time}"))
          .jobs.at(0);
  Instant expected = parse_local("2025-10-26T01:50+02:00").value();
  Instant slot = expected + std::chrono::minutes(10);
  for (int i = 0; i < 36; ++i, slot += std::chrono::minutes(5)) {
    const auto window = window_of(job, freeze(job, slot).value(), slot).value();
    CHECK(window.start == expected);
    expected = window.end;
  }
}

TEST_CASE("window: where the text does not tell the pass, it is the last one that is not behind the slot") {
  const Job job = load(replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin")).jobs.at(0);
  const ParameterValues given = {{"start_time", "20251026021000"}, {"end_time", "20251026022000"}};
  const auto start = [&](std::string_view slot) {
    return format_local(window_of(job, given, parse_local(slot).value()).value().start, "Europe/Berlin");
  };
  CHECK(start("2025-10-26T02:25+02:00") == "2025-10-26T02:10+02:00");
  CHECK(start("2025-10-26T02:25+01:00") == "2025-10-26T02:10+01:00");
}

TEST_CASE("window: a date with its time of day written out is the first pass") {
  const Job job =
      load(replaced(replaced(replaced(kGood, "interval: 5m", "interval: 5m, timezone: Europe/Berlin"),
                             "$[yyyymmddhh24miss-10/24/60]", "${yyyymmdd}023000"),
                    "endTimestampMillis: ${end_time}", "endTimestampMillis: ${bdp.system.cyctime}"))
          .jobs.at(0);
  const Instant slot = parse_local("2025-10-27T05:00+01:00").value();
  const auto window = window_of(job, freeze(job, slot).value(), slot).value();
  CHECK(format_local(window.start, "Europe/Berlin") == "2025-10-26T02:30+02:00");
  CHECK(window.end == slot);
}

TEST_CASE("window: an override is read as strictly as the file") {
  const Job job = good_job();
  const auto message = [&](std::string start, std::string end) {
    const auto window = window_of(job, {{"start_time", std::move(start)}, {"end_time", std::move(end)}});
    return window ? format_local(window->start, "UTC") + " " + format_local(window->end, "UTC")
                  : window.error().message();
  };
  const std::string at =
      "resolve job orders: jobs.d/orders.yaml:20:33: reader.parameter.startTimestampMillis: ";
  CHECK(message("1539619500000", "1539619800000") == "2018-10-15T16:05+00:00 2018-10-15T16:10+00:00");
  CHECK(message("20181016000500", "1539619800000") == "2018-10-15T16:05+00:00 2018-10-15T16:10+00:00");
  CHECK(message("20181316000500", "20181016001000") ==
        at + "\"20181316000500\" is no time of the calendar; expected yyyyMMddHHmmss");
  CHECK(message("201810160005", "20181016001000") ==
        at + "expected 14 digits of local time (yyyyMMddHHmmss) or 13 digits of milliseconds, got "
             "\"201810160005\"");
  CHECK(message("1539619500", "20181016001000") == at +
                                                       "expected 14 digits of local time (yyyyMMddHHmmss) or "
                                                       "13 digits of milliseconds, got \"1539619500\"; 10 "
                                                       "digits look like seconds, append 000");
  CHECK(
      message("20181016001000", "20181016001000") ==
      "resolve job orders: jobs.d/orders.yaml:21:31: reader.parameter.endTimestampMillis: must be later than "
      "startTimestampMillis: the window [2018-10-16T00:10+08:00, 2018-10-16T00:10+08:00) is empty");
  CHECK(
      window_of(job, {{"start_time", "1539619500000"}}).error().message() ==
      "resolve job orders: jobs.d/orders.yaml:21:31: reader.parameter.endTimestampMillis: undefined variable "
      "${end_time}; known are start_time; define it under parameters");
}

TEST_CASE("resolve: the shipped seed job becomes an export") {
  const Job job = load_job_file(sluice::test::test_data("../../etc/jobs.d/orders.yaml"), kSources).jobs.at(0);
  const auto values = freeze(job, kScheduled);
  REQUIRE(values);
  const auto result = resolve(job, *values, kSources);
  REQUIRE(result);
  const TableStoreSource& source = result->source;
  CHECK(source.endpoint == "https://myinstance.cn-hangzhou.ots.aliyuncs.com");
  CHECK(source.instance == "myinstance");
  CHECK(source.access_id == "id-of-ots");
  CHECK(source.access_key.reveal() == "canary-of-ots");
  CHECK(source.security_token.empty());
  CHECK(source.table == "orders");
  CHECK(source.status_table == "TableStoreStreamReaderStatusTable");
  CHECK(source.mode == ReadMode::row);
  REQUIRE(source.columns.size() == 2);
  CHECK(source.columns[0].name == "uid");
  CHECK(source.columns[1].name == "name");
  CHECK_FALSE(source.export_sequence);
  CHECK(source.max_retries == 30);
  const Target& target = result->target;
  CHECK(target.endpoint == "https://oss-cn-hangzhou.aliyuncs.com");
  CHECK(target.bucket == "archive");
  CHECK(target.access_key.reveal() == "canary-of-oss");
  CHECK(target.object == "instance/orders/20181015");
  CHECK(target.write_mode == WriteMode::truncate);
  CHECK(target.file_format == FileFormat::csv);
  CHECK(target.encoding == "UTF-8");
  CHECK(target.null_format == "null");
  CHECK(target.date_format == "yyyy-MM-dd HH:mm:ss");
  CHECK(target.field_delimiter == ",");
  CHECK(target.suffix == ".csv");
  CHECK(target.header.empty());
  CHECK(result->settings.error_limit == 0U);
  CHECK(result->settings.bytes_per_second == 0);
  CHECK(format_local(result->window.start, "Asia/Shanghai") == "2018-10-16T00:05+08:00");
}

TEST_CASE("resolve: secrets are read from the environment, a file or a systemd credential") {
  const auto folder = std::filesystem::temp_directory_path() / "sluice-resolve-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "ots-key") << "from-a-file\n";
  ::setenv("SLUICE_TEST_OTS_KEY", "from-the-environment", 1);
  ::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1);
  const auto key = [](std::string reference) {
    return resolved(kGood, with_ots_key(std::move(reference))).value().source.access_key.reveal();
  };
  CHECK(key("${env:SLUICE_TEST_OTS_KEY}") == "from-the-environment");
  CHECK(key("file:" + (folder / "ots-key").string()) == "from-a-file");
  CHECK(key("credential:ots-key") == "from-a-file");
  ::unsetenv("SLUICE_TEST_OTS_KEY");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  std::filesystem::remove_all(folder);
}

TEST_CASE("resolve: a secret that is not there is an error with key and source") {
  ::unsetenv("SLUICE_TEST_NO_KEY");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const auto message = [](std::string reference) {
    return resolved(kGood, with_ots_key(std::move(reference))).error().message();
  };
  const std::string at = "resolve job orders: datasource orders_ots: accessKey: ";
  CHECK(message("${env:SLUICE_TEST_NO_KEY}") ==
        at + "the environment variable SLUICE_TEST_NO_KEY is not set; set it for the daemon");
  CHECK(message("file:/nowhere/key") == at + "read /nowhere/key: No such file or directory");
  CHECK(message("file:key") == at + "file: needs an absolute path, such as file:/etc/key");
  CHECK(message("credential:ots") ==
        at + "credential ots needs CREDENTIALS_DIRECTORY, which systemd sets for LoadCredential=ots:/path");
  CHECK(message("credential:../ots") == at + "a credential's name is a file name without \"/\"");
}

TEST_CASE("resolve: inline keys work without a data source") {
  const std::string text = replaced(
      replaced(kGood, "datasource: orders_ots",
               "datasource: ''\n          endpoint: http://127.0.0.1:8080\n          instanceName: demo\n"
               "          accessId: id\n          accessKey: canary\n          securityToken: token"),
      "datasource: archive_oss",
      "endpoint: 127.0.0.1:8081\n          bucket: out\n          accessId: id\n          accessKey: "
      "canary\n          region: cn-hangzhou");
  const auto result = resolved(text, {});
  REQUIRE(result);
  CHECK(result->source.endpoint == "http://127.0.0.1:8080");
  CHECK(result->source.security_token.reveal() == "token");
  CHECK(result->target.endpoint == "127.0.0.1:8081");
  CHECK(result->target.region == "cn-hangzhou");
}

TEST_CASE("resolve: a role of the machine is carried to both sides, with where it is asked for") {
  DataSources sources = kSources;
  for (auto& [name, source] : sources) {
    source.keys.resize(2);  // without the keys
    source.keys.emplace_back("ramRole", "${env:SLUICE_TEST_ROLE}");
    source.keys.emplace_back("region", "cn-hangzhou");
  }
  ::setenv("SLUICE_TEST_ROLE", "exporter", 1);
  const Export plain = resolved(kGood, sources).value();
  CHECK(plain.source.ram_role == "exporter");
  CHECK(plain.source.metadata_endpoint == "http://100.100.100.200");
  CHECK(plain.source.region == "cn-hangzhou");
  CHECK(plain.source.access_id.empty());
  CHECK(plain.source.access_key.empty());
  CHECK(plain.target.ram_role == "exporter");
  CHECK(plain.target.metadata_endpoint == "http://100.100.100.200");
  for (auto& [name, source] : sources) source.keys.emplace_back("metadataEndpoint", "http://127.0.0.1:81");
  const Export other = resolved(kGood, sources).value();
  CHECK(other.source.metadata_endpoint == "http://127.0.0.1:81");
  CHECK(other.target.metadata_endpoint == "http://127.0.0.1:81");

  ::setenv("SLUICE_TEST_ROLE", "a/b", 1);
  CHECK(resolved(kGood, sources).error().message() ==
        "resolve job orders: datasource orders_ots: ramRole: expected auto or the name of a RAM role, 1 to "
        "64 letters, digits, \".\", \"-\" and \"_\"");
  ::unsetenv("SLUICE_TEST_ROLE");
}

TEST_CASE("resolve: no message quotes a secret") {
  const std::string inline_keys =
      "datasource: ''\n          endpoint: http://user:canary@host\n          instanceName: demo\n"
      "          accessId: [canary]\n          accessKey: ${canary}x${\n          securityToken: $[canary]";
  for (const std::string& line : problems_after("datasource: orders_ots", inline_keys)) {
    INFO(line);
    CHECK(line.find("canary") == std::string::npos);
  }
  for (const std::string& line : problems_after("datasource: orders_ots", "accessKey: *canary")) {
    INFO(line);
    CHECK(line.find("canary") == std::string::npos);
  }
  CHECK(
      good_job().version ==
      load(kGood, {}, with_ots_key("another")).jobs.at(0).version);  // and the version does not depend on it
}

TEST_CASE("freeze: an unknown zone is an error, not another time") {
  Job job = good_job();
  job.schedule.zone = "Mars/Base";
  CHECK(freeze(job, kScheduled).error().message().starts_with("find time zone Mars/Base: unknown name"));
  const auto window = window_of(job, {{"start_time", "20181016000500"}, {"end_time", "20181016001000"}});
  CHECK(window.error().message() ==
        "resolve job orders: jobs.d/orders.yaml:20:33: reader.parameter.startTimestampMillis: find time zone "
        "Mars/Base: unknown name; use one of the IANA list, such as Asia/Shanghai");
  Job day = load(replaced(replaced(kGood, "          startTimestampMillis: ${start_time}\n", ""),
                          "endTimestampMillis: ${end_time}", "date: ${date}"))
                .jobs.at(0);
  day.schedule.zone = "Mars/Base";
  CHECK(window_of(day, {{"date", "20181015"}})
            .error()
            .message()
            .ends_with(
                "reader.parameter.date: find time zone Mars/Base: unknown name; use one of the IANA list, "
                "such as Asia/Shanghai"));
}

TEST_CASE("resolve: what a reference opens to is checked like a value that is written out") {
  const auto with_value = [](std::size_t source, std::string key, const std::string& value) {
    DataSources sources = kSources;
    auto& keys = sources[source].second.keys;
    std::erase_if(keys, [&](const auto& pair) { return pair.first == key; });
    keys.emplace_back(std::move(key), "${env:SLUICE_TEST_VALUE}");
    ::setenv("SLUICE_TEST_VALUE", value.c_str(), 1);
    const auto result = resolved(kGood, sources);
    ::unsetenv("SLUICE_TEST_VALUE");
    return result ? std::string() : result.error().message();
  };
  const std::string ots = "resolve job orders: datasource orders_ots: ";
  const std::string oss = "resolve job orders: datasource archive_oss: ";
  CHECK(with_value(0, "endpoint", "https://h").empty());
  CHECK(with_value(0, "endpoint", "ftp://h") ==
        ots + "endpoint: the scheme ftp:// is not supported; write https://HOST, http://HOST or HOST");
  CHECK(with_value(1, "endpoint", "https://archive.h") ==
        oss + "endpoint: contains the bucket name; write h and leave archive to the key bucket");
  CHECK(with_value(1, "cname", "maybe") == oss + "cname: expected true or false, got \"maybe\"");
  CHECK(with_value(1, "cname", "TRUE").empty());
  CHECK(with_value(1, "addressing", "sld") ==
        oss + "addressing: expected auto, path or virtual, got \"sld\"");
  CHECK(with_value(1, "addressing", "path").empty());
  CHECK(with_value(0, "endpoint", "") ==
        ots + "endpoint: the environment variable SLUICE_TEST_VALUE is empty; set it for the daemon");
}
