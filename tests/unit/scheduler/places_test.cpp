#include "scheduler/places.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

using namespace std::chrono_literals;

constexpr Instant kMidnight{std::chrono::seconds(1'539'619'200)};  // 2018-10-16T00:00+08:00

Instance candidate(const std::string& job, int minute, int priority = 1, std::int64_t group = 0) {
  Instance instance;
  instance.id.job = job;
  instance.id.group = group;
  instance.id.scheduled = kMidnight + std::chrono::minutes(minute);
  instance.zone = "Asia/Shanghai";
  instance.priority = priority;
  return instance;
}

// "orders:5 users#7:0"
std::string names(const std::vector<Instance>& instances) {
  std::string text;
  for (const Instance& instance : instances) {
    if (!text.empty()) text += ' ';
    text += chain_of(instance.id) + ":" + std::to_string((instance.id.scheduled - kMidnight) / 1min);
  }
  return text;
}

// Those that get a place, in turn: one without a place does not keep back those behind it that have one.
std::vector<Instance> choose(std::vector<Instance> candidates, Running running, const Limits& limits) {
  sort_by_turn(candidates);
  std::vector<Instance> found;
  for (const Instance& instance : candidates) {
    if (place_for(instance.id, running, limits) != Place::free) continue;
    running.add(instance.id);
    found.push_back(instance);
  }
  return found;
}

std::string chosen(std::vector<Instance> candidates, const Limits& limits, const Running& running = {}) {
  return names(choose(std::move(candidates), running, limits));
}

Limits limit(std::size_t total) {
  Limits limits;
  limits.total = total;
  return limits;
}

TEST_CASE("places: turns go to recurring, then to higher priority, then to the oldest slot, then by name") {
  std::vector<Instance> all = {candidate("zebra", 0),     candidate("ant", 5),
                               candidate("bee", 0),       candidate("late", 55, 8),
                               candidate("bee", 0, 9, 7), candidate("bee", 0, 9, 2)};
  sort_by_turn(all);
  CHECK(names(all) == "late:55 bee:0 zebra:0 ant:5 bee#2:0 bee#7:0");
}

TEST_CASE("places: the limit of all attempts is given out in turn, counting what runs already") {
  const std::vector<Instance> three = {candidate("a", 0), candidate("b", 5, 3), candidate("c", 0)};
  CHECK(chosen(three, limit(3)) == "b:5 a:0 c:0");
  CHECK(chosen(three, limit(2)) == "b:5 a:0");
  Running running;
  running.add(candidate("x", 0).id);
  CHECK(chosen(three, limit(2), running) == "b:5");
  running.add(candidate("y", 0).id);
  CHECK(chosen(three, limit(2), running).empty());
  running.remove(candidate("x", 0).id);
  CHECK(chosen(three, limit(2), running) == "b:5");
}

TEST_CASE("places: a job at its own limit does not keep back others") {
  Limits limits = limit(10);
  limits.of_job["a"] = 1;
  const std::vector<Instance> all = {candidate("a", 0, 9), candidate("a", 5, 9), candidate("b", 10)};
  CHECK(chosen(all, limits) == "a:0 b:10");
  Running running;
  running.add(candidate("a", 0, 1, 7).id);
  CHECK(chosen(all, limits, running) == "b:10");
  CHECK(place_for(all[0].id, running, limits) == Place::job_full);
}

TEST_CASE("places: backfills come last and leave one place to what becomes due, unless there is only one") {
  const std::vector<Instance> all = {candidate("a", 0, 9, 1), candidate("b", 0, 9, 2), candidate("c", 0)};
  CHECK(chosen(all, limit(2)) == "c:0 a#1:0");
  CHECK(chosen({all[0], all[1]}, limit(2)) == "a#1:0");
  CHECK(chosen(all, limit(3)) == "c:0 a#1:0 b#2:0");
  CHECK(chosen({all[0], all[1]}, limit(1)) == "a#1:0");
  CHECK(chosen(all, limit(1)) == "c:0");
  Running running;
  running.add(all[0].id);
  CHECK(place_for(all[1].id, running, limit(2)) == Place::backfills_full);
  CHECK(place_for(all[2].id, running, limit(2)) == Place::free);
}

TEST_CASE("places: a recurring instance does not wait for a place that a backfill has") {
  Running running;
  running.add(candidate("a", 0, 9, 1).id);
  running.add(candidate("x", 0).id);
  CHECK(chosen({candidate("b", 0), candidate("c", 0)}, limit(2), running) == "b:0");
  CHECK(chosen({candidate("b", 0, 9, 2)}, limit(2), running).empty());
}

struct Draw {
  std::vector<Instance> candidates;
  Running running;
  Limits limits;
};

Draw draw(Random& dice) {
  Draw drawn;
  drawn.limits.total = 1 + dice.below(6);
  const std::vector<std::string> jobs = {"a", "b", "c", "d"};
  for (const std::string& job : jobs) {
    if (dice.below(2) == 0) drawn.limits.of_job[job] = 1 + dice.below(3);
  }
  const auto any = [&] {
    return candidate(jobs[dice.below(4)], static_cast<int>(dice.below(50)),
                     1 + static_cast<int>(dice.below(9)), static_cast<std::int64_t>(dice.below(3)));
  };
  for (auto count = dice.below(8); count > 0; --count) drawn.candidates.push_back(any());
  // What runs was chosen once.
  for (auto count = dice.below(5); count > 0; --count) {
    const InstanceId id = any().id;
    if (place_for(id, drawn.running, drawn.limits) == Place::free) drawn.running.add(id);
  }
  return drawn;
}

TEST_CASE("places: no limit is ever exceeded, and whoever is left out has no place, at any draw") {
  SeededRandom dice{7};
  for (int n = 0; n < 5000; ++n) {
    const Draw drawn = draw(dice);
    Running running = drawn.running;
    std::size_t starts = 0;
    for (const Instance& instance : choose(drawn.candidates, drawn.running, drawn.limits)) {
      running.add(instance.id);
      ++starts;
    }
    REQUIRE(running.total - running.backfills <= drawn.limits.total);
    REQUIRE(running.backfills <= drawn.limits.backfills());
    for (const auto& [job, most] : drawn.limits.of_job) {
      REQUIRE((!running.of_job.contains(job) || running.of_job.at(job) <= most));
    }
    // A place stays free only where a limit forbids each of those left out: priority starves nobody then.
    if (starts == drawn.candidates.size() || running.total >= drawn.limits.total) continue;
    std::size_t without_place = 0;
    for (const Instance& instance : drawn.candidates)
      without_place += place_for(instance.id, running, drawn.limits) != Place::free ? 1U : 0U;
    REQUIRE(without_place >= drawn.candidates.size() - starts);
  }
}

TEST_CASE("places: an instance of higher priority keeps a lower one waiting, not for ever") {
  // One place; each minute a new candidate of priority 9 comes until minute 20; each takes one minute.
  std::vector<Instance> waiting = {candidate("low", 0)};
  std::string order;
  for (int minute = 0; minute < 30; ++minute) {
    if (minute < 20) waiting.push_back(candidate("high", minute, 9));
    const auto next = choose(waiting, Running(), limit(1));
    if (next.empty()) break;
    order = names(next);
    std::erase_if(waiting, [&](const Instance& other) { return other.id == next.front().id; });
    if (order == "low:0") break;
  }
  CHECK(order == "low:0");
  CHECK(waiting.empty());
}

}  // namespace
