#include "daemon/alerts/channel_programs.hpp"

#include "core/base/system_clock.hpp"
#include "core/base/task_group.hpp"
#include "core/base/within.hpp"
#include "core/job/civil_time.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/scripted_transport.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <sys/stat.h>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

AlertMessage program_message(Language language = Language::english) {
  scheduler::Delivery delivery;
  delivery.id = 7;
  delivery.notice.incident = 3;
  delivery.notice.at = Instant(1'600'000'000'000'001us);
  delivery.notice.kind = scheduler::AlertKind::exhausted;
  delivery.notice.facts.job = "orders";
  delivery.notice.facts.error = "it's $(rm -rf /) `x` ; \"y\"";
  return compose_alert(delivery, language, AlertConfig());
}

struct Programs {
  Programs() { std::signal(SIGPIPE, SIG_IGN); }
  // An executable script of /bin/sh.
  std::string script(const std::string& text) {
    const std::string path = folder.path("script" + std::to_string(++scripts));
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), 0755);
    return path;
  }
  Result<ProcessEnd> run(ProcessRequest request) {
    return sluice::test::run_loop(loop, run_process(loop.get_executor(), clock, std::move(request)));
  }
  std::string read(const std::string& name) {
    std::ifstream file(folder.path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // True when the process is gone, or only its entry is left.
  static bool is_gone(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string stat;
    if (!std::getline(file, stat)) return true;
    return stat.find(") Z ") != std::string::npos;
  }

  sluice::test::TempFolder folder;
  boost::asio::io_context loop{1};
  SystemClock clock;
  int scripts = 0;
};

ProcessRequest request_for(const std::string& program) {
  ProcessRequest request;
  request.command = {program};
  request.timeout = 60s;
  return request;
}

}  // namespace

TEST_CASE("process: arguments, environment and input arrive as they are; no shell reads them") {
  Programs programs;
  auto request =
      request_for(programs.script("printf '%s|' \"$@\"; printf '%s|' \"$SLUICE_X\"; cat; env | grep -c "
                                  "SLUICE_TEST_HIDDEN"));
  ::setenv("SLUICE_TEST_HIDDEN", "secret-canary", 1);
  request.command.insert(request.command.end(), {"a b", "$(id)", "*"});
  request.environment.emplace_back("SLUICE_X", "`x` $y");
  request.input = "in\n";
  const auto end = programs.run(std::move(request));
  ::unsetenv("SLUICE_TEST_HIDDEN");
  REQUIRE(end);
  CHECK(end->output == "a b|$(id)|*|`x` $y|in\n0\n");
  CHECK(end->exit_code == 1);
  CHECK_FALSE(end->timed_out);
}

TEST_CASE("process: output beyond the limit is read and dropped, input nobody reads is no failure") {
  Programs programs;
  auto request = request_for(programs.script("head -c 1000000 /dev/zero | tr '\\0' x; exit 3"));
  request.input = std::string(1'000'000, 'y');
  request.output_max = 100;
  const auto end = programs.run(std::move(request));
  REQUIRE(end);
  CHECK(end->output == std::string(100, 'x'));
  CHECK(end->exit_code == 3);
}

TEST_CASE("process: behaviour 8, a command that forks and ignores TERM leaves no process") {
  Programs programs;
  const std::string pids = programs.folder.path("pids");
  auto request =
      request_for(programs.script("trap '' TERM\n(trap '' TERM; echo child > /dev/null; while :; do sleep 1; "
                                  "done) &\necho $$ $! > " +
                                  pids + "\nwhile :; do sleep 1; done"));
  request.timeout = 1s;
  request.grace = 300ms;
  const auto end = programs.run(std::move(request));
  REQUIRE(end);
  CHECK(end->timed_out);
  CHECK(end->signal == SIGKILL);
  std::istringstream written(programs.read("pids"));
  std::string parent;
  std::string child;
  written >> parent >> child;
  REQUIRE_FALSE(child.empty());
  // The child's parent is gone too: whoever inherits it reaps it soon.
  for (int turn = 0; turn < 1000 && !Programs::is_gone(child); ++turn)
    sluice::test::run_loop(programs.loop, programs.clock.sleep_for(10ms));
  CHECK(Programs::is_gone(parent));
  CHECK(Programs::is_gone(child));
}

TEST_CASE("process: what a program leaves running in its group when it ends goes with it") {
  Programs programs;
  const std::string pids = programs.folder.path("pids");
  const auto end = programs.run(request_for(programs.script("sleep 1000 & echo $! > " + pids + "; exit 0")));
  REQUIRE(end);
  CHECK(end->exit_code == 0);
  std::string child = programs.read("pids");
  child.resize(child.size() - 1);
  for (int turn = 0; turn < 1000 && !Programs::is_gone(child); ++turn)
    sluice::test::run_loop(programs.loop, programs.clock.sleep_for(10ms));
  CHECK(Programs::is_gone(child));
}

TEST_CASE("process: one that obeys TERM ends by it, within the grace") {
  Programs programs;
  auto request = request_for(programs.script("exec sleep 1000"));
  request.timeout = 300ms;
  request.grace = 60s;
  const auto end = programs.run(std::move(request));
  REQUIRE(end);
  CHECK(end->timed_out);
  CHECK(end->signal == SIGTERM);
}

