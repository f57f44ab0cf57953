// The windows of a job as columns, and who is asking.
#include "tests/unit/daemon/api/fake_service.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;

namespace {

struct World {
  sluice::test::Loop loop{sluice::test::test_now()};
  sluice::test::FakeService service{loop};

  boost::json::object ask(const std::string& query) {
    const auto answer = service.ask("GET", "/api/v1/jobs/orders/windows" + query);
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body).as_object();
  }
  int status(const std::string& target) { return service.ask("GET", target).status; }
};

const boost::json::array& column(const boost::json::object& answer, std::string_view name) {
  return answer.at("windows").as_object().at(name).as_array();
}

}  // namespace

TEST_CASE("api: the windows of a day come as columns, oldest first") {
  World w;
  w.service.plan(3);
  w.service.succeed(0, 12);
  const auto answer = w.ask("?date=2018-10-16");
  CHECK(answer.at("zone") == "Asia/Shanghai");
  CHECK(answer.at("from") == "2018-10-15T16:00:00Z");
  CHECK(answer.at("to") == "2018-10-16T16:00:00Z");
  CHECK(answer.at("whole") == true);
  REQUIRE(column(answer, "id").size() == 3);
  CHECK(column(answer, "id")[0] == "orders@2018-10-16T00:00+08:00");
  CHECK(column(answer, "id")[2] == "orders@2018-10-16T00:10+08:00");
  CHECK(column(answer, "state")[0] == "SUCCESS");
  CHECK(column(answer, "rows")[0] == 12);
  CHECK(column(answer, "attempts")[0] == 1);
  CHECK(column(answer, "seconds")[0].is_double());
  CHECK(column(answer, "lag_seconds")[0].is_double());
  CHECK(column(answer, "seconds")[1].is_null());
  CHECK(column(answer, "lag_seconds")[1].is_null());
}

TEST_CASE("api: a window that a person set to success has no lag: nobody exported it") {
  World w;
  w.service.plan(1);
  w.service.fail(0, Error(Errc::unavailable, "503"));
  const auto failed = *w.loop.run(w.service.store().instance(w.service.id(0)));
  w.loop.run(w.service.store().change_state(failed.row, {failed.state}, scheduler::State::success,
                                            "set to success by uid 1000"));
  const auto answer = w.ask("?date=2018-10-16");
  CHECK(column(answer, "state")[0] == "SUCCESS");
  CHECK(column(answer, "seconds")[0].is_double());
  CHECK(column(answer, "lag_seconds")[0].is_null());
}

TEST_CASE("api: the last windows are the newest that are due") {
  World w;
  w.service.plan(288);
  const auto answer = w.ask("?last=2");
  const auto& ids = column(answer, "id");
  REQUIRE(ids.size() == 2);
  const auto all = w.ask("?date=2018-10-16");
  CHECK(column(all, "id").size() == 288);
  const auto due = w.service.ask("GET", "/api/v1/instances?due=true&limit=2");
  const auto newest = boost::json::parse(due.body).at("instances").as_array();
  CHECK(ids[1] == newest[0].at("id"));
  CHECK(ids[0] == newest[1].at("id"));
}

TEST_CASE("api: a range of windows that is too long is cut at its beginning, and says so") {
  World w;
  w.service.plan(3100);
  const auto answer = w.ask("?from=2018-10-16&to=2018-10-30");
  CHECK(answer.at("whole") == false);
  CHECK(column(answer, "id").size() == 3000);
  CHECK(w.ask("?from=2018-10-16&to=2018-10-17").at("whole") == true);
}

TEST_CASE("api: windows need a job that is there and a range that can be read") {
  World w;
  w.service.plan(3);
  CHECK(w.status("/api/v1/jobs/nobody/windows?last=2") == 404);
  for (const char* query : {"", "?last=0", "?last=3001", "?date=today", "?from=2018-10-16", "?to=2018-10-16"})
    CHECK(w.status(std::string("/api/v1/jobs/orders/windows") + query) == 400);
}

TEST_CASE("api: the session tells what the door allows") {
  World w;
  const auto over_socket = boost::json::parse(w.service.ask("GET", "/api/v1/session").body);
  CHECK(over_socket.at("role") == "admin");
  CHECK(over_socket.at("actor").is_string());
  const auto over_tcp = boost::json::parse(w.service.ask("GET", "/api/v1/session", false).body);
  CHECK(over_tcp.at("role") == "viewer");
}
