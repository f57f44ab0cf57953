// Seeded lives of the scheduler. SLUICE_SEEDS=N runs seeds 1 to N (100 by default); SLUICE_SEED=K runs only
// seed K.

#include "storage/async_state_store.hpp"
#include "tests/sim/scheduler_world.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

namespace sluice::test {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

struct Seeds {
  // Runs one seed in `share`.
  explicit Seeds(std::uint64_t share) {
    const std::uint64_t only = number_from("SLUICE_SEED", 0);
    first = only == 0 ? 1 : only;
    last = only == 0 ? std::max<std::uint64_t>(number_from("SLUICE_SEEDS", 100) / share, 1) : only;
  }
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

TEST_CASE("simulation: random lives on the memory store lose and double nothing") {
  const Seeds seeds(1);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    INFO("SLUICE_SEED=" << seed);
    SchedulerWorld world(seed, nullptr);
    CHECK_NOTHROW(world.run());
  }
}

TEST_CASE("simulation: random lives on the SQLite store lose and double nothing") {
  const Seeds seeds(20);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    INFO("SLUICE_SEED=" << seed);
    const TempFolder folder;
    storage::DatabaseOptions options;
    options.path = folder.file("state.db");
    storage::AsyncStateStore store(std::make_unique<storage::SqliteStateStore>(options),
                                   storage::Threading::caller);
    SchedulerWorld world(seed, &store);
    CHECK_NOTHROW(world.run());
  }
}

}  // namespace
}  // namespace sluice::test
