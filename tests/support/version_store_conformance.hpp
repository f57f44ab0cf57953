#pragma once
// What every store of versions and every audit log must do, as one suite to run over each implementation.
//
// Fixture: default constructible, empty each time;
//   VersionStore& store();  AuditLog& audit();  boost::asio::io_context& loop();
//   void name(chain, version);  // makes an instance of the chain that is not done and names the version

#include "scheduler/audit_log.hpp"
#include "scheduler/version_store.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/state_store_samples.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

inline scheduler::JobVersion version_at(const std::string& job, const std::string& version, int minute) {
  scheduler::JobVersion kept;
  kept.job = job;
  kept.version = version;
  kept.first_seen = at_minute(minute);
  kept.since = at_minute(minute);
  kept.actor = "SIGHUP";
  kept.text.file = "jobs.d/" + job + ".yaml";
  kept.text.text = "name: " + job;
  kept.text.script_file = "jobs.d/script.json";
  kept.text.script = "{}";
  return kept;
}

inline scheduler::AuditEntry audit_at(const std::string& action, const std::string& target, int minute,
                                      const std::string& actor = "uid 1000 (unix socket)") {
  scheduler::AuditEntry entry;
  entry.at = at_minute(minute);
  entry.actor = actor;
  entry.action = action;
  entry.target = target;
  entry.detail = "because";
  return entry;
}

template <class Fixture>
class VersionStoreSuite {
 public:
  void keeping();
  void removing();
  void auditing();

 private:
  template <class T>
  T run(awaitable<T> task) {
    return run_loop(fixture_.loop(), std::move(task));
  }
  void put(std::vector<scheduler::JobVersion> versions, std::vector<std::string> removed = {},
           std::vector<scheduler::AuditEntry> entries = {}) {
    run(fixture_.store().put_in_force(std::move(versions), std::move(removed), std::move(entries)));
  }
  // "b* a": the latest first, with a star where it is in force.
  std::string listed(const std::string& job) {
    std::string text;
    for (const auto& version : run(fixture_.store().versions(job))) {
      text += (text.empty() ? "" : " ") + version.version + (version.present ? "*" : "");
    }
    return text;
  }
  std::string found(scheduler::AuditQuery query) {
    std::string text;
    for (const auto& record : run(fixture_.audit().find_audit(std::move(query))))
      text += (text.empty() ? "" : " ") + record.entry.action;
    return text;
  }

  Fixture fixture_;
};

template <class Fixture>
void VersionStoreSuite<Fixture>::keeping() {
  CHECK(listed("orders").empty());
  CHECK_FALSE(run(fixture_.store().version("orders", "a")));
  scheduler::JobVersion first = version_at("orders", "a", 0);
  first.effective = at_minute(5);
  first.replaces = "z";
  put({first, version_at("users", "u", 0)});
  put({version_at("orders", "b", 10)});
  CHECK(listed("orders") == "b* a");
  CHECK(listed("") == "b* u*");
  const auto a = run(fixture_.store().version("orders", "a"));
  REQUIRE(a);
  CHECK(a->text == first.text);
  CHECK(a->effective == first.effective);
  CHECK(a->replaces == "z");
  CHECK(a->actor == "SIGHUP");
  CHECK_FALSE(a->present);
  CHECK_FALSE(run(fixture_.store().version("users", "a")));
  CHECK(run(fixture_.store().versions("orders")).at(0).text == job::DefinitionText());

  put({version_at("orders", "a", 20)});  // back again
  CHECK(listed("orders") == "a* b");
  const auto again = run(fixture_.store().version("orders", "a"));
  REQUIRE(again);
  CHECK(again->first_seen == at_minute(0));
  CHECK(again->since == at_minute(20));
  CHECK_FALSE(again->effective);

  put({}, {"orders"}, {audit_at("reload", "orders", 30)});
  CHECK(listed("orders") == "a b");
  CHECK(listed("") == "u*");
  CHECK(found({}) == "reload");
}

template <class Fixture>
void VersionStoreSuite<Fixture>::removing() {
  for (const char* version : {"a", "b", "c", "d"}) {
    put({version_at("orders", version, version[0] - 'a')});
    put({version_at("orders.x", version, version[0] - 'a')});
  }
  fixture_.name("orders", "a");
  fixture_.name("orders#3", "c");
  fixture_.name("users", "b");  // another job's
  CHECK(run(fixture_.store().remove_versions(at_minute(0), 10)) == 0);
  CHECK(run(fixture_.store().remove_versions(at_minute(3), 10)) == 4);
  CHECK(listed("orders") == "d* c a");
  CHECK(listed("orders.x") == "d*");
  put({version_at("orders.x", "e", 4)});
  CHECK(run(fixture_.store().remove_versions(at_minute(0), 1)) == 1);
  CHECK(listed("orders.x") == "e*");
}

template <class Fixture>
void VersionStoreSuite<Fixture>::auditing() {
  const std::string instance = "orders@2018-10-16T00:05+08:00";
  run(fixture_.audit().add_audit({audit_at("one", "orders", 1), audit_at("two", instance, 2, "uid 0"),
                                  audit_at("three", "orders#7@2018-10-16T00:05+08:00", 3)}));
  run(fixture_.audit().add_audit({audit_at("four", "orders_2", 4), audit_at("five", "orders#7", 5)}));
  CHECK(found({}) == "five four three two one");
  scheduler::AuditQuery query;
  query.job = "orders";
  CHECK(found(query) == "five three two one");
  query.from = at_minute(2);
  query.to = at_minute(5);
  CHECK(found(query) == "three two");
  query.actor = "uid 0";
  CHECK(found(query) == "two");
  query = {};
  query.target = instance;
  CHECK(found(query) == "two");
  query.action = "one";
  CHECK(found(query).empty());
  query.target = "orders";
  CHECK(found(query) == "one");

  query = {};
  query.limit = 2;
  const auto page = run(fixture_.audit().find_audit(query));
  REQUIRE(page.size() == 2);
  CHECK(page[0].number > page[1].number);
  CHECK(page[1].entry.at == at_minute(4));
  CHECK(page[1].entry.target == "orders_2");
  CHECK(page[1].entry.detail == "because");
  query.before = page[1].number;
  CHECK(found(query) == "three two");
  query.before = 1;
  CHECK(found(query).empty());
}

// Runs the whole suite inside the calling TEST_CASE; each behaviour on a fresh Fixture.
template <class Fixture>
void check_version_store() {
  VersionStoreSuite<Fixture> suite;
  SECTION("keeping") { suite.keeping(); }
  SECTION("removing") { suite.removing(); }
  SECTION("auditing") { suite.auditing(); }
}

}  // namespace sluice::test
