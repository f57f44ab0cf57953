// scheduling.md section 7: what a backfill is and the order of its instances.
#include "scheduler/backfill.hpp"

#include "core/job/civil_time.hpp"
#include "tests/support/catch_result.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

constexpr const char* kZone = "Asia/Shanghai";

Instant at(const std::string& text) { return job::parse_local(text + "+08:00").value(); }

std::vector<Slot> slots_of(Instant from, Instant to, int minutes = 5) {
  job::Schedule schedule;
  schedule.interval = std::chrono::minutes(minutes);
  return Calendar::of(schedule)->slots(from, to);
}

std::chrono::sys_days october(unsigned day) {
  return std::chrono::year(2018) / std::chrono::month(10) / std::chrono::day(day);
}

// How many business dates each group has.
std::vector<long> sizes(int dates, int parallel) {
  const Instant from = at("2018-10-01T00:00");
  std::vector<long> found;
  for (const BackfillGroup& group :
       split_dates(slots_of(from, from + std::chrono::days(dates), 60), parallel, kZone))
    found.push_back((group.last_date - group.first_date).count() + 1);
  return found;
}

Instance in_state(State state, const std::string& slot) {
  Instance instance;
  instance.id.job = "orders";
  instance.id.group = 7;
  instance.id.scheduled = at(slot);
  instance.zone = kZone;
  instance.state = state;
  return instance;
}

std::string starts(const std::vector<Instance>& open, const BackfillOrder& order, bool self,
                   const std::string& now = "2018-10-20T00:00") {
  std::string text;
  for (const Instance& instance : startable(open, order, self, at(now)))
    text += job::format_local(instance.id.scheduled, kZone).substr(8, 8) + " ";
  return text;
}

NewInstance window(const std::string& start, const std::string& end) {
  NewInstance instance;
  instance.window_start = at(start);
  instance.window_end = at(end);
  return instance;
}

BackfillOrder order() {
  BackfillOrder wanted;
  wanted.job = "orders";
  wanted.from = at("2018-10-01T00:00");
  wanted.to = at("2018-10-02T00:00");
  return wanted;
}

}  // namespace

TEST_CASE("backfill: input is business dates: the run of day R has business date R-1") {
  CHECK(business_date(at("2018-10-16T00:00"), kZone) == october(15));
  CHECK(business_date(at("2018-10-16T23:55"), kZone) == october(15));
  const auto groups = split_dates(slots_of(at("2018-10-16T00:00"), at("2018-10-17T00:00")), 1, kZone);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].first_date == october(15));
  CHECK(groups[0].last_date == october(15));
}

TEST_CASE("backfill: groups are contiguous blocks of business dates whose sizes differ by at most one") {
  CHECK(sizes(7, 3) == std::vector<long>({2, 2, 3}));
  CHECK(sizes(7, 1) == std::vector<long>({7}));
  CHECK(sizes(10, 10) == std::vector<long>(10, 1));
  CHECK(sizes(23, 10) == std::vector<long>({2, 2, 2, 3, 2, 2, 3, 2, 2, 3}));
  for (int dates = 1; dates < 40; ++dates) {
    for (int parallel = 1; parallel <= 10; ++parallel) {
      const std::vector<long> found = sizes(dates, parallel);
      CHECK(*std::max_element(found.begin(), found.end()) - *std::min_element(found.begin(), found.end()) <=
            1);
    }
  }
}

TEST_CASE("backfill: with fewer dates than groups each date is a group") {
  CHECK(sizes(2, 5) == std::vector<long>({1, 1}));
}

TEST_CASE("backfill: every slot of the range belongs to exactly one group") {
  const auto slots = slots_of(at("2018-10-01T07:00"), at("2018-10-08T03:00"));
  const auto groups = split_dates(slots, 3, kZone);
  std::vector<int> counted(groups.size());
  for (const Slot& slot : slots) {
    const int place = group_at(groups, slot.at);
    REQUIRE(place >= 0);
    ++counted[static_cast<std::size_t>(place)];
  }
  CHECK(counted[0] + counted[1] + counted[2] == static_cast<int>(slots.size()));
  CHECK(group_at(groups, at("2018-09-30T23:55")) == -1);
  CHECK(group_at(groups, at("2018-10-08T03:00")) == -1);
}

