#include "daemon/api/api_json.hpp"
#include "daemon/base/json_view.hpp"
#include "daemon/http/problem.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::FakeService;

namespace {

struct Fixture {
  sluice::test::Loop world{sluice::test::test_now()};
  FakeService service{world};
  std::string body;

  boost::json::value json(const std::string& target) {
    const auto answer = service.ask("GET", target);
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body);
  }
};

constexpr const char* kFirst = "/api/v1/instances/orders@2018-10-16T00:00%2B08:00";

}  // namespace

TEST_CASE("api: instances are listed newest first, in pages, with the state they are in now") {
  Fixture f;
  f.service.plan(4);
  f.service.fail(0, Error(Errc::unavailable, "connect: refused"));
  const auto first = f.json("/api/v1/instances?limit=3");
  const JsonView page(first);
  REQUIRE(page["instances"].items().size() == 3);
  CHECK(JsonView(page["instances"].items()[0])["id"].text() == "orders@2018-10-16T00:15+08:00");
  // All that follow wait for 00:00, which has failed, whether they are due or not.
  CHECK(JsonView(page["instances"].items()[0])["state"].text() == "NOT_RUN");
  CHECK(JsonView(page["instances"].items()[2])["state"].text() == "NOT_RUN");
  const auto second = f.json("/api/v1/instances?limit=3&after=" + percent_encode(page["next"].text()));
  const JsonView rest(second);
  REQUIRE(rest["instances"].items().size() == 1);
  CHECK(JsonView(rest["instances"].items()[0])["state"].text() == "FAILURE");
  CHECK(JsonView(rest["instances"].items()[0])["reason"].text().find("connect: refused") !=
        std::string::npos);
  CHECK(rest["next"].is_null());
}

TEST_CASE("api: instances are filtered by day, state and job") {
  Fixture f;
  f.service.plan(4);
  f.service.succeed(0, 12);
  CHECK(JsonView(f.json("/api/v1/instances?state=success"))["instances"].items().size() == 1);
  CHECK(JsonView(f.json("/api/v1/instances?state=SUCCESS,NOT_RUN"))["instances"].items().size() == 3);
  CHECK(JsonView(f.json("/api/v1/instances?state=wait-resource"))["instances"].items().size() == 1);
  CHECK(JsonView(f.json("/api/v1/instances?date=2018-10-16"))["instances"].items().size() == 4);
  CHECK(JsonView(f.json("/api/v1/instances?date=2018-10-15"))["instances"].items().empty());
  CHECK(JsonView(f.json("/api/v1/instances?job=orders"))["instances"].items().size() == 4);
  CHECK(JsonView(f.json("/api/v1/instances?due=true"))["instances"].items().size() == 2);
  CHECK(f.service.ask("GET", "/api/v1/instances?job=nobody").status == 404);
}

TEST_CASE("api: instances are listed from slot to slot, oldest first when asked for, page by page") {
  Fixture f;
  f.service.plan(4);
  const auto ids = [&](const std::string& query) {
    std::string text;
    const auto answer = f.json("/api/v1/instances?" + query);
    for (const auto& instance : JsonView(answer)["instances"].items())
      text += JsonView(instance)["id"].text().substr(18, 5) + " ";
    return text;
  };
  CHECK(ids("order=asc") == "00:00 00:05 00:10 00:15 ");
  CHECK(ids("order=desc&limit=1") == "00:15 ");
  CHECK(ids("order=asc&limit=2&after=orders@2018-10-16T00:05%2B08:00") == "00:10 00:15 ");
  CHECK(ids("from=2018-10-16T00:05&to=2018-10-16T00:15") == "00:10 00:05 ");
  CHECK(ids("job=orders&to=2018-10-16T00:05") == "00:00 ");
  CHECK(ids("from=2018-10-16T00:05&due=true") == "00:05 ");
  CHECK(ids("to=2018-10-16T00:05&due=true") == "00:00 ");
}

