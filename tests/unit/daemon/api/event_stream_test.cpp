#include "daemon/api/event_stream.hpp"

#include "core/base/task_group.hpp"
#include "daemon/api/log_stream.hpp"
#include "daemon/app/coverage_watch.hpp"
#include "scheduler/reason.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::FakeService;
using sluice::test::Loop;

namespace {

struct StreamFixture {
  StreamFixture() { service.plan(4); }

  // What comes next; moves the clock to when it comes.
  std::string next(BodySource& source) {
    const auto piece = world.run(source.next(), std::chrono::minutes(1));
    return piece ? *piece : "(end)";
  }
  std::string next(const HttpResponse& response) {
    REQUIRE(response.stream);
    return next(*response.stream);
  }

  HttpResponse open(const std::string& target, const std::string& last_event_id = "") {
    const auto parsed = parse_target(target).value();
    HttpRequest request;
    request.role = Role::viewer;
    request.method = "GET";
    request.path = parsed.path;
    request.query = parsed.query;
    request.last_event_id = last_event_id;
    auto answer = world.run(dispatch(routes(), service, request));
    if (answer.status == 200) CHECK(answer.content_type == "text/event-stream");
    return answer;
  }

  std::string log_path(int number) {
    return "/api/v1/instances/" + percent_encode(scheduler::to_string(service.id(number), "Asia/Shanghai")) +
           "/logs/stream";
  }

  scheduler::Instance instance(int number) {
    return *world.run(service.store().instance(service.id(number)));
  }

