// Seeded weeks of the scheduler. SLUICE_SEEDS=N runs N seeds (500 by default, 100 with a sanitizer) from
// SLUICE_FIRST_SEED (1) on; SLUICE_SEED=K runs only seed K. SLUICE_VERBOSE=1 says what each seed cost, 2 also
// what happens in it.

#include "storage/async_state_store.hpp"
#include "tests/sim/scheduler_world.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>

using namespace sluice;
using namespace sluice::test;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

#ifdef SLUICE_SANITIZED
constexpr std::uint64_t kSeeds = 100;
#else
constexpr std::uint64_t kSeeds = 500;
#endif

constexpr std::uint64_t kOnSqlite = 40;  // of so many weeks one runs on a file, too

struct Lives {
  Duration lived{0};
  std::size_t attempts = 0;
};

void live(SchedulerWorld& world, Lives& lives) {
  if (number_from("SLUICE_VERBOSE", 0) > 1) world.think_aloud();
  world.run();
  lives.lived += world.lived();
  lives.attempts += world.attempts();
}

// Runs one seed in `share`.
void run_seeds(std::uint64_t share, const std::function<void(std::uint64_t seed, Lives& lives)>& run) {
  const std::uint64_t only = number_from("SLUICE_SEED", 0);
  const std::uint64_t first = only == 0 ? number_from("SLUICE_FIRST_SEED", 1) : only;
  const std::uint64_t count =
      only == 0 ? std::max<std::uint64_t>(number_from("SLUICE_SEEDS", kSeeds) / share, 1) : 1;
  Lives lives;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    INFO("SLUICE_SEED=" << seed);
    const std::clock_t began = std::clock();
    const std::size_t before = lives.attempts;
    CHECK_NOTHROW(run(seed, lives));
    if (number_from("SLUICE_VERBOSE", 0) > 0) {
      std::printf("seed %llu: %zu attempts, %.0f ms\n", static_cast<unsigned long long>(seed),
                  lives.attempts - before, 1e3 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
    }
  }
  const auto days = std::chrono::duration_cast<std::chrono::days>(lives.lived).count();
  std::printf("%llu weeks, %.1f years, %zu attempts\n", static_cast<unsigned long long>(count),
              static_cast<double>(days) / 365.25, lives.attempts);
}

TEST_CASE("simulation: random weeks on the memory store lose and double nothing") {
  run_seeds(1, [](std::uint64_t seed, Lives& lives) {
    SchedulerWorld world(seed);
    live(world, lives);
  });
}

TEST_CASE("simulation: random weeks on the SQLite store lose and double nothing") {
  run_seeds(kOnSqlite, [](std::uint64_t seed, Lives& lives) {
    const TempFolder folder;
    storage::DatabaseOptions options;
    options.path = folder.file("state.db");
    auto file = std::make_unique<storage::SqliteStateStore>(options);
    SqliteView view(*file);
    storage::AsyncStateStore store(std::move(file), storage::Threading::caller);
    SchedulerWorld world(seed, store, view);
    live(world, lives);
  });
}

}  // namespace