TEST_CASE("api: wrong query values are refused, and the parameter, its value and what is allowed are named") {
  Fixture f;
  const auto detail = [&](const std::string& target) {
    const auto answer = f.service.ask("GET", target);
    INFO(target + " " + answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.content_type == "application/problem+json");
    CHECK(JsonView(boost::json::parse(answer.body))["code"].text() == "invalid_argument");
    return JsonView(boost::json::parse(answer.body))["detail"].text();
  };
  const auto of_instances = [&](const std::string& query) { return detail("/api/v1/instances?" + query); };
  for (const char* limit : {"0", "5x", "1001", ""})
    CHECK(of_instances(std::string("limit=") + limit) ==
          std::string("read limit: expected a number from 1 to 1000, got \"") + limit + "\"");
  CHECK(of_instances("state=HAPPY") ==
        "read state: expected NOT_RUN, WAIT_TIME, WAIT_RESOURCE, RUNNING, RETRY_WAIT, SUCCESS, FAILURE, "
        "FROZEN, KILLING, LOST or SKIPPED, got \"HAPPY\"");
  CHECK(
      of_instances("date=2018/10/16") ==
      "date: read the time \"2018/10/16\": expected 2018-10-16 or 2018-10-16T00:15, with or without +08:00");
  CHECK(of_instances("date=16.10.18") == "read date: expected 2018-10-16, got \"16.10.18\"");
  CHECK(of_instances("after=x") ==
        "after: read instance id \"x\": expected JOB@TIME, for example orders@2018-10-16T00:15+08:00");
  CHECK(of_instances("order=up") == "read order: expected desc or asc, got \"up\"");
  CHECK(of_instances("due=yes") == "read due: expected false or true, got \"yes\"");
  CHECK(of_instances("date=2018-10-16&to=2018-10-17") ==
        "read the query: date does not go with to; leave one out");
  CHECK(of_instances("backfill=7&job=orders") ==
        "read the query: backfill does not go with job; leave one out");
  CHECK(of_instances("from=soon").starts_with("from: "));
  for (const char* query : {"", "?from=2018-10-16", "?last=5&date=2018-10-16", "?last=5&to=2018-10-17"})
    CHECK(detail(std::string("/api/v1/jobs/orders/windows") + query) ==
          "read the query: expected last, or date, or both from and to");
  CHECK(detail("/api/v1/backfills?state=stuck") ==
        "read state: expected all, running, paused, cancelled, done or failed, got \"stuck\"");
}

TEST_CASE("api: an attempt tells how many rows it left out and where they are") {
  Fixture f;
  f.service.plan(2);
  f.service.dirty_rows = 2;
  f.service.dirty_attempt = 1;
  f.service.succeed(0, 5);
  const auto answer = f.json(kFirst);
  CHECK(answer.at("rows").to_number<int>() == 5);
  const JsonView attempt(answer.at("attempts").at(0));
  CHECK(attempt["statistics"]["dirty_rows"].count() == 2);
  CHECK(attempt["dirty_file"].text() == "/logs/orders/0015_1.dirty.jsonl");
  f.service.dirty_attempt = 0;
  CHECK(f.json(kFirst).at("attempts").at(0).at("dirty_file").is_null());
}

TEST_CASE("api: one instance with attempts, objects, values") {
  Fixture f;
  f.service.plan(2);
  f.service.fail(0, Error(Errc::trimmed, "gone"));
  const auto value = f.json(kFirst);
  const JsonView instance(value);
  CHECK(instance["id"].text() == "orders@2018-10-16T00:00+08:00");
  CHECK(instance["scheduled"].text() == "2018-10-15T16:00:00Z");
  CHECK(instance["window"]["start"].text() == "2018-10-15T15:50:00Z");
  CHECK(instance["values"]["start_time"].text() == "20181016000000");
  REQUIRE(instance["attempts"].items().size() == 1);
  CHECK(JsonView(instance["attempts"].items()[0])["error_code"].text() == "trimmed");
  CHECK(f.service.ask("GET", "/api/v1/instances/orders@2019-01-01T00:00%2B08:00").status == 404);
  CHECK(f.service.ask("GET", "/api/v1/instances/nonsense").status == 400);
}

