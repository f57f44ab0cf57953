// How much memory it takes to go through many logs. The sanitizers' allocator keeps what is freed.

#include "storage/attempt_log_folder.hpp"
#include "tests/support/own_memory.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

using namespace sluice;

namespace {

constexpr int kLogs = 12'000;
constexpr long kGrowthMaxKib = 2048;  // a path for each would be 8 MB

// Forgets the highest that this process's memory was; false where the kernel cannot.
bool forget_peak() { return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << "5" << std::flush); }

}  // namespace

TEST_CASE("attempt log folder: compressing and pruning keep nothing of the logs that they pass") {
  const sluice::test::TempFolder folder;
  for (int n = 0; n < kLogs; ++n) {
    const std::string day = folder.file(fmt::format("orders/201810{:02}", n % 20 + 1));
    if (n < 20) std::filesystem::create_directories(day);
    std::ofstream(fmt::format("{}/{:04}+0800_1.log", day, n / 20));
  }
  const storage::AttemptLogFolder logs(folder.path().string());
  const Instant now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  if (!forget_peak()) {
    WARN("the kernel does not say how high the memory was");
    return;
  }
  const long before = sluice::test::own_kib("VmRSS:");
  SECTION("compressing") { CHECK(logs.compress(now, std::chrono::hours(1)).value().files == 0); }
  SECTION("pruning") { CHECK(logs.prune(now, {}).value().files == 0); }
  CHECK(sluice::test::own_kib("VmHWM:") - before < kGrowthMaxKib);
}