TEST_CASE("process: cancelled, it is killed and unwinds") {
  Programs programs;
  const std::string pids = programs.folder.path("pids");
  TaskGroup group(programs.loop.get_executor());
  bool ended = false;
  const auto run = [&]() -> awaitable<void> {
    auto request = request_for(programs.script("echo $$ > " + pids + "; exec sleep 1000"));
    const auto end = co_await run_process(programs.loop.get_executor(), programs.clock, std::move(request));
    ended = end.has_value();
  };
  group.start(run());
  while (programs.read("pids").find('\n') == std::string::npos)
    sluice::test::run_loop(programs.loop, programs.clock.sleep_for(10ms));
  group.stop();
  sluice::test::run_loop(programs.loop, group.join());
  CHECK_FALSE(ended);
  std::string pid = programs.read("pids");
  pid.resize(pid.size() - 1);
  CHECK(Programs::is_gone(pid));
}

TEST_CASE("process: a program that cannot be started says why") {
  Programs programs;
  CHECK(programs.run(request_for("/nonexistent/page")).error().code() == Errc::not_found);
  std::ofstream(programs.folder.path("plain")) << "no program";
  CHECK(programs.run(request_for(programs.folder.path("plain"))).error().code() == Errc::permission_denied);
}

TEST_CASE("command channel: JSON on stdin and variables of its own; only exit code 0 counts") {
  Programs programs;
  const std::string out = programs.folder.path("out");
  ChannelConfig config;
  config.type = ChannelType::command;
  config.timeout = 60s;
  config.command = {programs.script("cat > " + out + "; printf '%s' \"$SLUICE_ERROR\" > " + out +
                                    ".error; "
                                    "printf '%s' \"$SLUICE_ID $SLUICE_DELIVERY\" > " +
                                    out + ".id")};
  sluice::test::ScriptedTransport none;
  const auto make = [&] {
    return ProgramChannel(config, ChannelPorts{programs.loop.get_executor(), programs.clock, none});
  };
  auto channel = make();
  REQUIRE(sluice::test::run_loop(programs.loop, channel.send(program_message())));
  const auto value = boost::json::parse(programs.read("out"));
  CHECK(value.at("error").as_string() == "it's $(rm -rf /) `x` ; \"y\"");
  CHECK(programs.read("out.error") == "it's $(rm -rf /) `x` ; \"y\"");
  CHECK(programs.read("out.id") == "7 7-1600000000000001");

  config.command = {programs.script("echo no route; exit 4")};
  auto failing = make();
  const auto sent = sluice::test::run_loop(programs.loop, failing.send(program_message()));
  REQUIRE_FALSE(sent);
  CHECK(sent.error().message() == "send notice: " + config.command[0] + " ended with 4: no route");
}

TEST_CASE("mail: a whole message, its subject in encoded words, its text in base64") {
  ChannelConfig config;
  config.type = ChannelType::sendmail;
  config.command = {"/usr/sbin/sendmail", "-t", "-i"};
  config.from = "sluice@example.com";
  config.to = {"a@example.com", "b@example.com"};
  const Instant now = *job::parse_local("2018-10-16T00:16+08:00");
  const auto request = mail_request(config, program_message(), now, "host.example");
  CHECK(
      request.input.starts_with("From: sluice@example.com\n"
                                "To: a@example.com,\n b@example.com\n"
                                "Subject: [sluice] orders: failed, no rerun is left\n"
                                "Date: Mon, 15 Oct 2018 16:16:00 +0000\n"
                                "Message-ID: <sluice.delivery.7-1600000000000001@host.example>\n"
                                "References: <sluice.incident.3@host.example>\n"
                                "Auto-Submitted: auto-generated\n"
                                "MIME-Version: 1.0\n"
                                "Content-Type: text/plain; charset=utf-8\n"
                                "Content-Transfer-Encoding: base64\n\n"));
  std::istringstream lines(request.input);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 78);
}

TEST_CASE("mail: no text can end a header line") {
  ChannelConfig config;
  config.from = "sluice@example.com";
  config.to = {"a@example.com"};
  auto message = program_message();
  message.title = "x\nBcc: evil@example.com\r\n\r\nbody";
  const auto request = mail_request(config, message, Instant{}, "h");
  const std::string head = request.input.substr(0, request.input.find("\n\n"));
  CHECK(head.find("evil") == std::string::npos);
  CHECK(head.find("Bcc") == std::string::npos);
  CHECK(head.find("Subject: =?UTF-8?B?") != std::string::npos);
  message.title = std::string("[sluice] ") + "订单：运行失败，自动重跑次数已用尽，请尽快处理这个问题";
  const auto chinese = mail_request(config, message, Instant{}, "h");
  const auto begin = chinese.input.find("Subject: ");
  const auto end = chinese.input.find("\nDate:");
  CHECK(chinese.input.find('\n', begin) - begin <= 76);  // with the header's name
  std::istringstream words(chinese.input.substr(begin + 9, end - begin - 9));
  for (std::string word; std::getline(words, word);) {
    CHECK(word.size() <= 76);
    CHECK(word.find("=?UTF-8?B?") != std::string::npos);
    CHECK(word.ends_with("?="));
  }
}
