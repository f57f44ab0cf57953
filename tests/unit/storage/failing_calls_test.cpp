// What the operating system refuses: each call of a step fails in turn.
#include "core/base/virtual_clock.hpp"
#include "storage/attempt_log.hpp"
#include "storage/attempt_log_folder.hpp"
#include "storage/compressed_log.hpp"
#include "storage/dirty_rows_file.hpp"
#include "storage/state_file.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/state_store_samples.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/storage/faulty_calls.hpp"
#include "tests/unit/storage/scenario.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

using namespace sluice;
using sluice::test::FaultyCalls;

namespace {

namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// Runs `act` with one of its calls failing, each in turn; before it `prepare`, after it `look`. How many
// there were.
int each_call(const std::function<void()>& prepare, const std::function<void()>& act,
              const std::function<void()>& look) {
  for (int k = 0;; ++k) {
    CAPTURE(k);
    REQUIRE(k < 200);
    prepare();
    bool failed = false;
    {
      FaultyCalls faults(EIO, k);
      act();
      failed = faults.failed();
    }
    look();
    if (!failed) return k;
  }
}

// What `act` throws, when it does.
std::optional<Error> error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const ErrorException& failure) {
    return failure.error();
  }
  return std::nullopt;
}

struct StateFile {
  StateFile() {
    const auto store = storage::open_state_file(path, {});
    for (const auto& step : sluice::test::scenario()) step(*store);
    const auto copy = store->start_backup(backup);
    while (!copy->step()) continue;
    old_state = sluice::test::dump(*store);
    store->add_instances({sluice::test::planned_at("late", 1)});
    new_state = sluice::test::dump(*store);
    file = content(path);
    log = content(path + "-wal");
  }
  // As a crash leaves it.
  void put_back() const {
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      if (entry.path() != backup) fs::remove(entry.path());
    }
    put(path, file);
    put(path + "-wal", log);
  }
  std::string state() const { return sluice::test::dump(*storage::open_state_file(path, {})); }

  sluice::test::TempFolder folder;
  std::string path = folder.file("sluice.db");
  std::string backup = folder.file("backup.db");
  std::string old_state;  // of the backup
  std::string new_state;  // of the file, with what is in its log
  std::string file;
  std::string log;
};

}  // namespace

TEST_CASE(
    "failing calls: a restore leaves the old state or the new one, and never loses the file that was there",
    "[storage]") {
  const StateFile state;
  const std::string kept = state.path + ".until-20181015T160000Z";
  std::optional<Error> refused;
  const int calls =
      each_call([&] { state.put_back(); },
                [&] {
                  const auto restored =
                      storage::restore_state_file(state.backup, state.path, sluice::test::at_minute(0));
                  refused = restored ? std::nullopt : std::optional(restored.error());
                },
                [&] {
                  const std::string present = state.state();
                  const bool known = present == state.old_state || (refused && present == state.new_state);
                  CHECK(known);
                  if (present == state.old_state)
                    CHECK(sluice::test::dump(*storage::open_state_file(kept, {})) == state.new_state);
                });
  CHECK(calls >= 30);
}

TEST_CASE("failing calls: a start completes a restore that was cut off, or says why it cannot", "[storage]") {
  const StateFile state;
  std::string opened;
  const int calls = each_call(
      [&] {
        state.put_back();
        fs::copy_file(state.backup, state.path + ".restored");
        opened.clear();
      },
      [&] {
        const auto refused = error_of([&] { opened = state.state(); });
        if (refused) CHECK(refused->code() == Errc::io);
      },
      [&] {
        if (!opened.empty()) CHECK(opened == state.old_state);
        CHECK(state.state() == state.old_state);
      });
  CHECK(calls >= 10);
}

TEST_CASE("failing calls: a look at a state file is right, or an error", "[storage]") {
  const StateFile state;
  state.put_back();
  const auto look = [&] {
    const auto report = storage::look_at_state_file(state.path);
    if (!report) {
      CHECK(report.error().code() == Errc::io);
      return;
    }
    CHECK_FALSE(report->damage);
    CHECK(report->log == storage::LogLook::whole);
  };
  CHECK(each_call([] {}, look, [] {}) >= 3);
}

TEST_CASE("failing calls: a backup is there whole, or the older one still is", "[storage]") {
  const StateFile state;
  state.put_back();
  const auto store = storage::open_state_file(state.path, {});
  const std::string copy = state.folder.file("copy.db");
  std::optional<Error> refused;
  const int calls = each_call([&] { put(copy, "an older backup"); },
                              [&] {
                                refused = error_of([&] {
                                  const auto backup = store->start_backup(copy);
                                  while (!backup->step()) continue;
                                });
                              },
                              [&] {
                                if (refused) CHECK(refused->code() == Errc::io);
                                CHECK_FALSE(fs::exists(copy + ".part"));
                                if (fs::file_size(copy) != 15)
                                  CHECK(storage::look_at_state_file(copy)->version == 8);
                              });
  CHECK(calls >= 6);
}

