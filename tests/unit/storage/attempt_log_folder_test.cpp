#include "storage/attempt_log_folder.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace sluice;
using storage::AttemptLogFolder;

const Instant kDay = Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15));
const Instant kSlot = kDay + std::chrono::hours(16) + std::chrono::minutes(15);

std::string put(const std::string& path, std::size_t bytes, Instant written) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << std::string(bytes, 'x');
  const auto seconds = std::chrono::floor<std::chrono::seconds>(written).time_since_epoch().count();
  timespec times[2] = {};
  times[0].tv_sec = seconds;
  times[1].tv_sec = seconds;
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  return path;
}

std::uint64_t on_disk(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

// As another user, where the tests run as root, who may look everywhere.
class AsNobody {
 public:
  explicit AsNobody(const sluice::test::TempFolder& folder) : root_(::geteuid() == 0) {
    constexpr uid_t kNobody = 65534;
    if (!root_) return;
    REQUIRE(::chown(folder.path().c_str(), kNobody, kNobody) == 0);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      const bool closed =
          (entry.status().permissions() & std::filesystem::perms::all) == std::filesystem::perms::none;
      if (!closed) REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
    }
    REQUIRE(::seteuid(kNobody) == 0);
  }
  ~AsNobody() {
    if (root_) CHECK(::seteuid(0) == 0);
  }

 private:
  bool root_;
};

}  // namespace

TEST_CASE("attempt log folder: a log lies under job, local day and local time", "[storage]") {
  const AttemptLogFolder logs("/var/log/sluice");
  const auto path = logs.path("orders", kSlot, "Asia/Shanghai", 2);
  REQUIRE(path.has_value());
  CHECK(*path == "/var/log/sluice/orders/20181016/0015+0800_2.log");
  CHECK(logs.dirty_path("orders", kSlot, "Asia/Shanghai", 2).value() ==
        "/var/log/sluice/orders/20181016/0015+0800_2.dirty.jsonl");
  const std::string mars = "Mars/Olympus";
  CHECK(logs.path("orders", kSlot, mars, 2).error().code() == Errc::invalid_argument);
  CHECK(logs.dirty_path("orders", kSlot, mars, 2).error().code() == Errc::invalid_argument);
  CHECK(logs.list("orders", kSlot, mars).error().code() == Errc::invalid_argument);
}

TEST_CASE("attempt log folder: both slots of a repeated hour have logs of their own", "[storage]") {
  const AttemptLogFolder logs("/l");
  const Instant first =
      Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 28)) + std::chrono::minutes(30);
  const auto earlier = logs.path("orders", first, "Europe/Berlin", 1);
  const auto later = logs.path("orders", first + std::chrono::hours(1), "Europe/Berlin", 1);
  REQUIRE(earlier.has_value());
  REQUIRE(later.has_value());
  CHECK(*earlier == "/l/orders/20181028/0230+0200_1.log");
  CHECK(*later == "/l/orders/20181028/0230+0100_1.log");
}

TEST_CASE("attempt log folder: slots that read alike in two zones have logs of their own", "[storage]") {
  const AttemptLogFolder logs("/l");
  const auto before = logs.path("orders", kSlot, "Asia/Shanghai", 1);
  const auto after = logs.path("orders", kSlot + std::chrono::hours(12), "America/New_York", 1);
  CHECK(before.value() == "/l/orders/20181016/0015+0800_1.log");
  CHECK(after.value() == "/l/orders/20181016/0015-0400_1.log");
  CHECK(logs.path("orders", kSlot, "Asia/Kathmandu", 1).value() == "/l/orders/20181015/2200+0545_1.log");
}

TEST_CASE("attempt log folder: what earlier programs named without the offset is found as well",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.file(""));
  const std::string old_log = put(folder.file("orders/20181016/0015_1.log"), 10, kDay);
  put(folder.file("orders/20181016/0015_2.log"), 10, kDay);
  const std::string new_log = put(folder.file("orders/20181016/0015+0800_2.log"), 10, kDay);
  const auto found = logs.list("orders", kSlot, "Asia/Shanghai").value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == old_log);
  CHECK(found[1].path == new_log);
  const std::string old_dirty = put(folder.file("orders/20181016/0015_1.dirty.jsonl"), 10, kDay);
  const std::string new_dirty = put(folder.file("orders/20181016/0015+0800_2.dirty.jsonl"), 10, kDay);
  CHECK(logs.find_dirty("orders", kSlot, "Asia/Shanghai", 1) == old_dirty);
  CHECK(logs.find_dirty("orders", kSlot, "Asia/Shanghai", 2) == new_dirty);
  CHECK(logs.find_dirty("orders", kSlot, "Asia/Shanghai", 3).empty());

  const Instant repeated =
      Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 28)) + std::chrono::minutes(90);
  const std::string second_pass = put(folder.file("orders/20181028/0230r_1.log"), 10, kDay);
  CHECK(logs.list("orders", repeated, "Europe/Berlin").value().at(0).path == second_pass);
  CHECK(logs.list("orders", repeated - std::chrono::hours(1), "Europe/Berlin").value().empty());
}