TEST_CASE(
    "api: jobs carry counts and coverage; a late instance makes its job stale and the daemon not ready") {
  Fixture f;
  f.service.plan(3);
  f.service.succeed(0, 7);
  CHECK(f.service.ask("GET", "/readyz").status == 200);
  const auto value = f.json("/api/v1/jobs/orders");
  const JsonView job(value);
  CHECK(job["counts"]["SUCCESS"].count() == 1);
  CHECK(job["coverage"]["until"].text() == "2018-10-15T15:55:00Z");
  CHECK(job["coverage"]["lag_seconds"].count() == 12 * 60);
  CHECK(job["coverage"]["fresh"].boolean());
  CHECK(f.service.ask("GET", "/api/v1/jobs/nobody").status == 404);

  f.world.clock.advance(std::chrono::minutes(9));  // 00:16: the slot 00:05 is 11 minutes over
  const auto ready = f.service.ask("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("orders@2018-10-16T00:05+08:00 is late") != std::string::npos);
  CHECK_FALSE(JsonView(f.json("/api/v1/jobs/orders"))["coverage"]["fresh"].boolean());
  CHECK(f.service.ask("GET", "/healthz").status == 200);
}

TEST_CASE("api: coverage tells how long the source keeps what is needed next") {
  Fixture f;
  f.service.plan(3);
  f.service.succeed(0, 7);
  CHECK(JsonView(f.json("/api/v1/coverage?job=orders"))["coverage"].items()[0].at("retention").is_null());
  pipeline::ShardPosition shard;
  shard.shard = "s1";
  shard.kind = pipeline::ShardPosition::Kind::iterator;
  shard.polled = f.world.clock.now() - std::chrono::hours(13);
  f.service.end_positions.shards.push_back(shard);
  f.service.end_positions.retention = std::chrono::hours(24);
  f.service.succeed(1, 7);
  const auto value = f.json("/api/v1/jobs/orders");
  const JsonView retention = JsonView(value)["coverage"]["retention"];
  CHECK(retention["left_seconds"].count() == 11 * 3600);
  CHECK(retention["retention_seconds"].count() == 24 * 3600);
  CHECK(retention["warn_below_seconds"].count() == 12 * 3600);
  CHECK(retention["low"].boolean());
  CHECK(retention["shard"].text() == "s1");
  CHECK(retention["needed_from"].text() == "2018-10-15T03:07:00Z");
  CHECK(retention["trimmed_at"].text() == "2018-10-16T03:07:00Z");
}

TEST_CASE("api: how long the source keeps something is asked of the windows that are due, not of the plan") {
  Fixture f;
  f.service.plan(3);
  pipeline::ShardPosition shard;
  shard.shard = "s1";
  shard.kind = pipeline::ShardPosition::Kind::iterator;
  shard.polled = f.world.clock.now() - std::chrono::hours(13);
  f.service.end_positions.shards.push_back(shard);
  f.service.end_positions.retention = std::chrono::hours(24);
  f.service.succeed(2, 7);
  REQUIRE(f.service.id(2).scheduled > f.world.clock.now());
  const auto retention = [&] {
    return f.json("/api/v1/jobs/orders").as_object().at("coverage").as_object().at("retention");
  };
  CHECK(retention().is_null());
  f.world.clock.advance(f.service.id(2).scheduled - f.world.clock.now());
  CHECK_FALSE(retention().is_null());
}

TEST_CASE("api: bytes of a log that are no characters come as question marks") {
  Fixture f;
  f.service.plan(1);
  f.service.log_text = "one \xff\xc3\n";
  const auto part = f.json(std::string(kFirst) + "/logs");
  CHECK(JsonView(part)["text"].text() == "one ??\n");
}

TEST_CASE("api: logs come in pieces that join") {
  Fixture f;
  f.service.plan(1);
  const auto first = f.json(std::string(kFirst) + "/logs?limit=4");
  CHECK(JsonView(first)["text"].text() == "one\n");
  CHECK_FALSE(JsonView(first)["at_end"].boolean());
  const auto rest = f.json(std::string(kFirst) + "/logs?attempt=1&offset=4");
  CHECK(JsonView(rest)["text"].text() == "two\nthree\n");
  CHECK(JsonView(rest)["at_end"].boolean());
}

TEST_CASE("api: verify needs control, and hands range and place on") {
  Fixture f;
  f.service.plan(1);
  const std::string target =
      "/api/v1/jobs/orders/"
      "verify?from=2018-10-16&to=2018-10-16T00:30&limit=7&after=orders@2018-10-16T00:20%2B08:00";
  CHECK(f.service.ask("POST", target, false).status == 403);
  CHECK(f.service.ask("GET", target).status == 405);
  daemon::VerifiedPage page;
  page.windows.resize(1);
  page.windows[0].instance = *f.world.run(f.service.store().instance(f.service.id(0)));
  page.windows[0].check.objects = 2;
  page.windows[0].check.differences.push_back({objects::DifferenceKind::checksum, "a.csv", "has CRC-64 1"});
  page.next = f.service.id(0);
  f.service.pages.push_back(page);
  const auto answer = f.service.ask("POST", target);
  REQUIRE(answer.status == 200);
  const auto body = boost::json::parse(answer.body);
  const JsonView window(body.at("windows").at(0));
  CHECK(window["id"].text() == "orders@2018-10-16T00:00+08:00");
  CHECK(window["objects"].count() == 2);
  CHECK(JsonView(window["differences"].items()[0])["kind"].text() == "checksum");
  CHECK(JsonView(window["differences"].items()[0])["object"].text() == "a.csv");
  CHECK(JsonView(body)["next"].text() == "orders@2018-10-16T00:00+08:00");
  REQUIRE(f.service.verified.size() == 1);
  const daemon::VerifyQuery& query = f.service.verified[0];
  CHECK(query.from == f.service.id(0).scheduled);
  CHECK(query.to == f.service.id(6).scheduled);
  CHECK(query.after == f.service.id(4));
  CHECK(query.limit == 7);
}

TEST_CASE("api: a verify that cannot be is refused and named") {
  Fixture f;
  f.service.plan(1);
  CHECK(f.service.ask("POST", "/api/v1/jobs/nobody/verify").status == 404);
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify?from=soon").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify?limit=0").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify?from=2018-10-17&to=2018-10-16").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify?from=2018-10-17&to=2018-10-17").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify?after=x").status == 400);
  f.service.refuse = Error(Errc::permission_denied, "verify orders@...: head object: 403");
  CHECK(f.service.ask("POST", "/api/v1/jobs/orders/verify").status == 403);
}

