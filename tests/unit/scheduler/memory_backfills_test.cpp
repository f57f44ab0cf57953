#include "tests/support/memory_backfills.hpp"

#include "tests/support/backfill_store_conformance.hpp"
#include "tests/support/memory_state_store.hpp"

namespace {

class MemoryBackfillsFixture {
 public:
  sluice::scheduler::StateStore& store() { return store_; }
  sluice::scheduler::BackfillStore& backfills() { return backfills_; }
  sluice::scheduler::CatchUpStore& catch_up() { return catch_up_; }
  boost::asio::io_context& loop() { return loop_; }
  void reopen() {}

 private:
  boost::asio::io_context loop_{1};
  sluice::test::MemoryStateStore store_;
  sluice::test::MemoryBackfills backfills_{store_};
  sluice::test::MemoryCatchUp catch_up_{store_};
};

}  // namespace

TEST_CASE("memory backfills: keep the contract of the ports") {
  sluice::test::check_backfill_store<MemoryBackfillsFixture>();
}