TEST_CASE("attempt log folder: no job name leads out of it", "[storage]") {
  std::set<std::string> names;
  const std::vector<std::string> jobs = {
      "..",  ".",   "../../etc/passwd",     "/etc",         "a/b", "", "orders", ".orders",
      "a.b", "%2E", std::string("a\0b", 3), "\xE4\xBD\xA0", "a b"};
  for (const std::string& job : jobs) {
    const std::string name = storage::file_name_of(job);
    INFO(name);
    CHECK_FALSE(name.empty());
    CHECK(name.front() != '.');
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.%") ==
          std::string::npos);
    CHECK(names.insert(name).second);
  }
  CHECK(storage::file_name_of("orders_2.x-Y") == "orders_2.x-Y");
  CHECK(storage::file_name_of("a@AZ[`az{09:/") == "a%40AZ%5B%60az%7B09%3A%2F");
  CHECK(storage::file_name_of(std::string(1000, '/')).size() <= 255);
}

TEST_CASE("attempt log folder: lists the attempts of one instance by number", "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  CHECK(logs.list("orders", kSlot, "Asia/Shanghai").value().empty());
  for (const char* name : {"0015_10.log", "0015_2.log", "0020_1.log", "0015r_1.log", "0015_x.log",
                           "0015_1.log.old", "0015_2.dirty.jsonl", "0015_1x.log", "0015_.log", "0015_.log.gz",
                           "0015_99999999999.log", "0015_-1.log", "log", ".log"}) {
    put(folder.file(std::string("orders/20181016/") + name), 10, kDay);
  }
  // Neither a folder nor a link that leads elsewhere is a log.
  std::filesystem::create_directory(folder.file("orders/20181016/0015_3.log"));
  std::filesystem::create_symlink("/etc/hostname", folder.file("orders/20181016/0015_4.log"));
  const auto found = logs.list("orders", kSlot, "Asia/Shanghai").value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].attempt == 2);
  CHECK(found[1].attempt == 10);
  CHECK(found[1].bytes == 10);
  CHECK(found[1].path == folder.file("orders/20181016/0015_10.log"));
}

TEST_CASE("attempt log folder: a folder that cannot be read is an error, not an empty list", "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  put(folder.file("orders"), 10, kDay);
  const auto found = logs.list("orders", kSlot, "Asia/Shanghai");
  REQUIRE(found.has_error());
  CHECK(found.error().message().find(folder.file("orders/20181016")) != std::string::npos);
}

TEST_CASE("attempt log folder: retention goes by age, then by size, and leaves other files alone",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  const Instant now = kDay + std::chrono::hours(24 * 40);
  const auto old = put(folder.file("orders/20181015/0000_1.log"), 100, kDay);
  const auto dirty = put(folder.file("orders/20181015/0000_1.dirty.jsonl"), 100, kDay);
  const auto alien = put(folder.file("orders/20181016/notes.txt"), 100, kDay);
  const auto middle = put(folder.file("orders/20181110/0000_1.log"), 100, now - std::chrono::hours(48));
  const auto fresh = put(folder.file("users/20181123/0000_1.log"), 100, now - std::chrono::hours(1));
  const std::uint64_t block = on_disk(old);
  storage::LogRetention retention;
  const auto by_age = logs.prune(now, retention);
  REQUIRE(by_age.has_value());
  CHECK(by_age->files == 2);
  CHECK(by_age->bytes == block * 2);
  CHECK_FALSE(std::filesystem::exists(dirty));
  CHECK_FALSE(std::filesystem::exists(folder.file("orders/20181015")));
  CHECK(std::filesystem::exists(middle));
  retention.bytes_max = block + block / 2;
  const auto by_size = logs.prune(now, retention);
  REQUIRE(by_size.has_value());
  CHECK(by_size->files == 1);
  CHECK_FALSE(std::filesystem::exists(middle));
  CHECK(std::filesystem::exists(fresh));
  CHECK(std::filesystem::exists(alien));
  CHECK_FALSE(std::filesystem::exists(old));
}

TEST_CASE("attempt log folder: pruning before the first log is no error", "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.file("none"));
  CHECK(logs.prune(kDay, {}).value().files == 0);
}

TEST_CASE("attempt log folder: where a file is in its place, every step says so", "[storage]") {
  const sluice::test::TempFolder folder;
  const std::string path = put(folder.file("logs"), 10, kDay);
  const AttemptLogFolder logs(path);
  const std::string why = "walk the logs in " + path + ": Not a directory";
  CHECK(logs.prune(kDay, {}).error().message() == why);
  CHECK(logs.compress(kDay, std::chrono::hours(1)).error().message() == why);
  CHECK(logs.list("orders", kSlot, "UTC").has_error());
}

