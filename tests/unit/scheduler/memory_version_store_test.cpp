#include "tests/support/memory_version_store.hpp"

#include "tests/support/version_store_conformance.hpp"

#include <boost/asio/io_context.hpp>

#include <set>

using namespace sluice;
using namespace sluice::test;

namespace {

struct MemoryVersionsFixture {
  MemoryVersionsFixture() {
    kept.named = [this](const std::string& job, const std::string& version) {
      return named.contains({job, version});
    };
  }
  scheduler::VersionStore& store() { return kept; }
  scheduler::AuditLog& audit() { return kept; }
  boost::asio::io_context& loop() { return io; }
  void name(const std::string& chain, const std::string& version) {
    named.emplace(scheduler::parse_chain(chain).job, version);
  }

  boost::asio::io_context io{1};
  MemoryVersionStore kept;
  std::set<std::pair<std::string, std::string>> named;
};

TEST_CASE("memory version store: keeps the contract of the ports") {
  check_version_store<MemoryVersionsFixture>();
}

}  // namespace