TEST_CASE("api: actions need control, name the actor, and pass refusals on") {
  Fixture f;
  f.service.plan(1);
  const std::string target = std::string(kFirst) + "/set-success";
  CHECK(f.service.ask("POST", target, false).status == 403);
  CHECK(f.service.acted.empty());
  CHECK(f.service.ask("POST", target).status == 200);
  CHECK(f.service.acted ==
        std::vector<std::string>{"set-success orders@2018-10-16T00:00+08:00 uid 1 (test)"});
  f.service.refuse = Error(Errc::refused_by_state, "kill: it is not running");
  const auto refused = f.service.ask("POST", std::string(kFirst) + "/kill");
  CHECK(refused.status == 409);
  CHECK(JsonView(boost::json::parse(refused.body))["detail"].text() == "kill: it is not running");
  CHECK(f.service.ask("GET", target).status == 405);
}

TEST_CASE("api: plan reads its range in the job's zone") {
  Fixture f;
  CHECK(f.service.ask("GET", "/api/v1/jobs/orders/plan?from=2018-10-16&to=2018-10-16T01:00").status == 200);
  CHECK(utc_text(f.service.previewed->first) == "2018-10-15T16:00:00Z");
  CHECK(utc_text(f.service.previewed->second) == "2018-10-15T17:00:00Z");
  f.service.next_slots = {f.service.id(1).scheduled};
  const std::string target = "/api/v1/jobs/orders/plan?from=2018-10-16&to=2018-10-17";
  CHECK(JsonView(f.json(target))["next"].text() == "2018-10-15T16:05:00Z");
  CHECK(JsonView(f.json(target))["next"].is_null());
  CHECK(f.service.ask("GET", "/api/v1/jobs/orders/plan?from=2018-13-16&to=2018-10-17").status == 400);
  CHECK(f.service.ask("GET", "/api/v1/jobs/orders/plan?from=2018-10-16").status == 400);
}

scheduler::Why failed_upstream(FakeService& service) {
  scheduler::WhyStep asked;
  asked.job = "report";
  asked.instance.emplace();
  asked.instance->id = service.id(1);
  asked.instance->id.job = "report";
  asked.instance->zone = "Asia/Shanghai";
  asked.reason = "waits for orders@2018-10-16T00:05+08:00";
  scheduler::WhyStep root = asked;
  root.relation = scheduler::Relation::upstream;
  root.job = "orders";
  root.instance->id.job = "orders";
  root.state = scheduler::State::failure;
  root.reason = "failed: get records: 403; sluice rerun orders@2018-10-16T00:05+08:00 once the cause is gone";
  root.open = 3;
  scheduler::Why why;
  why.steps = {asked, root};
  return why;
}

