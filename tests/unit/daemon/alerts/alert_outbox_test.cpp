#include "daemon/alerts/alert_outbox.hpp"

#include "daemon/alerts/alert_heartbeat.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/scripted_transport.hpp"
#include "tests/unit/daemon/alerts/alert_bench.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using scheduler::DeliveryState;
using sluice::test::AlertBench;

namespace {

// A notice for both channels, as a look would leave it.
void add_notice(AlertBench& bench, const std::string& key,
                std::vector<std::string> channels = {"ops", "mail"}) {
  scheduler::AlertChange change;
  change.incident.key = key;
  change.incident.kind = scheduler::AlertKind::restart;
  change.incident.channels = std::move(channels);
  change.incident.opened = bench.clock.now();
  change.incident.seen = bench.clock.now();
  change.incident.event = true;
  change.incident.closed = true;
  change.incident.recovered = bench.clock.now();
  change.notice = scheduler::NoticeEvent::opened;
  std::vector<scheduler::AlertChange> changes;
  changes.push_back(change);
  bench.ask(bench.alerts->apply(changes, {}, bench.clock.now(), scheduler::Forget::old));
}

}  // namespace

TEST_CASE("alert outbox: pauses double from 10 s to 10 min, their upper half by chance") {
  SeededRandom random(1);
  for (int tries = 1; tries < 300; ++tries) {
    const Duration longest = tries > 6 ? Duration(10min) : Duration(10s * (1 << (tries - 1)));
    const Duration pause = daemon::delivery_pause(tries, random);
    CHECK(pause <= longest);
    CHECK(pause >= longest / 2);
  }
}

TEST_CASE("alert outbox: a notice is tried again until it is taken, in order, with the same id") {
  AlertBench bench;
  add_notice(bench, "a", {"ops"});
  add_notice(bench, "b", {"ops"});
  bench.scripts["ops"].answer = [](std::size_t tries) { return std::string(tries < 4 ? "500" : ""); };
  bench.start();
  bench.clock.advance(10min);
  CHECK(bench.scripts["ops"].sent == std::vector<std::string>{"opened restart 1", "opened restart 1",
                                                              "opened restart 1", "opened restart 1",
                                                              "opened restart 2"});
  const auto first = bench.ask(bench.alerts->delivery(1));
  CHECK(first->state == DeliveryState::sent);
  CHECK(first->tries == 4);
  CHECK(first->error.empty());
}

TEST_CASE("alert outbox: a notice is given up after a day, and what came behind it goes out") {
  AlertBench bench;
  add_notice(bench, "a", {"ops"});
  bool dead = true;
  bench.scripts["ops"].answer = [&](std::size_t) { return std::string(dead ? "no route" : ""); };
  bench.start();
  bench.clock.advance(23h);
  CHECK(bench.ask(bench.alerts->delivery(1))->state == DeliveryState::pending);
  bench.clock.advance(90min);
  const auto given_up = bench.ask(bench.alerts->delivery(1));
  CHECK(given_up->state == DeliveryState::failed);
  CHECK(given_up->error == "no route");
  CHECK(given_up->tries <= daemon::kDeliveryTriesMax);
  CHECK(bench.ask(bench.alerts->deliveries(0)).size() >= 1);
  dead = false;
  add_notice(bench, "b", {"ops"});
  bench.scripts["ops"].sent.clear();
  bench.clock.advance(15min);
  CHECK(bench.said().find("opened restart") != std::string::npos);
  CHECK(bench.metrics.text().find("sluice_alert_deliveries_total{channel=\"ops\",result=\"given_up\"} 1") !=
        std::string::npos);
}

TEST_CASE("alert outbox: a notice that was put off while the clock was ahead goes out once it is set back") {
  AlertBench bench;
  add_notice(bench, "a", {"ops"});
  bool dead = true;
  bench.scripts["ops"].answer = [&](std::size_t) { return std::string(dead ? "no route" : ""); };
  bench.clock.step_wall(20h);
  bench.start();
  bench.clock.advance(1h);
  CHECK(bench.ask(bench.alerts->delivery(1))->state == DeliveryState::pending);
  dead = false;
  bench.clock.step_wall(-20h);
  bench.clock.advance(2min);
  CHECK(bench.ask(bench.alerts->delivery(1))->state == DeliveryState::sent);
}

TEST_CASE("alert outbox: while nothing can be written down each notice is sent once, and holds up no other") {
  AlertBench bench;
  add_notice(bench, "a", {"ops"});
  add_notice(bench, "b", {"ops"});
  bench.faulty->keeps_nothing = true;
  bench.start();
  bench.clock.advance(5min);
  const std::vector<std::string> once = {"opened restart 1", "opened restart 2"};
  CHECK(bench.scripts["ops"].sent == once);
  CHECK(bench.ask(bench.alerts->pending()).size() == 2);
  bench.faulty->keeps_nothing = false;
  bench.clock.advance(1min);
  CHECK(bench.scripts["ops"].sent == once);
  CHECK(bench.ask(bench.alerts->delivery(1))->state == DeliveryState::sent);
  CHECK(bench.ask(bench.alerts->delivery(2))->state == DeliveryState::sent);
}

