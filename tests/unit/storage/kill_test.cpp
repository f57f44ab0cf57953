// Real processes, real SIGKILL.
#include "storage/async_state_store.hpp"
#include "tests/support/state_store_conformance.hpp"
#include "tests/support/temp_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <csignal>
#include <functional>
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
    store.close_lost(sluice::test::at_minute(0));
    for (;;) {
      const auto last = store.last_planned("orders");
      const int minute =
          last ? static_cast<int>((*last - sluice::test::at_minute(0)) / std::chrono::minutes(1)) : -1;
      std::vector<scheduler::NewInstance> planned = {sluice::test::planned_at("orders", minute + 1)};
      store.add_instances(planned);
      for (const auto& head : store.heads(sluice::test::at_minute(minute + 1))) {
        const int mark =
            static_cast<int>((head.id.scheduled - sluice::test::at_minute(0)) / std::chrono::minutes(1));
        const auto attempt =
            store.begin_attempt(head.row, sluice::test::positions_at(mark), head.id.scheduled).value();
        store.succeed(attempt, sluice::test::outcome_at(mark + 1, 1), head.id.scheduled);
        if (::write(report, "x", 1) != 1) ::_exit(2);
      }
    }
  } catch (...) {
    ::_exit(3);
  }
}

constexpr int kChains = 8;

std::string chain_name(int chain) { return fmt::format("orders-{}", chain); }

// The same for one of several jobs whose calls meet in groups; the byte tells the job.
awaitable<void> run_chain(storage::AsyncStateStore& store, int chain, int report) {
  const std::string job = chain_name(chain);
  const auto last = co_await store.last_planned(job);
  int minute = last ? static_cast<int>((*last - sluice::test::at_minute(0)) / std::chrono::minutes(1)) : 0;
  for (;; ++minute) {
    const scheduler::NewInstance planned = sluice::test::planned_at(job, minute);
    std::vector<scheduler::NewInstance> rows = {planned};
    co_await store.add_instances(std::move(rows));
    const auto head = co_await store.instance(planned.id);
    if (head->state == scheduler::State::success) continue;
    pipeline::Positions start = sluice::test::positions_at(minute);
    const auto attempt = co_await store.begin_attempt(head->row, std::move(start), planned.id.scheduled);
    scheduler::Outcome outcome = sluice::test::outcome_at(minute + 1, 1);
    co_await store.succeed(attempt.value(), std::move(outcome), planned.id.scheduled);
    const char byte = static_cast<char>('0' + chain);
    if (::write(report, &byte, 1) != 1) ::_exit(2);
  }
}

[[noreturn]] void run_chains(const std::string& path, int report) {
  try {
    boost::asio::io_context loop{1};
    auto core = std::make_unique<storage::SqliteStateStore>(at(path));
    core->close_lost(sluice::test::at_minute(0));
    storage::AsyncStateStore store(std::move(core), storage::Threading::worker);
    for (int chain = 0; chain < kChains; ++chain) {
      boost::asio::co_spawn(loop, run_chain(store, chain, report), [](std::exception_ptr) { ::_exit(4); });
    }
    loop.run();
  } catch (...) {
    ::_exit(3);
  }
  ::_exit(5);
}

using Work = std::function<void(const std::string& path, int report)>;

// Lets a child report `windows` more windows and kills it wherever it is then. Returns what it reported.
std::string run_and_kill(const std::string& path, std::uint64_t windows, const Work& work) {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    work(path, ends[1]);
  }
  ::close(ends[1]);
  std::string reported;
  char byte = 0;
  while (reported.size() < windows && ::read(ends[0], &byte, 1) == 1) reported += byte;
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (::read(ends[0], &byte, 1) == 1) reported += byte;
  ::close(ends[0]);
  return reported;
}

// Every window once, in order, each starting where its predecessor ended.
void check_chain(storage::SqliteStateStore& store, const std::string& job, std::uint64_t acknowledged) {
  const scheduler::Coverage coverage = store.coverage(job);
  CHECK(coverage.windows >= acknowledged);
  CHECK(coverage.rows == coverage.windows);
  scheduler::InstanceQuery query;
  query.job = job;
  query.limit = 1000;
  std::uint64_t successes = 0;
  for (const auto& instance : store.instances(query)) {
    if (instance.state != scheduler::State::success) continue;
    ++successes;
    CHECK(instance.objects.size() == 1);
    const auto before = store.committed_before(job, instance.id.scheduled);
    if (before) CHECK(before->positions == store.start_positions(instance.row));
  }
  CHECK(successes == coverage.windows);
}

}  // namespace

TEST_CASE("sqlite state store: SIGKILL at any moment loses no acknowledged window and doubles none",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  std::uint64_t acknowledged = 0;
  for (std::uint64_t round = 0; round < 20; ++round) {
    INFO("round " << round);
    acknowledged += run_and_kill(path, 1 + round * 7 % 11, run_windows).size();
    storage::SqliteStateStore store(at(path));
    check_chain(store, "orders", acknowledged);
    const auto lost = store.close_lost(sluice::test::at_minute(0));
    CHECK(lost.size() <= 1);
  }
}

TEST_CASE(
    "sqlite state store: SIGKILL amid calls that share a sync keeps each that was answered, and none by "
    "halves",
    "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("state.db");
  std::vector<std::uint64_t> acknowledged(kChains);
  for (std::uint64_t round = 0; round < 12; ++round) {
    INFO("round " << round);
    for (const char byte : run_and_kill(path, 1 + round * 7 % 41, run_chains)) {
      ++acknowledged.at(static_cast<std::size_t>(byte - '0'));
    }
    storage::SqliteStateStore store(at(path));
    for (int chain = 0; chain < kChains; ++chain) {
      INFO("chain " << chain);
      check_chain(store, chain_name(chain), acknowledged[static_cast<std::size_t>(chain)]);
    }
    CHECK(store.close_lost(sluice::test::at_minute(0)).size() <= kChains);
  }
}