TEST_CASE("attempt log folder: what is no log is neither compressed nor pruned, whatever its name",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  const auto target = put(folder.file("orders/notes.txt"), 10, kDay);
  std::filesystem::create_directories(folder.file("orders/folder.log"));
  std::filesystem::create_symlink(target, folder.file("orders/link.log"));
  storage::LogRetention retention;
  retention.bytes_max = 0;
  const Instant now = kDay + std::chrono::hours(24 * 400);
  CHECK(logs.compress(now, std::chrono::hours(1)).value().files == 0);
  CHECK(logs.prune(now, retention).value().files == 0);
  CHECK(std::filesystem::exists(target));
  CHECK(std::filesystem::is_symlink(folder.file("orders/link.log")));
}

TEST_CASE("attempt log folder: of several logs that cannot be compressed the first is named, the others are",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  const Instant now = kDay + std::chrono::hours(48);
  for (const char* name : {"a.log", "b.log"}) {
    put(folder.file(name), 100, kDay);
    std::filesystem::create_directories(folder.file(std::string(name) + ".gz.tmp"));
  }
  const auto good = put(folder.file("c.log"), 100, kDay);
  const auto done = logs.compress(now, std::chrono::hours(1));
  REQUIRE(done.has_error());
  CHECK(done.error().message().find(".log.gz.tmp: Is a directory") != std::string::npos);
  CHECK(std::filesystem::exists(folder.file("a.log")));
  CHECK(std::filesystem::exists(folder.file("b.log")));
  CHECK_FALSE(std::filesystem::exists(good));
}

TEST_CASE("attempt log folder: a log that does not get smaller gains no bytes", "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  put(folder.file("empty.log"), 0, kDay);
  put(folder.file("large.log"), 100'000, kDay);
  const auto done = logs.compress(kDay + std::chrono::hours(48), std::chrono::hours(1)).value();
  CHECK(done.files == 2);
  CHECK(done.bytes == 100'000 - std::filesystem::file_size(folder.file("large.log.gz")));
}

TEST_CASE(
    "attempt log folder: the size of all logs is what they take on the disk, and the oldest hour goes first",
    "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  const Instant now = kDay + std::chrono::hours(48);
  // Day by day, so that the walk does not come by them in the order of their age.
  std::vector<std::string> paths;
  for (int hour = 0; hour < 8; ++hour)
    paths.push_back(put(folder.file(fmt::format("orders/201810{}/0000_1.log", 30 - hour)), 10,
                        now - std::chrono::hours(40 - hour)));
  const std::uint64_t block = on_disk(paths[0]);
  REQUIRE(block > 10);
  storage::LogRetention retention;
  retention.bytes_max = 8 * block;
  CHECK(logs.prune(now, retention).value().files == 0);
  retention.bytes_max = 5 * block;
  const auto pruned = logs.prune(now, retention).value();
  CHECK(pruned.files == 3);
  CHECK(pruned.bytes == 3 * block);
  for (std::size_t at = 0; at < paths.size(); ++at) CHECK(std::filesystem::exists(paths[at]) == (at >= 3));
}

TEST_CASE("attempt log folder: of the last hour that must go only as much goes as is too much", "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  const Instant now = kDay + std::chrono::hours(48);
  std::vector<std::string> paths;
  for (int minute = 0; minute < 10; ++minute)
    paths.push_back(put(folder.file(fmt::format("orders/20181015/000{}_1.log", minute)), 10,
                        kDay + std::chrono::minutes(minute)));
  const std::string older = put(folder.file("users/20181016/0000_1.log"), 10, kDay - std::chrono::hours(5));
  storage::LogRetention retention;
  retention.bytes_max = 7 * on_disk(older);
  CHECK(logs.prune(now, retention).value().files == 4);
  CHECK_FALSE(std::filesystem::exists(older));
  CHECK(std::ranges::count_if(paths, [](const auto& path) { return std::filesystem::exists(path); }) == 7);
}

TEST_CASE("attempt log folder: a folder that may not be looked into is passed over, its own is an error",
          "[storage]") {
  const sluice::test::TempFolder folder;
  const AttemptLogFolder logs(folder.path().string());
  std::vector<std::string> paths;
  for (const char* job : {"a", "orders", "z"})
    paths.push_back(put(folder.file(std::string(job) + "/20181015/0000_1.log"), 1000, kDay));
  std::filesystem::create_directory(folder.file("lost+found"));
  std::filesystem::permissions(folder.file("lost+found"), std::filesystem::perms::none);
  const AsNobody nobody(folder);
  const auto compressed = logs.compress(kDay + std::chrono::hours(48), std::chrono::hours(1));
  REQUIRE(compressed.has_value());
  CHECK(compressed->files == 3);
  const auto pruned = logs.prune(kDay + std::chrono::hours(24 * 40), {});
  REQUIRE(pruned.has_value());
  CHECK(pruned->files == 3);
  const auto own = AttemptLogFolder(folder.file("lost+found")).prune(kDay, {});
  REQUIRE(own.has_error());
  CHECK(own.error().code() == Errc::permission_denied);
}
