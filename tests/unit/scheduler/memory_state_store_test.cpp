#include "tests/support/memory_state_store.hpp"

#include "tests/support/state_store_conformance.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct MemoryFixture {
  scheduler::StateStore& store() { return kept; }
  boost::asio::io_context& loop() { return io; }
  void reopen() {}

  boost::asio::io_context io{1};
  MemoryStateStore kept;
};

TEST_CASE("memory state store: keeps the contract of the port") { check_state_store<MemoryFixture>(); }

}  // namespace