TEST_CASE("failing calls: a log that is compressed stays whole, plain or as gzip", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("a.log");
  const std::string text = GENERATE(as<std::string>{}, "text\n", "");
  std::optional<Error> refused;
  const int calls = each_call([&] { put(path, text); },
                              [&] {
                                const auto done = storage::compress_log(path);
                                refused = done ? std::nullopt : std::optional(done.error());
                              },
                              [&] {
                                CHECK(fs::exists(path) == refused.has_value());
                                if (refused)
                                  CHECK(refused->message().find("log " + path) != std::string::npos);
                                CHECK(storage::read_log(path, 0, 100).value().text == text);
                                CHECK_FALSE(fs::exists(path + ".gz.tmp"));
                              });
  CHECK(calls >= 10);
}

TEST_CASE("failing calls: a log is read whole, or why not is told", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string plain = folder.file("a.log");
  put(plain, "text\n");
  put(folder.file("b.log"), "text\n");
  REQUIRE(storage::compress_log(folder.file("b.log")));
  for (const std::string& path : {plain, folder.file("b.log.gz")}) {
    Result<storage::LogPiece> read = storage::LogPiece();
    const int calls = each_call([] {}, [&] { read = storage::read_log(path, 0, 100); },
                                [&] {
                                  if (read) CHECK(read->text == "text\n");
                                  if (!read) CHECK(read.error().message().find(path) != std::string::npos);
                                });
    CHECK(calls >= 2);
  }
}

TEST_CASE("failing calls: of a log that is being written lines may be missing, and the next one says so",
          "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop(1);
  const VirtualClock clock(loop, sluice::test::at_minute(0));
  const std::string path = folder.file("a.log");
  const std::string line(1000, 'x');
  std::optional<storage::AttemptLog> log;
  const int calls = each_call(
      [&] {
        fs::remove(path);
        put(path, "half a line");
        log.emplace(clock, path, "UTC", storage::kLogBytesLeast);
      },
      [&] {
        for (int i = 0; i < 20; ++i) log->line(pipeline::Level::info, line);  // over the cap
      },
      [&] {
        log->line(pipeline::Level::info, "last");
        const std::string text = content(path);
        CHECK(log->lost_lines() == 0);
        CHECK(text.starts_with("half a line\n"));
        CHECK(text.ends_with("last\n"));
        CHECK(text.size() <= storage::kLogBytesLeast);
      });
  CHECK(calls > 30);
}

TEST_CASE("failing calls: a call that a signal broke off is made again", "[storage]") {
  const sluice::test::TempFolder folder;
  boost::asio::io_context loop(1);
  const VirtualClock clock(loop, sluice::test::at_minute(0));
  const std::string path = folder.file("a.log");
  for (const std::string_view name : {"pwrite", "pread"}) {
    const FaultyCalls faults(EINTR, 0, name);
    {
      storage::AttemptLog log(clock, path, "UTC");
      log.line(pipeline::Level::info, "text");
      CHECK(log.lost_lines() == 0);
    }
    CHECK(storage::read_log(path, 0, 1000).value().text.ends_with("text\n"));
    CHECK(faults.failed());
  }
}

TEST_CASE("failing calls: a row that cannot be kept leaves the rows before it, or says that it is cut",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = folder.file("rows.jsonl");
  storage::DirtyRowsFile rows(path);
  REQUIRE(rows.keep("{}"));
  {
    const FaultyCalls faults(ENOSPC, 0, "pwrite");
    CHECK(rows.keep("{\"a\": 1}").error().message() == "write " + path + ": No space left on device");
  }
  {
    const FaultyCalls faults(EINTR, 0, "pwrite");
    CHECK(rows.keep("{\"b\": 1}"));
  }
  CHECK(content(path) == "{}\n{\"b\": 1}\n");
}

TEST_CASE("failing calls: logs that cannot be looked at or deleted do not keep the others from it",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const storage::AttemptLogFolder logs(folder.path().string());
  const Instant now = sluice::test::at_minute(0) + std::chrono::hours(24 * 365 * 20);
  for (const char* name : {"a.log", "b.log"}) put(folder.file(name), "text\n");
  {
    const FaultyCalls faults(EACCES, 0, "open");
    const auto compressed = logs.compress(now, std::chrono::hours(1));
    REQUIRE_FALSE(compressed);
    CHECK(compressed.error().code() == Errc::permission_denied);
  }
  CHECK(logs.compress(now, std::chrono::hours(1)).value().files == 1);
  storage::LogRetention retention;
  retention.bytes_max = 0;
  put(folder.file("c.log.gz.tmp"), "");
  put(folder.file("d.log"), "");
  {
    const FaultyCalls faults(EACCES, 0, "remove");
    const auto pruned = logs.prune(now, retention);
    REQUIRE_FALSE(pruned);
    CHECK(pruned.error().code() == Errc::permission_denied);
    CHECK(pruned.error().message().starts_with("delete log " + folder.path().string()));
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  }
  put(folder.file("e.log"), "");
  put(folder.file("f.log"), "");
  CHECK(logs.prune(now, retention).value().files == 3);
  CHECK(logs.prune(now, retention).value().files == 0);
}
