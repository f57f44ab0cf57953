// Calls that become durable together, broken off at each write of their group.
#include "storage/group_commit.hpp"

#include "storage/sqlite_state_store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/unit/storage/state_on_disk.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sqlite3.h>

#include <future>

namespace {

using namespace sluice;
using scheduler::AttemptResult;
using scheduler::State;
using sluice::test::MemoryDisk;
using sluice::test::open_on;
using storage::SqliteStateStore;

// One call of a group. Each has a job to itself, so that what it did is seen there and nowhere else.
struct Call {
  std::string job;
  std::function<void(SqliteStateStore&)> work;
};

std::int64_t row_of(SqliteStateStore& store, const std::string& job) {
  return store.instance(sluice::test::planned_at(job, 0).id).value().row;
}

scheduler::Attempt open_attempt(SqliteStateStore& store, const std::string& job) {
  return store.attempts(row_of(store, job)).back();
}

void begin(SqliteStateStore& store, const std::string& job) {
  store.begin_attempt(row_of(store, job), sluice::test::positions_at(1), sluice::test::at_minute(0)).value();
}

void plan_hours(SqliteStateStore& store) {
  std::vector<scheduler::NewInstance> planned;
  for (int minute = 5; minute < 100; minute += 5) planned.push_back(sluice::test::planned_at("plan", minute));
  store.add_instances(planned);
}

void refused(SqliteStateStore& store) {
  const auto done = store.change_state(row_of(store, "refused"), {State::running}, State::frozen, "no");
  REQUIRE_FALSE(done);
}

// Writes, then fails for a reason of its own.
void thrown(SqliteStateStore& store) {
  storage::Transaction transaction(store.database());
  store.database().run("UPDATE instances SET reason = 'never' WHERE id = ?", row_of(store, "thrown"));
  throw ErrorException(Error(Errc::conflict, "its own"));
}

void set_success(SqliteStateStore& store) {
  scheduler::AuditEntry entry;
  entry.action = "set-success";
  const auto done =
      store.operate(row_of(store, "operate"), {State::wait_time}, State::success, "by hand", entry);
  REQUIRE(done);
}

// A call that rests on what another one of the group wrote before.
void finish_what_began(SqliteStateStore& store) {
  if (store.instance(sluice::test::planned_at("begin", 0).id)->state != State::running)
    throw ErrorException(Error(Errc::io, "not begun"));
}

std::vector<Call> calls() {
  const auto succeed = [](SqliteStateStore& store) {
    store.succeed(open_attempt(store, "succeed"), sluice::test::outcome_at(2, 12),
                  sluice::test::at_minute(1));
  };
  const auto fail = [](SqliteStateStore& store) {
    store.fail(open_attempt(store, "fail"), AttemptResult::failed, Error(Errc::throttled, "503"), {},
               sluice::test::at_minute(3), sluice::test::at_minute(1));
  };
  const auto shorten = [](SqliteStateStore& store) {
    store.remove_unstarted("remove", sluice::test::at_minute(-1));
  };
  return {{"plan", plan_hours},     {"begin", [](SqliteStateStore& store) { begin(store, "begin"); }},
          {"thrown", thrown},       {"succeed", succeed},
          {"refused", refused},     {"fail", fail},
          {"operate", set_success}, {"read", finish_what_began},
          {"remove", shorten}};
}

// With a store in which each call of the group can be made; made once.
const MemoryDisk::Files& prepared() {
  static const MemoryDisk::Files files = [] {
    MemoryDisk disk;
    auto store = open_on(disk);
    std::vector<scheduler::NewInstance> planned;
    for (const Call& call : calls()) planned.push_back(sluice::test::planned_at(call.job, 0));
    store->add_instances(planned);
    begin(*store, "succeed");
    begin(*store, "fail");
    return disk.files();  // most of it in the log, so that groups come behind what is committed there
  }();
  return files;
}

std::string dump(SqliteStateStore& store, const std::string& job) {
  scheduler::InstanceQuery query;
  query.job = job;
  query.limit = 1000;
  std::string text = fmt::format("audit {} ", job == "operate" ? store.audit(10).size() : 0);
  for (const auto& instance : store.instances(query)) {
    const auto end = store.end_positions(instance.row);
    text +=
        fmt::format("{} {} {} {} {} {} {} ", instance.id.scheduled.time_since_epoch().count(),
                    to_string(instance.state), instance.reason, instance.attempts, instance.failures,
                    instance.objects.size(), end ? boost::json::serialize(pipeline::to_json(*end)) : "none");
    for (const auto& attempt : store.attempts(instance.row)) text += to_string(attempt.result);
  }
  return text;
}

std::map<std::string, std::string> dumps(SqliteStateStore& store) {
  std::map<std::string, std::string> texts;
  for (const Call& call : calls()) texts[call.job] = dump(store, call.job);
  return texts;
}

awaitable<void> hold(WorkerThread& worker, std::promise<void>& begun, std::promise<void>& opened) {
  auto work = [&] {
    begun.set_value();
    opened.get_future().wait();
  };
  co_await worker.call(work);
}

awaitable<void> make(WorkerThread& worker, SqliteStateStore& store, Call call,
                     std::optional<Error>& failure) {
  auto work = [&] { call.work(store); };
  try {
    co_await worker.call(work);
  } catch (const ErrorException& thrown) {
    failure = thrown.error();
  }
}

// Makes all calls at once; how each ended.
std::vector<std::optional<Error>> run_group(SqliteStateStore& store) {
  boost::asio::io_context loop{1};
  WorkerThread worker("test", {}, storage::commit_together(store.database(), 100, std::chrono::hours(1)));
  std::promise<void> begun;
  std::promise<void> opened;
  boost::asio::co_spawn(loop, hold(worker, begun, opened), [](std::exception_ptr) {});
  loop.poll();
  begun.get_future().wait();
  const std::vector<Call> made = calls();
  std::vector<std::optional<Error>> failures(made.size());
  for (std::size_t n = 0; n < made.size(); ++n) {
    boost::asio::co_spawn(loop, make(worker, store, made[n], failures[n]), [](std::exception_ptr) {});
  }
  loop.poll();
  opened.set_value();
  loop.run();
  return failures;
}

struct Expected {
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> after;
  std::uint64_t steps = 0;
};

// The smallest cache makes SQLite write before the commit, so that failures come in the middle as well.
enum class Cache { ordinary, smallest };

std::unique_ptr<SqliteStateStore> open_on(const MemoryDisk& disk, Cache cache) {
  auto store = open_on(disk);
  if (cache == Cache::smallest) store->database().execute("PRAGMA cache_size=1");
  return store;
}

Expected expected(Cache cache) {
  MemoryDisk disk(prepared());
  auto store = open_on(disk, cache);
  Expected expected;
  expected.before = dumps(*store);
  const std::uint64_t first = disk.steps();
  run_group(*store);
  expected.steps = disk.steps() - first;
  expected.after = dumps(*store);
  return expected;
}

void check_all_done(const std::vector<std::optional<Error>>& failures) {
  const std::vector<Call> made = calls();
  for (std::size_t n = 0; n < made.size(); ++n) {
    INFO(made[n].job << (failures[n] ? failures[n]->message() : ""));
    if (made[n].job == "thrown") {
      REQUIRE(failures[n]);
      CHECK(failures[n]->code() == Errc::conflict);
    } else {
      CHECK_FALSE(failures[n]);
    }
  }
}

// What was answered is there, what was refused is not; `torn`: what failed may be there, but only whole.
void check_outcome(SqliteStateStore& store, const std::vector<std::optional<Error>>& failures,
                   const Expected& expected, bool torn) {
  const std::vector<Call> made = calls();
  for (std::size_t n = 0; n < made.size(); ++n) {
    const std::string& job = made[n].job;
    INFO(job << (failures[n] ? ": " + failures[n]->message() : ": done"));
    const std::string found = dump(store, job);
    const bool before = found == expected.before.at(job);
    const bool after = found == expected.after.at(job);
    const bool as_answered = failures[n] ? before : after;
    const bool whole = as_answered || (torn && failures[n] && after);
    CHECK(whole);
  }
}

}  // namespace

