#include "scheduler/catch_up.hpp"

#include "core/job/civil_time.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace sluice;
using namespace sluice::scheduler;
using Policy = job::CatchUp::Policy;

namespace {

const Instant kNow = job::parse_local("2018-10-19T00:01+08:00").value();

// `count` slots, five minutes apart, the newest a minute ago.
std::vector<Instant> missed(std::size_t count) {
  std::vector<Instant> slots;
  for (std::size_t n = count; n > 0; --n)
    slots.push_back(kNow - std::chrono::minutes(1) - std::chrono::minutes(5) * (static_cast<int>(n) - 1));
  return slots;
}

job::CatchUp rule(Policy policy) {
  job::CatchUp made;
  made.policy = policy;
  return made;
}

}  // namespace

TEST_CASE("catch-up: all missed windows run unless the job says otherwise") {
  CHECK(choose_missed(job::CatchUp(), missed(864), kNow, true).skipped == 0);
  CHECK(choose_missed(job::CatchUp(), missed(864), kNow, true).reason.empty());
}

TEST_CASE("catch-up: latest runs the newest missed window, none runs none") {
  CHECK(choose_missed(rule(Policy::latest), missed(864), kNow, true).skipped == 863);
  CHECK(choose_missed(rule(Policy::latest), missed(1), kNow, true).skipped == 0);
  CHECK(choose_missed(rule(Policy::none), missed(864), kNow, true).skipped == 864);
  CHECK(choose_missed(rule(Policy::none), {}, kNow, true).skipped == 0);
  CHECK(choose_missed(rule(Policy::latest), {}, kNow, true).skipped == 0);
}

TEST_CASE("catch-up: three days missed with a limit of 100 run the 100 newest (section 10, behaviour 2)") {
  job::CatchUp limited;
  limited.max_count = 100;
  const CatchUpChoice choice = choose_missed(limited, missed(864), kNow, true);
  CHECK(choice.skipped == 764);
  CHECK(choice.reason ==
        "missed while the daemon or the job was away: only the newest 100 run, catchUp.maxCount; its records "
        "come with the next window that runs");
  CHECK(choose_missed(limited, missed(100), kNow, true).skipped == 0);
}

TEST_CASE("catch-up: windows older than the limit of age do not run; the stricter limit counts") {
  job::CatchUp limited;
  limited.max_age = std::chrono::hours(1);
  CHECK(choose_missed(limited, missed(864), kNow, false).skipped == 852);  // 12 slots within the hour
  CHECK(choose_missed(limited, missed(864), kNow, false).reason ==
        "missed while the daemon or the job was away: it is older than catchUp.maxAge, 1 h");
  limited.max_count = 5;
  CHECK(choose_missed(limited, missed(864), kNow, false).skipped == 859);
  limited.max_count = 500;
  CHECK(choose_missed(limited, missed(864), kNow, false).skipped == 852);
}

TEST_CASE("catch-up: only a clock that ran on without the program says that it was away") {
  using std::chrono::seconds;
  CHECK_FALSE(was_away(seconds(30), seconds(30)));
  CHECK_FALSE(was_away(seconds(300), seconds(300)));  // a slow loop was there all the time
  CHECK_FALSE(was_away(seconds(-7200), seconds(30)));
  CHECK(was_away(seconds(3630), seconds(30)));
}
