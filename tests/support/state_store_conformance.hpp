#pragma once
// What every state store must do, as one suite to run over each implementation. A test file writes
//
//   TEST_CASE("sqlite state store: keeps the contract of the port") {
//     sluice::test::check_state_store<SqliteFixture>();
//   }
//
// Fixture: default constructible, an empty store each time;
//   StateStore& store();  boost::asio::io_context& loop();
//   void reopen();  // closes the store and opens it on the same content; nothing to do for one in memory

#include "tests/support/state_store_conformance_attempts.hpp"
#include "tests/support/state_store_conformance_dependencies.hpp"
#include "tests/support/state_store_conformance_operations.hpp"
#include "tests/support/state_store_conformance_planning.hpp"

namespace sluice::test {

// Runs the whole suite inside the calling TEST_CASE; each behaviour on a fresh Fixture.
template <class Fixture>
void check_state_store() {
  StateStoreSuite<Fixture> suite;
  SECTION("planning") { suite.planning(); }
  SECTION("looking") { suite.looking(); }
  SECTION("dependencies") { suite.dependencies(); }
  SECTION("state changes") { suite.state_changes(); }
  SECTION("attempts") { suite.attempts(); }
  SECTION("failing") { suite.failing(); }
  SECTION("crashes") { suite.crashes(); }
  SECTION("positions") { suite.positions(); }
  SECTION("repeats") { suite.repeats(); }
  SECTION("coverage") { suite.coverage(); }
  SECTION("many at once") { suite.many_at_once(); }
  SECTION("changing in place") { suite.changing_in_place(); }
  SECTION("lost for good") { suite.lost_for_good(); }
  SECTION("committed later") { suite.committed_later(); }
  SECTION("skipping") { suite.skipping(); }
  SECTION("dry runs") { suite.dry_runs(); }
  SECTION("pausing") { suite.pausing(); }
}

}  // namespace sluice::test