TEST_CASE("group commit: the calls of a group are durable with as many syncs as one call", "[storage]") {
  MemoryDisk disk(prepared());
  auto store = open_on(disk);
  const auto before = dumps(*store);
  std::uint64_t syncs = disk.syncs();
  check_all_done(run_group(*store));
  CHECK(disk.syncs() == syncs + 1);
  const auto after = dumps(*store);
  SeededRandom random(1);
  store.reset();
  disk.cut_power(random);
  store = open_on(disk);
  CHECK(dumps(*store) == after);
  for (const std::string job : {"plan", "begin", "succeed", "fail", "operate", "remove"}) {
    CHECK(after.at(job) != before.at(job));
  }
  CHECK(after.at("refused") == before.at("refused"));
  CHECK(after.at("thrown") == before.at("thrown"));
}

TEST_CASE("group commit: one failing write anywhere in a group is made up for call by call", "[storage]") {
  const auto cache = GENERATE(Cache::ordinary, Cache::smallest);
  const Expected wanted = expected(cache);
  REQUIRE(wanted.steps > 20);
  for (std::uint64_t k = 0; k < wanted.steps; ++k) {
    for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
      INFO("step " << k << " of " << wanted.steps << ", code " << code);
      MemoryDisk disk(prepared());
      auto store = open_on(disk, cache);
      disk.fail_at(disk.steps() + k, code);
      check_all_done(run_group(*store));
      REQUIRE(disk.failed());
      CHECK(dumps(*store) == wanted.after);
    }
  }
}