  Loop world{sluice::test::test_now()};
  FakeService service{world};
  EventFeed& feed = service.feed;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("events: a new reader is greeted with the present place and told what changes from then on") {
  StreamFixture f;
  f.feed.job_changed("orders", "paused");
  const auto stream = f.open("/api/v1/events");
  const std::string hello = f.next(stream);
  CHECK(hello == "id: boot-1\nevent: hello\ndata: {\"heartbeat_seconds\":15}\n\n");
  f.feed.instance_changed(f.instance(0));
  CHECK(
      f.next(stream) ==
      "id: boot-2\nevent: instance\ndata: {\"instance\":\"orders@2018-10-16T00:00+08:00\",\"job\":\"orders\","
      "\"group\":0,\"state\":\"WAIT_TIME\",\"reason_code\":\"" +
          std::string(scheduler::to_string(scheduler::reason_code(f.instance(0)))) +
          "\",\"attempts\":0,\"at\":\"2018-10-15T16:07:00Z\"}\n\n");
}

TEST_CASE("events: what comes while a reader waits reaches it at once") {
  StreamFixture f;
  const auto stream = f.open("/api/v1/events");
  f.next(stream);
  TaskGroup tasks(f.world.io.get_executor());
  const auto later = [](Clock& clock, EventFeed& feed) -> awaitable<void> {
    co_await clock.sleep_for(std::chrono::seconds(3));
    feed.job_changed("orders", "resumed");
  };
  tasks.start(later(f.world.clock, f.feed));
  const Duration before = f.world.clock.monotonic();
  CHECK(has(f.next(stream), "\"change\":\"resumed\""));
  CHECK(f.world.clock.monotonic() - before == std::chrono::seconds(3));
  f.world.run(tasks.join());
}

TEST_CASE("events: a reader that comes back with the last id gets exactly what it missed") {
  StreamFixture f;
  for (const char* change : {"one", "two", "three"}) f.feed.job_changed("orders", change);
  for (const bool by_header : {true, false}) {
    const auto stream =
        by_header ? f.open("/api/v1/events?after=boot-0", "boot-1") : f.open("/api/v1/events?after=boot-1");
    const std::string missed = f.next(stream);
    CHECK_FALSE(has(missed, "hello"));
    CHECK_FALSE(has(missed, "\"one\""));
    CHECK(has(missed, "\"two\""));
    CHECK(has(missed, "\"three\""));
  }
}

TEST_CASE("events: an id that cannot be gone on from is answered by one reset") {
  StreamFixture f;
  f.feed.job_changed("orders", "one");
  for (const char* id : {"earlier-1", "boot-7", "nonsense"}) {
    const auto stream = f.open("/api/v1/events", id);
    const std::string reset = f.next(stream);
    CHECK(reset.starts_with("id: boot-1\nevent: reset\ndata: {\"heartbeat_seconds\":15,\"reason\":"));
    CHECK(has(f.next(stream), ": still here"));
  }
}

TEST_CASE("events: a reader that falls behind the ring is reset and goes on with what is new") {
  StreamFixture f;
  const auto stream = f.open("/api/v1/events");
  f.next(stream);
  for (std::size_t i = 0; i < EventRing::kEventsMax + 10; ++i) f.feed.job_changed("orders", "many");
  const std::string last = fmt::format("id: boot-{}\nevent: reset\n", EventRing::kEventsMax + 10);
  CHECK(f.next(stream).starts_with(last));
  f.feed.job_changed("orders", "new");
  CHECK(has(f.next(stream), "\"new\""));
}

TEST_CASE("events: a reader that is slow but not too slow gets all of it in bounded pieces") {
  StreamFixture f;
  const auto stream = f.open("/api/v1/events");
  f.next(stream);
  for (int i = 0; i < 1000; ++i) f.feed.job_changed("orders", std::to_string(i));
  std::string all;
  while (!has(all, "\"999\"")) {
    const std::string piece = f.next(stream);
    CHECK(piece.size() < 17 * 1024);
    all += piece;
  }
  std::size_t place = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = fmt::format("id: boot-{}\n", i + 1);
    place = all.find(id, place);
    REQUIRE(place != std::string::npos);
  }
}

TEST_CASE("events: silence is broken every 15 s, with the place reached meanwhile") {
  StreamFixture f;
  const auto stream = f.open("/api/v1/events?job=orders");
  f.next(stream);
  const Duration before = f.world.clock.monotonic();
  CHECK(f.next(stream) == ": still here\nid: boot-0\n\n");
  CHECK(f.world.clock.monotonic() - before == std::chrono::seconds(15));
  f.feed.job_changed("stock", "paused");
  CHECK(f.next(stream) == ": still here\nid: boot-1\n\n");
  CHECK(f.world.clock.monotonic() - before == std::chrono::seconds(30));
}

TEST_CASE("events: of one job only what is about it, or about all") {
  StreamFixture f;
  CHECK(f.open("/api/v1/events?job=nobody").status == 404);
  const auto stream = f.open("/api/v1/events?job=orders");
  f.next(stream);
  f.feed.job_changed("stock", "paused");
  f.feed.instances_changed("", "planned");
  const std::string heard = f.next(stream);
  CHECK_FALSE(has(heard, "stock"));
  CHECK(has(heard, "\"planned\""));
}

TEST_CASE("events: when the daemon stops readers get what is left and a good-bye, and new ones too") {
  StreamFixture f;
  const auto stream = f.open("/api/v1/events");
  f.next(stream);
  f.feed.job_changed("orders", "paused");
  f.feed.close();
  f.feed.job_changed("orders", "unheard");
  CHECK(has(f.next(stream), "\"paused\""));
  CHECK(f.next(stream).starts_with("id: boot-1\nevent: bye\n"));
  CHECK(f.next(stream) == "(end)");
  const auto late = f.open("/api/v1/events");
  CHECK(has(f.next(late), "event: hello"));
  CHECK(has(f.next(late), "event: bye"));
  CHECK(f.next(late) == "(end)");
}

TEST_CASE("events: an incident that is acknowledged and a backfill are told with what they are") {
  StreamFixture f;
  scheduler::Incident incident;
  incident.id = 7;
  incident.facts.job = "orders";
  f.feed.incident_changed(incident);
  scheduler::Backfill backfill;
  backfill.id = 3;
  backfill.order.job = "orders";
  f.feed.backfill_changed(backfill);
  const std::string told = f.next(f.open("/api/v1/events", "boot-0"));
  CHECK(has(told,
            "event: incident\ndata: {\"incident\":7,\"job\":\"orders\",\"rule\":\"failed\",\"open\":true,"
            "\"acknowledged\":false,"));
  CHECK(has(told, "event: backfill\ndata: {\"backfill\":3,\"job\":\"orders\",\"state\":\"running\","));
}

TEST_CASE("log stream: a finished attempt's log comes whole, its id is the place behind it, then the end") {
  StreamFixture f;
  f.service.succeed(0, 5);
  const auto stream = f.open(f.log_path(0));
  const std::string log = f.next(stream);
  CHECK(log.starts_with("id: 1:14\nevent: log\ndata: {"));
  CHECK(has(log, "\"text\":\"one\\ntwo\\nthree\\n\""));
  const std::string end = f.next(stream);
  CHECK(end.starts_with("id: 1:14\nevent: end\n"));
  CHECK(has(end, "\"state\":\"SUCCESS\",\"attempt\":1"));
  CHECK(f.next(stream) == "(end)");
}

TEST_CASE("log stream: it goes on behind the id, or the offset, without a byte lost or doubled") {
  StreamFixture f;
  f.service.succeed(0, 5);
  CHECK(has(f.next(f.open(f.log_path(0), "1:4")), "\"text\":\"two\\nthree\\n\""));
  CHECK(has(f.next(f.open(f.log_path(0) + "?attempt=1&offset=8")), "\"text\":\"three\\n\""));
  CHECK(has(f.next(f.open(f.log_path(0) + "?offset=14")), "event: end"));
  for (const char* id : {"4", "x:1", "1:", "0:4", "1:4x"}) {
    INFO(id);
    CHECK(f.open(f.log_path(0), id).status == 400);
  }
  CHECK(f.open("/api/v1/instances/orders@1999-01-01T00:00+08:00/logs/stream").status == 404);
  CHECK(f.open("/api/v1/instances/nonsense/logs/stream").status == 400);
}

TEST_CASE("log stream: what an attempt writes comes within half a second, its last lines before the end") {
  StreamFixture f;
  const auto attempt = f.service.begin(0);
  const auto stream = f.open(f.log_path(0));
  f.next(stream);
  const Duration before = f.world.clock.monotonic();
  CHECK(f.next(stream) == ": still here\n\n");
  CHECK(f.world.clock.monotonic() - before == kHeartbeat);
  TaskGroup tasks(f.world.io.get_executor());
  const auto later = [](Clock& clock, std::string& text) -> awaitable<void> {
    co_await clock.sleep_for(std::chrono::milliseconds(100));
    text += "four\n";
  };
  tasks.start(later(f.world.clock, f.service.log_text));
  CHECK(has(f.next(stream), "\"text\":\"four\\n\""));
  CHECK(f.world.clock.monotonic() - before == kHeartbeat + LogStream::kLookEvery);
  f.world.run(tasks.join());
  f.service.log_text += "five\n";
  scheduler::Outcome outcome;
  f.world.run(f.service.store().succeed(attempt, std::move(outcome), f.world.clock.now()));
  f.feed.instance_changed(f.instance(0));
  CHECK(has(f.next(stream), "\"text\":\"five\\n\""));
  CHECK(has(f.next(stream), "event: end"));
}

TEST_CASE("log stream: it waits for the first attempt and goes on with the next one") {
  StreamFixture f;
  f.service.no_logs = true;
  const auto stream = f.open(f.log_path(0));
  CHECK(f.next(stream) == ": still here\n\n");
  f.service.no_logs = false;
  const auto first = f.service.begin(0);
  f.feed.instance_changed(f.instance(0));
  CHECK(f.next(stream).starts_with("id: 1:14\n"));
  f.world.run(f.service.store().fail(first, scheduler::AttemptResult::failed, Error(Errc::io, "broken"), {},
                                     f.world.clock.now(), f.world.clock.now()));
  f.feed.instance_changed(f.instance(0));
  CHECK(f.next(stream) == ": still here\n\n");  // it will be run again
  const auto only = f.open(f.log_path(0) + "?attempt=1");
  f.next(only);
  CHECK(has(f.next(only), "\"state\":\"RETRY_WAIT\",\"attempt\":1"));
  const auto second = f.service.begin(0);
  f.feed.instance_changed(f.instance(0));
  const std::string next = f.next(stream);
  CHECK(next.starts_with("id: 2:14\n"));
  CHECK(has(next, "\"attempt\":2"));
  f.world.run(f.service.store().fail(second, scheduler::AttemptResult::failed, Error(Errc::io, "broken"), {},
                                     std::nullopt, f.world.clock.now()));
  f.feed.instance_changed(f.instance(0));
  CHECK(has(f.next(stream), "\"state\":\"FAILURE\",\"attempt\":2"));
  CHECK(f.next(stream) == "(end)");
}

TEST_CASE("log stream: an attempt that still plans, and is not stored yet, is followed like any other") {
  StreamFixture f;
  f.service.planning = 1;
  const auto all = f.open(f.log_path(0));
  CHECK(f.next(all).starts_with("id: 1:14\n"));
  const auto only = f.open(f.log_path(0) + "?attempt=1&offset=14");
  TaskGroup tasks(f.world.io.get_executor());
  const auto later = [](Clock& clock, std::string& text) -> awaitable<void> {
    co_await clock.sleep_for(std::chrono::milliseconds(100));
    text += "four\n";
  };
  tasks.start(later(f.world.clock, f.service.log_text));
  const Duration before = f.world.clock.monotonic();
  CHECK(has(f.next(only), "\"open\":true,\"text\":\"four\\n"));
  CHECK(f.world.clock.monotonic() - before == LogStream::kLookEvery);
  CHECK(has(f.next(all), "\"open\":true,\"text\":\"four\\n"));
  f.world.run(tasks.join());
}

TEST_CASE("log stream: it goes on with the next attempt while that still plans") {
  StreamFixture f;
  const auto first = f.service.begin(0);
  const auto stream = f.open(f.log_path(0));
  CHECK(f.next(stream).starts_with("id: 1:14\n"));
  f.world.run(f.service.store().fail(first, scheduler::AttemptResult::failed, Error(Errc::io, "broken"), {},
                                     f.world.clock.now(), f.world.clock.now()));
  f.service.planning = 2;
  f.feed.instance_changed(f.instance(0));
  CHECK(f.next(stream).starts_with("id: 2:14\n"));
}

TEST_CASE("log stream: a place that is none is refused in UTF-8, whatever it was") {
  StreamFixture f;
  for (const char* place : {"1", "0:0", "1:-1", "1:99999999999999999999", "\xff\xfe:1", ":"}) {
    INFO(place);
    const auto refused = f.open(f.log_path(0), place);
    CHECK(refused.status == 400);
    boost::system::error_code broken;
    boost::json::parse(refused.body, broken);
    CHECK_FALSE(broken);
  }
}

TEST_CASE("log stream: it says good-bye when the daemon stops, though the attempt goes on") {
  StreamFixture f;
  f.service.begin(0);
  const auto stream = f.open(f.log_path(0));
  f.next(stream);
  f.feed.close();
  CHECK(f.next(stream).starts_with("id: 1:14\nevent: bye\n"));
  CHECK(f.next(stream) == "(end)");
}

TEST_CASE("coverage watch: what became durable and who is late is told once, and the clock in doubt") {
  StreamFixture f;
  CoverageWatch watch(CoverageWatch::Parts{f.world.clock, f.service.store(), f.feed,
                                           [&f] { return readiness_of(f.service); }});
  const auto told = [&f](std::uint64_t& place) { return f.feed.ring().read(place, "", 1 << 20); };
  std::uint64_t place = 0;
  f.world.run(watch.look());
  CHECK(has(told(place), "event: ready\ndata: {\"ready\":true,\"late\":[],\"clock_in_doubt\":null,"));
  f.service.succeed(0, 5);
  watch.instance_changed(f.instance(0));
  f.world.run(watch.look());
  CHECK(has(told(place),
            "event: coverage\ndata: {\"job\":\"orders\",\"from\":\"2018-10-15T15:50:00Z\",\"until\":"
            "\"2018-10-15T15:55:00Z\",\"gaps\":0,"));
  watch.instance_changed(f.instance(0));
  f.world.run(watch.look());
  CHECK(told(place).empty());
  f.world.clock.advance(std::chrono::minutes(10));
  f.service.clock_in_doubt = "the clock jumped";
  f.world.run(watch.look());
  CHECK(has(told(place), "{\"ready\":false,\"late\":[\"orders\"],\"clock_in_doubt\":\"the clock jumped\","));
  f.service.jobs_.clear();
  f.world.run(watch.look());
  CHECK(has(told(place), "{\"ready\":false,\"late\":[],\"clock_in_doubt\":\"the clock jumped\","));
  f.service.clock_in_doubt.clear();
  f.service.store_failure = "the disk is full";
  f.world.run(watch.look());
  CHECK(has(told(place), "\"clock_in_doubt\":null,\"store_failure\":\"the disk is full\","));
}

TEST_CASE("coverage watch: it looks by itself, for time makes late too") {
  StreamFixture f;
  CoverageWatch watch(CoverageWatch::Parts{f.world.clock, f.service.store(), f.feed,
                                           [&f] { return readiness_of(f.service); }});
  TaskGroup tasks(f.world.io.get_executor());
  tasks.start(watch.run());
  f.world.clock.settle();
  f.service.succeed(0, 5);
  watch.instance_changed(f.instance(0));
  f.world.clock.advance(CoverageWatch::kLookEvery);
  std::uint64_t place = 0;
  CHECK(has(f.feed.ring().read(place, "", 1 << 20), "event: coverage"));
  tasks.stop();
  f.world.run(tasks.join());
}
