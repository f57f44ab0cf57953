#include "storage/compressed_log.hpp"

#include "core/base/virtual_clock.hpp"
#include "storage/attempt_log.hpp"
#include "storage/attempt_log_folder.hpp"
#include "tests/support/temp_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <optional>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const Instant kSlot = Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) + 16h + 15min;

struct Fixture {
  sluice::test::TempFolder folder;
  storage::AttemptLogFolder logs{folder.path().string()};
  std::string path = logs.path("orders", kSlot, "Asia/Shanghai", 1).value();
  Instant now =
      Instant(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));

  void write(std::string_view text) const {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string read(const std::string& file) const { return storage::read_log(file, 0, 1 << 20).value().text; }
};

}  // namespace

TEST_CASE("compressed log: it is listed, read from any offset and pruned as before", "[storage]") {
  Fixture f;
  f.write("first line\nsecond line\n");
  CHECK(f.logs.compress(f.now, 1h).value().files == 0);  // too young
  CHECK(f.logs.compress(f.now + 2h, 1h).value().files == 1);
  CHECK_FALSE(fs::exists(f.path));
  const auto stored = f.logs.list("orders", kSlot, "Asia/Shanghai").value();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].attempt == 1);
  CHECK(stored[0].path == f.path + ".gz");
  CHECK(f.read(stored[0].path) == "first line\nsecond line\n");
  CHECK(storage::read_log(stored[0].path, 11, 100).value().text == "second line\n");
  CHECK(f.read(f.path) == "first line\nsecond line\n");  // found by its old name while a reader holds that
  CHECK(f.logs.compress(f.now + 2h, 1h).value().files == 0);
  storage::LogRetention retention;
  retention.age_max = 24h;
  CHECK(f.logs.prune(f.now + 23h, retention).value().files == 0);  // the time of the last line was kept
  CHECK(f.logs.prune(f.now + 25h, retention).value().files == 1);
  CHECK(f.logs.list("orders", kSlot, "Asia/Shanghai").value().empty());
}

TEST_CASE("compressed log: a log that is being written stays as it is", "[storage]") {
  Fixture f;
  boost::asio::io_context loop(1);
  VirtualClock clock(loop, f.now);
  std::optional<storage::AttemptLog> log;
  log.emplace(clock, f.path, "Asia/Shanghai");
  log->line(pipeline::Level::info, "begun");
  CHECK_FALSE(storage::compress_log(f.path).value());
  CHECK(f.logs.compress(f.now + 48h, 1h).value().files == 0);
  log->line(pipeline::Level::info, "gone on");
  CHECK(f.read(f.path).find("gone on") != std::string::npos);
  log.reset();
  CHECK(storage::compress_log(f.path).value());
}

TEST_CASE("compressed log: whatever step fails, the log is there whole, and the next time it goes well",
          "[storage]") {
  Fixture f;
  f.write("text\n");
  const std::string unfinished = f.path + ".gz.tmp";
  const std::string blocker = GENERATE(as<std::string>{}, ".gz.tmp", ".gz");
  fs::create_directories(f.path + blocker + "/in the way");  // opening, or renaming, fails
  CHECK(f.logs.compress(f.now + 48h, 1h).has_error());
  const auto stored = f.logs.list("orders", kSlot, "Asia/Shanghai").value();
  REQUIRE(stored.size() == 1);
  CHECK(f.read(stored[0].path) == "text\n");
  fs::remove_all(f.path + blocker);
  CHECK(f.logs.compress(f.now + 48h, 1h).value().files == 1);
  CHECK_FALSE(fs::exists(unfinished));
  CHECK(f.read(f.path + ".gz") == "text\n");
}

TEST_CASE("compressed log: both files of a crash count as one, and half a file as an error", "[storage]") {
  Fixture f;
  f.write("text\n");
  REQUIRE(storage::compress_log(f.path).value());
  f.write("text\n");  // the crash came before the plain one was deleted
  const auto stored = f.logs.list("orders", kSlot, "Asia/Shanghai").value();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].path == f.path);
  CHECK(f.logs.compress(f.now + 48h, 1h).value().files == 1);
  fs::resize_file(f.path + ".gz", fs::file_size(f.path + ".gz") / 2);
  CHECK(storage::read_log(f.path + ".gz", 0, 100).error().code() == Errc::io);
  CHECK(storage::read_log(f.path + "x", 0, 100).error().code() == Errc::not_found);
}

TEST_CASE("compressed log: one that the disk damaged is an error that says what is wrong", "[storage]") {
  Fixture f;
  f.write("first line\nsecond line\n");
  REQUIRE(storage::compress_log(f.path).value());
  const std::string path = f.path + ".gz";
  const auto size = static_cast<std::streamoff>(fs::file_size(path));
  const auto refused = [&] {
    const auto read = storage::read_log(path, 0, 100);
    REQUIRE(read.has_error());
    CHECK(read.error().code() == Errc::io);
    return read.error().message();
  };
  const auto flip = [&](std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 0x55));
  };
  flip(size - 8);
  CHECK(refused() == "read log " + path + ": incorrect data check");
  flip(size - 8);
  flip(size - 4);
  CHECK(refused() == "read log " + path + ": incorrect length check");
  flip(size - 4);
  CHECK(f.read(path) == "first line\nsecond line\n");
  fs::resize_file(path, static_cast<std::uintmax_t>(size) - 3);
  CHECK(refused() == "read log " + path + ": it is cut short");
}
