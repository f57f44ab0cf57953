#include "storage/async_backfills.hpp"

#include "storage/sqlite_backfills.hpp"
#include "storage/sqlite_catch_up.hpp"

namespace sluice::storage {
namespace {

// `work` lives in the frame of the calling method, which waits here.
template <class Part, class Work>
awaitable<std::invoke_result_t<Work&, Part&>> ask_part(AsyncStateStore& store, Work& work) {
  using Answer = std::invoke_result_t<Work&, Part&>;
  if constexpr (std::is_void_v<Answer>) {
    const std::function<void(SqliteStateStore&)> step = [&](SqliteStateStore& file) {
      if constexpr (std::is_same_v<Part, SqliteBackfills>) {
        SqliteBackfills part(file);
        work(part);
      } else {
        SqliteCatchUp part(file.database());
        work(part);
      }
    };
    co_await store.with_file(step);
  } else {
    std::optional<Answer> answer;
    auto keep = [&](Part& part) { answer.emplace(work(part)); };
    co_await ask_part<Part>(store, keep);
    co_return std::move(*answer);
  }
}

}  // namespace

awaitable<scheduler::Backfill> AsyncBackfills::add_backfill(scheduler::Backfill backfill,
                                                            scheduler::AuditEntry entry) {
  auto work = [&](SqliteBackfills& part) { return part.add_backfill(backfill, entry); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<void> AsyncBackfills::backfill_planned(std::int64_t id, std::size_t left_out) {
  auto work = [&](SqliteBackfills& part) { part.backfill_planned(id, left_out); };
  co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<Result<void>> AsyncBackfills::change_backfill(std::int64_t id,
                                                        std::vector<scheduler::BackfillState> from,
                                                        scheduler::BackfillState to,
                                                        scheduler::AuditEntry entry) {
  auto work = [&](SqliteBackfills& part) { return part.change_backfill(id, from, to, entry); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::size_t> AsyncBackfills::skip_waiting(std::int64_t id, std::string reason) {
  auto work = [&](SqliteBackfills& part) { return part.skip_waiting(id, reason); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<void> AsyncBackfills::close_backfill(std::int64_t id) {
  auto work = [&](SqliteBackfills& part) { part.close_backfill(id); };
  co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<void> AsyncBackfills::reopen_backfill(std::int64_t group) {
  auto work = [&](SqliteBackfills& part) { part.reopen_backfill(group); };
  co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::vector<scheduler::Backfill>> AsyncBackfills::unfinished_backfills() {
  auto work = [&](SqliteBackfills& part) { return part.unfinished_backfills(); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::vector<scheduler::Backfill>> AsyncBackfills::backfills(scheduler::BackfillQuery query) {
  auto work = [&](SqliteBackfills& part) { return part.backfills(query); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::optional<scheduler::Backfill>> AsyncBackfills::backfill(std::int64_t id) {
  auto work = [&](SqliteBackfills& part) { return part.backfill(id); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::optional<scheduler::Backfill>> AsyncBackfills::backfill_of_group(std::int64_t group) {
  auto work = [&](SqliteBackfills& part) { return part.backfill_of_group(group); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::vector<scheduler::Instance>> AsyncBackfills::open_instances(std::string chain, bool descending,
                                                                           std::size_t limit) {
  auto work = [&](SqliteBackfills& part) { return part.open_instances(chain, descending, limit); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::vector<std::pair<Instant, scheduler::State>>> AsyncBackfills::states(std::string chain,
                                                                                    Instant from,
                                                                                    Instant to) {
  auto work = [&](SqliteBackfills& part) { return part.states(chain, from, to); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::vector<scheduler::Coverage>> AsyncBackfills::backfilled(std::string job) {
  auto work = [&](SqliteBackfills& part) { return part.backfilled(job); };
  co_return co_await ask_part<SqliteBackfills>(store_, work);
}

awaitable<std::optional<Instant>> AsyncCatchUp::watched_until() {
  auto work = [&](SqliteCatchUp& part) { return part.watched_until(); };
  co_return co_await ask_part<SqliteCatchUp>(store_, work);
}

awaitable<void> AsyncCatchUp::watch(Instant until) {
  auto work = [&](SqliteCatchUp& part) { part.watch(until); };
  co_await ask_part<SqliteCatchUp>(store_, work);
}

awaitable<std::vector<scheduler::Absence>> AsyncCatchUp::absences() {
  auto work = [&](SqliteCatchUp& part) { return part.absences(); };
  co_return co_await ask_part<SqliteCatchUp>(store_, work);
}

awaitable<void> AsyncCatchUp::change_absences(std::vector<scheduler::Absence> added,
                                              std::vector<std::string> ended) {
  auto work = [&](SqliteCatchUp& part) { part.change_absences(added, ended); };
  co_await ask_part<SqliteCatchUp>(store_, work);
}

awaitable<std::vector<std::string>> AsyncCatchUp::planned_jobs() {
  auto work = [&](SqliteCatchUp& part) { return part.planned_jobs(); };
  co_return co_await ask_part<SqliteCatchUp>(store_, work);
}

awaitable<std::vector<Instant>> AsyncCatchUp::never_started(std::string chain, Instant from, Instant to) {
  auto work = [&](SqliteCatchUp& part) { return part.never_started(chain, from, to); };
  co_return co_await ask_part<SqliteCatchUp>(store_, work);
}

}  // namespace sluice::storage