scheduler::BlockedChain frozen_chain(FakeService& service) {
  scheduler::BlockedChain chain;
  chain.job = "orders";
  chain.root = service.id(1);
  chain.zone = "Asia/Shanghai";
  chain.state = scheduler::State::frozen;
  chain.reason = "is frozen by uid 1000; sluice unfreeze orders@2018-10-16T00:05+08:00";
  chain.since = service.id(1).scheduled;
  chain.blocked_own = 40;
  chain.blocked_downstream = 2;
  chain.downstream_jobs = {"loads", "report"};
  chain.data_lag = std::chrono::seconds(90);
  return chain;
}

TEST_CASE("api: why is a sentence and the way to the root cause") {
  Fixture f;
  f.service.why_steps = failed_upstream(f.service);
  const auto why = f.json("/api/v1/instances/report@2018-10-16T00:05+08:00/why");
  CHECK(
      boost::json::serialize(why) ==
      R"({"id":"report@2018-10-16T00:05+08:00","state":"NOT_RUN","why":"waits for )"
      R"(orders@2018-10-16T00:05+08:00 and 2 more, which failed: get records: 403; sluice rerun )"
      R"(orders@2018-10-16T00:05+08:00 once the cause is gone","path":[{"relation":"itself","job":"report",)"
      R"("name":"report@2018-10-16T00:05+08:00","state":"NOT_RUN","reason":"waits for )"
      R"(orders@2018-10-16T00:05+08:00","reason_code":"none","open":1,"id":"report@2018-10-16T00:05+08:00"},{"relation":"upstream",)"
      R"("job":"orders","name":"orders@2018-10-16T00:05+08:00","state":"FAILURE","reason":"failed: get records: )"
      R"(403; sluice rerun orders@2018-10-16T00:05+08:00 once the cause is gone","reason_code":"attempt_failed","open":3,)"
      R"("id":"orders@2018-10-16T00:05+08:00"}]})");
}

TEST_CASE("api: why of a job that is not loaded has a step without instance") {
  Fixture f;
  f.service.why_steps = failed_upstream(f.service);
  f.service.why_steps->steps[1].instance.reset();
  const auto why = f.json("/api/v1/instances/report@2018-10-16T00:05+08:00/why");
  const JsonView answer(why);
  const JsonView step(answer["path"].items()[1]);
  CHECK(step["name"].text() == "job orders");
  CHECK(step["id"].is_null());
  CHECK(step["state"].is_null());
}

TEST_CASE("api: blocked names each cause once, with what stands still behind it") {
  Fixture f;
  CHECK(boost::json::serialize(f.json("/api/v1/blocked")) == R"({"blocked":[]})");
  f.service.blocked_chains.push_back(frozen_chain(f.service));
  CHECK(boost::json::serialize(f.json("/api/v1/blocked")) ==
        R"({"blocked":[{"cause":"orders@2018-10-16T00:05+08:00","job":"orders",)"
        R"("instance":"orders@2018-10-16T00:05+08:00","state":"FROZEN","zone":"Asia/Shanghai",)"
        R"("reason":"is frozen by uid 1000; sluice unfreeze orders@2018-10-16T00:05+08:00",)"
        R"("since":"2018-10-15T16:05:00Z","blocked":42,"blocked_own":40,"blocked_downstream":2,)"
        R"("downstream_jobs":["loads","report"],"data_lag_seconds":90}]})");
  CHECK(JsonView(f.json("/api/v1/status"))["blocked"].items().size() == 1);
}