TEST_CASE("group commit: a disk that fails from any write on leaves each call wholly done or not at all",
          "[storage]") {
  const auto cache = GENERATE(Cache::ordinary, Cache::smallest);
  const Expected wanted = expected(cache);
  for (std::uint64_t k = 0; k < wanted.steps; ++k) {
    for (const auto& [code, kind] :
         {std::pair(SQLITE_FULL, Errc::disk_full), std::pair(SQLITE_IOERR_WRITE, Errc::io)}) {
      INFO("step " << k << " of " << wanted.steps << ", code " << code);
      MemoryDisk disk(prepared());
      auto store = open_on(disk, cache);
      disk.fail_from(disk.steps() + k, code);
      const auto failures = run_group(*store);
      for (std::size_t n = 0; n < failures.size(); ++n) {
        const std::string job = calls()[n].job;
        if (failures[n] && job != "thrown" && job != "read") CHECK(failures[n]->code() == kind);
      }
      check_outcome(*store, failures, wanted, false);
      disk.heal();
      check_outcome(*store, failures, wanted, false);
      const auto again = sluice::test::planned_at("later", 0);
      CHECK(store->add_instances({again}) == 1);
    }
  }
}

TEST_CASE("group commit: a power cut at any write of a group keeps what was answered, and nothing by halves",
          "[storage]") {
  const auto cache = GENERATE(Cache::ordinary, Cache::smallest);
  const Expected wanted = expected(cache);
  for (std::uint64_t k = 0; k < wanted.steps; ++k) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO("step " << k << " of " << wanted.steps << ", seed " << seed);
      MemoryDisk disk(prepared());
      auto store = open_on(disk, cache);
      disk.fail_from(disk.steps() + k, SQLITE_IOERR_WRITE);
      const auto failures = run_group(*store);
      store.reset();
      SeededRandom random(seed);
      disk.cut_power(random);
      disk.heal();
      store = open_on(disk);
      check_outcome(*store, failures, wanted, true);
    }
  }
}
