#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace sluice;
using namespace sluice::daemon;

namespace {

using Fixture = sluice::test::CommandFixture;

}  // namespace

TEST_CASE("command line: a failed backfill is followed until no group of it goes on") {
  Fixture f;
  struct Look {
    const char* planned;
    const char* other;                     // counts of the group that does not wait for a person
    const char* rest = R"("NOT_RUN": 3)";  // of the group that does
  };
  // Exit code and number of answers that were asked for.
  const auto follow = [&](const std::vector<Look>& looks, const char* stuck_state = "FAILURE") {
    sluice::test::AnswersInOrder api;
    for (const Look& look : looks) {
      api.answers.push_back(fmt::format(
          R"({{"id": 7, "job": "orders", "zone": "Asia/Shanghai", "state": "failed", "planned": {}, "counts": {{"{}": 1}},
              "from": "2018-10-09T16:00:00Z", "to": "2018-10-10T16:00:00Z", "alerts": "none",
              "groups": [{{"chain": "orders#7", "counts": {{"{}": 1, {}}}}},
                         {{"chain": "orders#8", "counts": {{{}}}}}],
              "stuck": [{{"id": "orders#7@2018-10-09T00:00+08:00", "state": "{}", "reason": "it failed"}}]}})",
          look.planned, stuck_state, stuck_state, look.rest, look.other, stuck_state));
    }
    Options options;
    const Exit exit = follow_backfill(7, options, api, f.console, [] {});
    return std::pair(exit, api.asked.size());
  };
  const auto looks = [](std::size_t count) { return std::pair(Exit::failed, count); };
  CHECK(follow({{"true", R"("WAIT_TIME": 2)"},
                {"true", R"("SUCCESS": 1, "RUNNING": 1)"},
                {"true", R"("SUCCESS": 2)"}}) == looks(3));
  CHECK(follow({{"true", R"("SUCCESS": 1, "RETRY_WAIT": 1)"}, {"true", R"("SUCCESS": 1, "SKIPPED": 1)"}}) ==
        looks(2));
  CHECK(follow({{"true", R"("SUCCESS": 1, "LOST": 1)"}}) == looks(1));
  CHECK(follow({{"true", R"("SUCCESS": 1, "FAILURE": 1, "NOT_RUN": 4)"}}, "FROZEN") == looks(1));
  // What runs beside the one that failed ends by itself.
  CHECK(follow({{"true", "", R"("RUNNING": 1)"}, {"true", ""}}) == looks(2));
  // What is not made yet goes on as well.
  CHECK(follow({{"false", ""}, {"true", R"("SUCCESS": 1)"}}) == looks(2));
}
