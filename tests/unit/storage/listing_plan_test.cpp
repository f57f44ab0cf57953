// Every list of the API is read by an index, page by page, and old versions are looked for by the chains of
// their job: how SQLite goes about the statements that are run.
#include "storage/sqlite_alerts.hpp"
#include "storage/sqlite_audit.hpp"
#include "storage/sqlite_backfills.hpp"
#include "storage/sqlite_state_store.hpp"
#include "storage/sqlite_versions.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace {

using namespace sluice;
using scheduler::State;
using sluice::test::at_minute;

struct Watched {
  sluice::test::TempFolder folder;
  storage::DatabaseOptions options{folder.file("state.db"), ""};
  storage::SqliteStateStore store{options};
  std::set<std::string> statements;

  // The texts of the statements that `work` runs, with their values in place.
  void watch(const std::function<void()>& work) {
    statements.clear();
    sqlite3* handle = store.database().handle();
    const auto note = [](unsigned, void* self, void* statement, void*) {
      char* text = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
      static_cast<Watched*>(self)->statements.insert(text);
      sqlite3_free(text);
      return 0;
    };
    sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, note, this);
    work();
    sqlite3_trace_v2(handle, 0, nullptr, nullptr);
  }

  // How all statements that were run are gone about, a line for each step.
  std::vector<std::string> steps() {
    std::vector<std::string> lines;
    for (const std::string& text : statements) {
      sqlite3_stmt* plan = nullptr;
      const std::string question = "EXPLAIN QUERY PLAN " + text;
      REQUIRE(sqlite3_prepare_v2(store.database().handle(), question.c_str(), -1, &plan, nullptr) ==
              SQLITE_OK);
      while (sqlite3_step(plan) == SQLITE_ROW) {
        const auto* line = reinterpret_cast<const char*>(sqlite3_column_text(plan, 3));
        lines.push_back(std::string(line) + " <- " + text);
      }
      sqlite3_finalize(plan);
    }
    return lines;
  }

  // Those that walk a whole table, or sort all of what they found.
  std::vector<std::string> costly_steps() {
    std::vector<std::string> lines = steps();
    std::erase_if(lines, [](const std::string& line) {
      const bool whole = line.starts_with("SCAN") && line.find(" USING ") == std::string::npos;
      return !whole && !line.starts_with("USE TEMP B-TREE FOR ORDER BY");
    });
    return lines;
  }
};

scheduler::InstanceQuery page(std::string job, bool ascending) {
  scheduler::InstanceQuery query;
  query.job = std::move(job);
  query.ascending = ascending;
  return query;
}

}  // namespace

TEST_CASE("listings: a page of instances is read by the index of its order") {
  Watched w;
  w.store.add_instances(std::vector(1, sluice::test::planned_at("orders", 0)));
  for (const bool ascending : {false, true}) {
    for (const char* job : {"", "orders"}) {
      w.watch([&] {
        scheduler::InstanceQuery query = page(job, ascending);
        w.store.instances(query);
        query.from = at_minute(0);
        query.to = at_minute(60);
        w.store.instances(query);
        query.after = sluice::test::planned_at("orders", 30).id;
        w.store.instances(query);
        query.states.push_back(State::success);
        w.store.instances(query);
      });
      REQUIRE(w.statements.size() >= 4);
      CHECK(w.costly_steps() == std::vector<std::string>());
    }
  }
}

TEST_CASE("listings: the few that are not done, or were skipped, are read by the index that has only them") {
  Watched w;
  w.store.add_instances(std::vector(1, sluice::test::planned_at("orders", 0)));
  for (const State state : {State::failure, State::skipped}) {
    for (const char* job : {"", "orders"}) {
      w.watch([&] {
        scheduler::InstanceQuery query = page(job, false);
        query.states.push_back(state);
        w.store.instances(query);
      });
      const std::string index = state == State::skipped ? "instances_skipped" : "instances_unfinished";
      const auto steps = w.steps();
      INFO(to_string(state) << " of \"" << job << "\"");
      CHECK(std::ranges::any_of(
          steps, [&](const std::string& step) { return step.find(index) != std::string::npos; }));
    }
  }
}

TEST_CASE("listings: pages of backfills, incidents and the audit log go by their numbers") {
  Watched w;
  storage::SqliteBackfills backfills(w.store);
  w.watch([&] {
    scheduler::BackfillQuery some;
    some.before = 7;
    backfills.backfills(some);
    scheduler::IncidentQuery incidents;
    storage::SqliteAlerts(w.store.database()).incidents(incidents);
    incidents.all = true;
    incidents.before = 7;
    storage::SqliteAlerts(w.store.database()).incidents(incidents);
    scheduler::AuditQuery audit;
    audit.before = 7;
    storage::find_audit(w.store.database(), audit);
  });
  REQUIRE(w.statements.size() >= 4);
  CHECK(w.costly_steps() == std::vector<std::string>());
}

TEST_CASE("listings: who needs an old version is looked for among what its job has not done") {
  Watched w;
  w.store.add_instances(std::vector(1, sluice::test::planned_at("orders", 0)));
  w.watch([&] { storage::SqliteVersions(w.store.database()).remove_versions(at_minute(60), 1); });
  const auto steps = w.steps();
  CHECK(std::ranges::count_if(steps, [](const std::string& step) {
          return step.starts_with("SEARCH i USING INDEX instances_unfinished (job_id=?)");
        }) == 1);
  CHECK(std::ranges::none_of(steps, [](const std::string& step) {
    return step.starts_with("SCAN i") || step.starts_with("SCAN j") || step.starts_with("SCAN later");
  }));
}
