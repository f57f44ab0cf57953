#include "scheduler/instance.hpp"

#include "tests/support/catch_result.hpp"

using namespace sluice;
using namespace sluice::scheduler;

namespace {

TEST_CASE("instance: ids are written with the local time of the zone and read back") {
  const Result<InstanceId> id = parse_instance_id("orders@2018-10-16T00:15+08:00");
  REQUIRE(id);
  CHECK(id->job == "orders");
  CHECK(id->scheduled == Instant(std::chrono::seconds(1'539'620'100)));
  CHECK(to_string(*id, "Asia/Shanghai") == "orders@2018-10-16T00:15+08:00");
  CHECK(parse_instance_id(to_string(*id, "Europe/Berlin")).value() == *id);
}

TEST_CASE("instance: what is no id is refused with what is expected") {
  CHECK(parse_instance_id("orders").error().message() ==
        "read instance id \"orders\": expected JOB@TIME, for example orders@2018-10-16T00:15+08:00");
  for (const char* text :
       {"", "@2018-10-16T00:15+08:00", "orders@", "orders@yesterday", "orders@2018-13-16T00:15Z"}) {
    INFO(text);
    REQUIRE_FALSE(parse_instance_id(text));
    CHECK(parse_instance_id(text).error().code() == Errc::invalid_argument);
  }
}

TEST_CASE("instance: the group of a backfill is part of the id") {
  const Result<InstanceId> id = parse_instance_id("orders#7@2018-10-16T00:15+08:00");
  REQUIRE(id);
  CHECK(id->job == "orders");
  CHECK(id->group == 7);
  CHECK(chain_of(*id) == "orders#7");
  CHECK(chain_of("orders", 0) == "orders");
  CHECK(to_string(*id, "Asia/Shanghai") == "orders#7@2018-10-16T00:15+08:00");
  for (const char* text : {"orders#@2018-10-16T00:15+08:00", "orders#x@2018-10-16T00:15+08:00",
                           "orders#-1@2018-10-16T00:15+08:00", "#7@2018-10-16T00:15+08:00"}) {
    INFO(text);
    CHECK_FALSE(parse_instance_id(text));
  }
}

TEST_CASE("instance: every state has a name that reads back") {
  for (const State state :
       {State::not_run, State::wait_time, State::wait_resource, State::running, State::retry_wait,
        State::success, State::failure, State::frozen, State::killing, State::lost, State::skipped}) {
    CHECK(state_from_string(to_string(state)) == state);
  }
  CHECK(to_string(State::wait_resource) == "WAIT_RESOURCE");
  CHECK_FALSE(state_from_string("wait_resource"));
}

}  // namespace