TEST_CASE("api: backup wants an absolute path") {
  Fixture f;
  CHECK(f.service.ask("POST", "/api/v1/backup", true, R"({"file": "x.db"})").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/backup", true, "not json").status == 400);
  // The file would be /b/x.
  CHECK(f.service.ask("POST", "/api/v1/backup", true, R"({"file": "/b/x\u0000.db"})").status == 400);
  CHECK(f.service.ask("POST", "/api/v1/backup", true, R"({"file": "/b/x\nuid=0"})").status == 400);
  CHECK(f.service.backed_up.empty());
  CHECK(f.service.ask("POST", "/api/v1/backup", true, R"({"file": "/b/x.db"})").status == 200);
  CHECK(f.service.backed_up == "/b/x.db");
}

TEST_CASE("api: a broken store is an answer, not the end") {
  Fixture f;
  f.service.broken = true;
  HttpRequest request;
  request.role = Role::viewer;
  request.method = "GET";
  request.path = "/api/v1/jobs";
  const auto answer = f.world.run(dispatch(routes(), f.service, request));
  CHECK(answer.status == 507);
  CHECK(answer.body.find("write sluice.db: no space") != std::string::npos);
}

TEST_CASE("router: patterns match whole segments") {
  PathValues values;
  CHECK(match("/api/v1/jobs/{job}", "/api/v1/jobs/orders", values));
  CHECK(values == PathValues{"orders"});
  CHECK(match("/", "/", values));
  CHECK_FALSE(match("/api/v1/jobs/{job}", "/api/v1/jobs/", values));
  CHECK_FALSE(match("/api/v1/jobs/{job}", "/api/v1/jobs", values));
  CHECK_FALSE(match("/api/v1/jobs/{job}", "/api/v1/jobs/a/b", values));
  CHECK_FALSE(match("/api/v1/jobs", "/api/v1/jobsx", values));
}

TEST_CASE("router: unknown pages are 404, the dashboard and its files are there, nothing else is") {
  Fixture f;
  CHECK(f.service.ask("GET", "/nowhere").status == 404);
  CHECK(f.service.ask("GET", "/seed-job.json").status == 404);
  const auto page = f.service.ask("GET", "/");
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.body.find("<title>Sluice</title>") != std::string::npos);
  CHECK(f.service.ask("GET", "/app.js").status == 200);
  CHECK(f.service.ask("GET", "/style.css").status == 200);
  CHECK(f.service.ask("GET", "/icon.svg").content_type == "image/svg+xml");
  CHECK(f.service.ask("GET", "/licenses.txt").body.find("preact") != std::string::npos);
  CHECK(f.service.ask("HEAD", "/healthz").status == 200);
}

TEST_CASE("target: escapes are read, broken ones refused") {
  CHECK(parse_target("/a%2Fb%20c+d?x=1+2&y=%E4%B8%AD&z").value().path == "/a/b c+d");
  const auto query = parse_target("/a?x=1+2&y=%E4%B8%AD&z").value().query;
  REQUIRE(query.size() == 3);
  CHECK(query[0].second == "1 2");
  CHECK(query[1].second == "\xe4\xb8\xad");
  CHECK(query[2].second.empty());
  for (const char* bad : {"", "a", "/%", "/%4", "/%zz", "/%00", "*", "/%ff", "/\xff", "/a?x=%e4%b8",
                          "/a?%ed%a0%80=1", "/a?x=%c0%af"})
    CHECK_FALSE(parse_target(bad));
  CHECK(percent_encode("a@b+c/d") == "a%40b%2Bc%2Fd");
}

TEST_CASE("problem: an answer that gives no reason is told of by its status") {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"detail":""})", R"({"message":"bad gateway"})"}) {
    CHECK(error_from_problem(502, body).message() == "read the answer: status 502 without a reason");
  }
  const Error read = error_from_problem(404, R"({"code":"not_found"})");
  CHECK(read.code() == Errc::not_found);
  CHECK(read.message() == "read the answer: status 404 without a reason");
}

TEST_CASE("problem: every code keeps its name over the wire and has its exit code") {
  for (const Errc code :
       {Errc::not_found, Errc::refused_by_state, Errc::trimmed, Errc::invalid_argument, Errc::io}) {
    const auto response = problem_response(Error(code, "why"));
    const Error read = error_from_problem(response.status, response.body);
    CHECK(read.code() == code);
    CHECK(read.message() == "why");
  }
  CHECK(exit_of(Errc::invalid_argument) == Exit::usage);
  CHECK(exit_of(Errc::not_found) == Exit::not_found);
  CHECK(exit_of(Errc::refused_by_state) == Exit::refused);
  CHECK(exit_of(Errc::trimmed) == Exit::gap);
  CHECK(exit_of(Errc::stream_changed) == Exit::gap);
  CHECK(exit_of(Errc::unavailable) == Exit::failed);
}