TEST_CASE("backfill: order desc is refused when the job has a self-dependency") {
  BackfillOrder wanted = order();
  wanted.descending = true;
  CHECK(check_order(wanted, true, true).error().code() == Errc::invalid_argument);
  CHECK(check_order(wanted, false, false));
}

TEST_CASE("backfill: parallelism is 1 to 10, 1 = serial, and the range must not be empty") {
  BackfillOrder wanted = order();
  for (const int parallel : {0, 11}) {
    wanted.parallel = parallel;
    CHECK(check_order(wanted, true, true).error().message().find("1 to 10") != std::string::npos);
  }
  wanted.parallel = 10;
  CHECK(check_order(wanted, true, true));
  wanted.to = wanted.from;
  CHECK_FALSE(check_order(wanted, true, true));
}

TEST_CASE("backfill: an order takes up to seven ranges, none backwards, and a priority of 1 to 9") {
  BackfillOrder wanted = order();
  const BackfillRange day{wanted.from, wanted.to};
  wanted.ranges.assign(7, day);
  CHECK(check_order(wanted, true, true));
  wanted.ranges.push_back(day);
  CHECK(check_order(wanted, true, true).error().message() ==
        "backfill orders: at most 7 ranges at once, got 8; ask for the rest in another one");
  wanted.ranges = {day, {day.to, day.from}};
  CHECK(check_order(wanted, true, true).error().message().find("before the beginning") != std::string::npos);
  wanted = order();
  for (const int priority : {0, 10}) {
    wanted.priority = priority;
    CHECK(check_order(wanted, true, true).error().message() ==
          "backfill orders: priority must be 1 to 9, got " + std::to_string(priority));
  }
  wanted.priority = 9;
  CHECK(check_order(wanted, true, true));
}

TEST_CASE("backfill: run-now is for jobs whose windows may be read before they are over") {
  BackfillOrder wanted = order();
  wanted.run_now = true;
  CHECK(check_order(wanted, false, true).error().message().find("must be over") != std::string::npos);
  CHECK(check_order(wanted, true, false));
}

TEST_CASE("backfill: slots that are durable or still to run are left out with the reason") {
  Coverage coverage;
  coverage.begun = coverage.from = at("2018-10-16T00:00");
  coverage.until = at("2018-10-16T12:00");
  const NewInstance inside = window("2018-10-16T01:00", "2018-10-16T01:05");
  const NewInstance before = window("2018-10-15T23:55", "2018-10-16T00:05");
  CHECK(left_out_reason(inside, State::success, coverage) == "it succeeded");
  CHECK(left_out_reason(before, State::success, coverage) == "it succeeded");
  // Set to success by hand or skipped: the records came with the next window.
  CHECK(left_out_reason(inside, State::skipped, coverage) == "its records came with a later window");
  CHECK(left_out_reason(inside, std::nullopt, coverage) == "its records came with a later window");
  CHECK(left_out_reason(before, State::skipped, coverage).empty());
  CHECK(left_out_reason(before, State::failure, coverage).empty());
  CHECK(left_out_reason(before, std::nullopt, coverage).empty());
  CHECK(left_out_reason(before, std::nullopt, Coverage()).empty());
  for (const State state :
       {State::not_run, State::wait_time, State::wait_resource, State::running, State::retry_wait})
    CHECK(left_out_reason(before, state, coverage) == "its recurring instance has still to run");
}

