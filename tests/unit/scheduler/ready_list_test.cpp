#include "scheduler/ready_list.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::scheduler;

namespace {

Instance sample(const std::string& job, int slot, int priority = 1) {
  Instance instance;
  instance.id.job = job;
  instance.id.scheduled = Instant(std::chrono::seconds(slot));
  instance.priority = priority;
  return instance;
}

// "a:0 b:5", in turn.
std::string names(const ReadyList& list) {
  std::string text;
  for (auto entry = list.first(); entry; entry = list.next(*entry)) {
    if (!text.empty()) text += ' ';
    text += entry->id.job + ":" +
            std::to_string(entry->id.scheduled.time_since_epoch() / std::chrono::seconds(1));
  }
  return text;
}

}  // namespace

TEST_CASE("ready list: nothing is known before the first look at every chain") {
  ReadyList list;
  CHECK(list.doubted());
  list.clear();
  CHECK_FALSE(list.doubted());
  list.doubt();
  CHECK(list.doubted());
}

TEST_CASE("ready list: entries come in the order of places, each once") {
  ReadyList list;
  list.add(sample("c", 5));
  list.add(sample("b", 0));
  list.add(sample("a", 0));
  list.add(sample("z", 9, 2));
  list.add(sample("a", 0));
  CHECK(names(list) == "z:9 a:0 b:0 c:5");
  const auto first = list.first();
  REQUIRE(first);
  list.remove(*first);
  CHECK(names(list) == "a:0 b:0 c:5");
  CHECK(list.next(*first)->id.job == "a");
}

TEST_CASE("ready list: what waits for a job comes back when an attempt of that job ended") {
  ReadyList list;
  list.block(sample("report", 5), "orders");
  list.block(sample("other", 5), "users");
  CHECK(names(list).empty());
  list.end(sample("orders", 5).id);
  CHECK(names(list).empty());
  CHECK(list.take_ended() == sample("orders", 5).id);
  CHECK(names(list) == "report:5");
  CHECK_FALSE(list.take_ended());
}

TEST_CASE("ready list: a dry run that waited is read again, for it needs no place") {
  ReadyList list;
  Instance dry = sample("report", 5);
  dry.dry_run = true;
  list.block(dry, "orders");
  list.end(sample("orders", 5).id);
  CHECK(list.take_ended() == sample("orders", 5).id);
  CHECK(list.take_ended() == dry.id);
  CHECK_FALSE(list.take_ended());
  CHECK(names(list).empty());
}

TEST_CASE("ready list: the end of a backfill's attempt is about no recurring chain") {
  ReadyList list;
  InstanceId id = sample("orders", 5).id;
  id.group = 7;
  list.end(id);
  CHECK_FALSE(list.take_ended());
}

TEST_CASE("ready list: behind very many ends one look at every chain is asked for") {
  ReadyList list;
  list.clear();
  for (int n = 0; n <= static_cast<int>(ReadyList::kEndsMax); ++n) {
    CHECK_FALSE(list.doubted());
    list.end(sample("job-" + std::to_string(n), 5).id);
  }
  CHECK(list.doubted());
}

TEST_CASE("ready list: a look at every chain forgets all that was before") {
  ReadyList list;
  list.add(sample("a", 0));
  list.block(sample("b", 0), "a");
  list.cut_short("c");
  list.end(sample("a", 0).id);
  list.clear();
  CHECK(names(list).empty());
  CHECK_FALSE(list.take_ended());
  CHECK(list.cut_short().empty());
}