TEST_CASE("alert outbox: pauses and the limit of a day hold while nothing can be written down") {
  AlertBench bench;
  add_notice(bench, "a", {"ops"});
  bench.scripts["ops"].answer = [](std::size_t) { return std::string("500"); };
  bench.faulty->keeps_nothing = true;
  bench.start();
  bench.clock.advance(1h);
  const std::size_t tries = bench.scripts["ops"].sent.size();
  CHECK(tries > 8);
  CHECK(tries < 20);  // without pauses there are 240
  bench.faulty->keeps_nothing = false;
  bench.clock.advance(20s);  // before its next try
  CHECK(bench.ask(bench.alerts->delivery(1))->tries == static_cast<int>(bench.scripts["ops"].sent.size()));
  bench.faulty->keeps_nothing = true;
  bench.clock.advance(25h);
  bench.scripts["ops"].sent.clear();
  bench.clock.advance(1h);
  CHECK(bench.scripts["ops"].sent.empty());
  bench.faulty->keeps_nothing = false;
  bench.clock.advance(1min);
  CHECK(bench.ask(bench.alerts->delivery(1))->state == DeliveryState::failed);
}

TEST_CASE("alert outbox: a channel taken out of the configuration ends what it was owed") {
  AlertBench bench;
  add_notice(bench, "a", {"gone"});
  bench.start();
  bench.clock.advance(1min);
  const auto delivery = bench.ask(bench.alerts->delivery(1));
  CHECK(delivery->state == DeliveryState::failed);
  CHECK(delivery->error == "there is no such channel any more");
}

TEST_CASE("alert outbox: a test notice is tried once and says how it went") {
  AlertBench bench;
  bench.scripts["ops"].answer = [](std::size_t) { return std::string("403"); };
  bench.start();
  const auto id = bench.ask(bench.service->test("ops"));
  REQUIRE(id);
  bench.clock.advance(1h);
  const auto delivery = bench.ask(bench.alerts->delivery(*id));
  CHECK(delivery->state == DeliveryState::failed);
  CHECK(delivery->error == "403");
  CHECK(bench.scripts["ops"].sent.at(0) == "test test 1");
  CHECK(bench.ask(bench.service->test("nobody")).error().code() == Errc::not_found);
}

TEST_CASE("alert outbox: a test waits for no notice in its pause, wherever that is kept") {
  AlertBench bench;
  bool dead = true;
  bench.scripts["ops"].answer = [&](std::size_t) { return std::string(dead ? "no route" : ""); };
  SECTION("in the store") {
    add_notice(bench, "a", {"ops"});
    bench.start();
    bench.clock.advance(30min);
  }
  SECTION("in memory") {
    bench.start();
    bench.faulty->broken = true;
    bench.clock.advance(20min);
    bench.faulty->broken = false;
  }
  const std::string waiting = bench.said();
  REQUIRE_FALSE(waiting.empty());
  dead = false;
  const auto id = bench.ask(bench.service->test("ops"));
  REQUIRE(id);
  bench.clock.advance(1s);
  CHECK(bench.said() == "test test");
  CHECK(bench.ask(bench.alerts->delivery(*id))->state == DeliveryState::sent);
  bench.clock.advance(10min);
  CHECK(bench.said().starts_with(waiting.substr(0, waiting.find(';'))));
}

TEST_CASE("alert outbox: a clock in doubt gives up no notice for its age") {
  AlertBench bench;
  bench.config.channel = false;  // what is stored for that forgets the notice itself
  add_notice(bench, "a", {"ops"});
  bench.scripts["ops"].answer = [](std::size_t) { return std::string("no route"); };
  bench.start();
  bench.clock.advance(10min);
  bench.doubted = true;
  bench.clock.step_wall(24h * 100);
  bench.clock.advance(1h);
  CHECK(bench.ask(bench.alerts->delivery(1)).value().state == DeliveryState::pending);
  bench.doubted = false;  // somebody said that it is right
  bench.clock.advance(11min);
  CHECK(bench.ask(bench.alerts->delivery(1)).value().state == DeliveryState::failed);
}

TEST_CASE(
    "heartbeat: asked every interval while all is well, silent while it is not, the address never said") {
  boost::asio::io_context io{1};
  VirtualClock clock(io, Instant(1'600'000'000s));
  sluice::test::ScriptedTransport transport;
  transport.otherwise([](const sluice::test::ScriptedTransport::Sent&) -> Result<http::Response> {
    http::Response response;
    response.status = 200;
    return response;
  });
  daemon::Metrics metrics;
  daemon::declare_all(metrics, "1");
  daemon::HeartbeatConfig config;
  config.url = Secret("https://beat.example.com/uuid-canary");
  std::string trouble;
  daemon::Heartbeat heartbeat(
      daemon::Heartbeat::Parts{clock, transport, config, metrics, [&] { return trouble; }});
  TaskGroup tasks(io.get_executor());
  tasks.start(heartbeat.run());
  clock.settle();
  CHECK(transport.sent().size() == 1);
  CHECK(transport.sent()[0].request.method == "GET");
  CHECK(transport.sent()[0].request.target == "/uuid-canary");
  clock.advance(10min);
  CHECK(transport.sent().size() == 11);
  trouble = "the state store does not work";
  clock.advance(10min);
  CHECK(transport.sent().size() == 11);
  trouble.clear();
  clock.advance(1min);
  CHECK(transport.sent().size() == 12);
  // The daemon stops: within two minutes whoever watches has missed two beats.
  tasks.stop();
  clock.settle();
  clock.advance(2min);
  CHECK(transport.sent().size() == 12);
  io.restart();
  bool joined = false;
  boost::asio::co_spawn(io, tasks.join(), [&](std::exception_ptr) { joined = true; });
  clock.settle();
  CHECK(joined);
}
