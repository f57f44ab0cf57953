// Real processes, real SIGKILL.
#include "storage/sqlite_state_store.hpp"
#include "tests/support/state_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace sluice;

storage::DatabaseOptions at(const std::string& path) {
  storage::DatabaseOptions options;
  options.path = path;
  return options;
}

// Runs windows for ever; writes one byte to `report` after each one that is durable.
[[noreturn]] void run_windows(const std::string& path, int report) {
  try {
    storage::SqliteStateStore store(at(path));
    store.close_lost(test::at_minute(0));
    for (;;) {
      const auto last = store.last_planned("orders");
      const int minute = last ? static_cast<int>((*last - test::at_minute(0)) / std::chrono::minutes(1)) : -1;
      std::vector<scheduler::NewInstance> planned = {test::planned_at("orders", minute + 1)};
      store.add_instances(planned);
      for (const auto& head : store.heads(test::at_minute(minute + 1))) {
        const int mark = static_cast<int>((head.id.scheduled - test::at_minute(0)) / std::chrono::minutes(1));
        const auto attempt =
            store.begin_attempt(head.row, test::positions_at(mark), head.id.scheduled).value();
        store.succeed(attempt, test::outcome_at(mark + 1, 1), head.id.scheduled);
        if (::write(report, "x", 1) != 1) ::_exit(2);
      }
    }
  } catch (...) {
    ::_exit(3);
  }
}

// Lets a child finish `windows` more windows and kills it wherever it is then. Returns how many it reported.
std::uint64_t run_and_kill(const std::string& path, std::uint64_t windows) {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    run_windows(path, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t reported = 0;
  char byte = 0;
  while (reported < windows && ::read(ends[0], &byte, 1) == 1) ++reported;
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (::read(ends[0], &byte, 1) == 1) ++reported;
  ::close(ends[0]);
  return reported;
}

// Every window once, in order, each starting where its predecessor ended.
void check_chain(storage::SqliteStateStore& store, std::uint64_t acknowledged) {
  const scheduler::Coverage coverage = store.coverage("orders");
  CHECK(coverage.windows >= acknowledged);
  CHECK(coverage.rows == coverage.windows);
  scheduler::InstanceQuery query;
  query.limit = 1000;
  std::uint64_t successes = 0;
  for (const auto& instance : store.instances(query)) {
    if (instance.state != scheduler::State::success) continue;
    ++successes;
    CHECK(instance.objects.size() == 1);
    const auto before = store.committed_before("orders", instance.id.scheduled);
    if (before) CHECK(before == store.start_positions(instance.row));
  }
  CHECK(successes == coverage.windows);
}

}  // namespace

TEST_CASE("sqlite state store: SIGKILL at any moment loses no acknowledged window and doubles none",
          "[storage]") {
  const test::TempFolder folder;
  const std::string path = folder.file("state.db");
  std::uint64_t acknowledged = 0;
  for (std::uint64_t round = 0; round < 20; ++round) {
    INFO("round " << round);
    acknowledged += run_and_kill(path, 1 + round * 7 % 11);
    storage::SqliteStateStore store(at(path));
    check_chain(store, acknowledged);
    const auto lost = store.close_lost(test::at_minute(0));
    CHECK(lost.size() <= 1);
  }
}