TEST_CASE("backfill: of what lies before a gap only the windows in the gap are missing") {
  Coverage coverage;
  coverage.begun = at("2018-10-16T00:00");
  coverage.from = at("2018-10-16T06:00");
  coverage.until = at("2018-10-16T12:00");
  coverage.gaps.push_back(pipeline::Gap{"shard-1", at("2018-10-16T05:00"), at("2018-10-16T06:00"), ""});
  const auto reason = [&](const std::string& from, const std::string& to) {
    return left_out_reason(window(from, to), State::skipped, coverage);
  };
  CHECK(reason("2018-10-16T04:55", "2018-10-16T05:00") == "its records came with a later window");
  CHECK(reason("2018-10-16T06:00", "2018-10-16T06:05") == "its records came with a later window");
  CHECK(reason("2018-10-16T04:55", "2018-10-16T05:01").empty());
  CHECK(reason("2018-10-16T05:55", "2018-10-16T06:00").empty());
  CHECK(reason("2018-10-15T23:55", "2018-10-16T00:00").empty());
}

TEST_CASE("backfill: inside a business date instances run in order, one by one, with self-dependency") {
  const std::vector<Instance> open = {in_state(State::wait_time, "2018-10-16T00:00"),
                                      in_state(State::wait_time, "2018-10-16T00:05")};
  CHECK(starts(open, order(), true) == "16T00:00 ");
  const std::vector<Instance> running = {in_state(State::running, "2018-10-16T00:00"), open[1]};
  CHECK(starts(running, order(), true).empty());
}

TEST_CASE("backfill: inside a business date instances run concurrently without self-dependency") {
  const std::vector<Instance> open = {
      in_state(State::running, "2018-10-16T00:00"), in_state(State::wait_time, "2018-10-16T00:05"),
      in_state(State::wait_resource, "2018-10-16T00:10"), in_state(State::wait_time, "2018-10-17T00:00")};
  CHECK(starts(open, order(), false) == "16T00:05 16T00:10 ");
}

TEST_CASE("backfill: the next date starts only when all instances of the date before succeeded") {
  const std::vector<Instance> open = {in_state(State::running, "2018-10-16T23:55"),
                                      in_state(State::wait_time, "2018-10-17T00:00")};
  CHECK(starts(open, order(), false).empty());
  CHECK(starts({open[1]}, order(), false) == "17T00:00 ");
}

TEST_CASE("backfill: one failure stops the rest of its group") {
  for (const State state : {State::failure, State::lost, State::frozen}) {
    const std::vector<Instance> open = {in_state(State::wait_time, "2018-10-16T00:00"),
                                        in_state(state, "2018-10-16T00:05"),
                                        in_state(State::wait_time, "2018-10-17T00:00")};
    CHECK(starts(open, order(), false).empty());
  }
}

TEST_CASE("backfill: an instance that failed for now starts again at its time") {
  Instance retry = in_state(State::retry_wait, "2018-10-16T00:00");
  retry.retry_at = at("2018-10-20T00:02");
  CHECK(starts({retry}, order(), true).empty());
  CHECK(starts({retry}, order(), true, "2018-10-20T00:02") == "16T00:00 ");
}

TEST_CASE("backfill: a retry put down by a clock that was far ahead starts once it is back") {
  Instance retry = in_state(State::retry_wait, "2018-10-16T00:00");
  retry.retry_at = at("2018-10-20T12:00");
  CHECK(starts({retry}, order(), true).empty());
  retry.retry_at = at("2019-10-20T00:02");
  CHECK(starts({retry}, order(), true) == "16T00:00 ");
}

TEST_CASE("backfill: future dates wait until their time, unless they are to run now") {
  const std::vector<Instance> open = {in_state(State::wait_time, "2018-10-20T00:05")};
  BackfillOrder wanted = order();
  CHECK(starts(open, wanted, true).empty());
  CHECK(starts(open, wanted, true, "2018-10-20T00:05") == "20T00:05 ");
  wanted.run_now = true;
  CHECK(starts(open, wanted, true) == "20T00:05 ");
}

TEST_CASE("backfill: states have names that are read back") {
  for (const BackfillState state : {BackfillState::running, BackfillState::paused, BackfillState::cancelled,
                                    BackfillState::done, BackfillState::failed})
    CHECK(backfill_state_from_string(to_string(state)) == state);
  CHECK_FALSE(backfill_state_from_string("happy"));
}
