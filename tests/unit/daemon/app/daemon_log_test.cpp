#include "daemon/app/daemon_log.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using daemon::json_log_line;

namespace {

const Instant kTime =
    Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) + std::chrono::hours(16);

boost::json::object line_of(std::string_view text) {
  return boost::json::parse(json_log_line(kTime, "warning", text)).as_object();
}

}  // namespace

TEST_CASE("daemon log: a line of JSON has time, level, message, and each key with its value") {
  CHECK(json_log_line(kTime, "info", "attempt started instance=orders@2018-10-16T00:15+08:00 attempt=1") ==
        "{\"time\":\"2018-10-15T16:00:00Z\",\"level\":\"info\",\"message\":\"attempt started\","
        "\"instance\":\"orders@2018-10-16T00:15+08:00\",\"attempt\":\"1\"}");
  CHECK(line_of("stopped").at("message") == "stopped");
  CHECK(line_of("removed old logs files=3 bytes=12").at("bytes") == "12");
}

TEST_CASE("daemon log: quotes, line ends and what looks like a key inside a value stay in it") {
  const auto ended = line_of("attempt ended result=failure error=\"put a=\"b\".csv: 503 code=x\" attempt=2");
  CHECK(ended.at("error") == "put a=\"b\".csv: 503 code=x");
  CHECK(ended.at("attempt") == "2");
  CHECK(line_of("read the file: line 1\nline \"2\"").at("message") == "read the file: line 1\nline \"2\"");
  CHECK(line_of("dashboard=http://127.0.0.1:80/").at("message") == "dashboard=http://127.0.0.1:80/");
  CHECK(line_of("x error=\"open").at("error") == "\"open");
  CHECK(line_of("").at("message") == "");
}
