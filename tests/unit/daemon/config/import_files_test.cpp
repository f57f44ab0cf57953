#include "daemon/config/import_files.hpp"

#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::daemon;

namespace {

const std::vector<job::ImportedFile> kFiles{{"orders.json", "{}\n"}, {"orders.yaml", "name: orders\n"}};

// Name and content of all that is in the folder.
std::map<std::string, std::string> content_of(const sluice::test::TempFolder& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    content[entry.path().filename()] = sluice::test::read_file(entry.path());
  return content;
}

const std::map<std::string, std::string> kWhole{{"orders.json", "{}\n"}, {"orders.yaml", "name: orders\n"}};

}  // namespace

TEST_CASE("import files: all are written, for owner and group only, and again without change") {
  const sluice::test::TempFolder folder;
  const auto system = localfile::make_file_system();
  REQUIRE(write_import(*system, folder.path(), kFiles, false));
  CHECK(content_of(folder) == kWhole);
  struct stat info {};
  REQUIRE(::stat(folder.path("orders.yaml").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640U);
  CHECK(write_import(*system, folder.path(), kFiles, false));
  CHECK(content_of(folder) == kWhole);
}

// The daemon is in the group of its folder, and the import is root's.
TEST_CASE("import files: a file has the group of its folder, and the owner of the file that it replaces") {
  if (::geteuid() != 0) return;
  constexpr uid_t kUser = 4711;
  constexpr gid_t kGroup = 4712;
  constexpr gid_t kOther = 4713;
  const sluice::test::TempFolder folder;
  folder.write("orders.yaml", "mine");
  REQUIRE(::chown(folder.path().c_str(), kUser, kGroup) == 0);
  REQUIRE(::chown(folder.path("orders.yaml").c_str(), kUser, kOther) == 0);
  REQUIRE(write_import(*localfile::make_file_system(), folder.path(), kFiles, true));
  struct stat info {};
  REQUIRE(::stat(folder.path("orders.json").c_str(), &info) == 0);
  CHECK(info.st_uid == 0);
  CHECK(info.st_gid == kGroup);
  CHECK((info.st_mode & 07777U) == 0640U);
  REQUIRE(::stat(folder.path("orders.yaml").c_str(), &info) == 0);
  CHECK(info.st_uid == kUser);
  CHECK(info.st_gid == kOther);
  CHECK((info.st_mode & 07777U) == 0640U);
}

TEST_CASE("import files: what is there with other content stays, unless it is forced") {
  const sluice::test::TempFolder folder;
  folder.write("orders.yaml", "mine");
  const auto system = localfile::make_file_system();
  const auto refused = write_import(*system, folder.path(), kFiles, false);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::refused_by_state);
  CHECK(content_of(folder) == std::map<std::string, std::string>{{"orders.yaml", "mine"}});
  CHECK(write_import(*system, folder.path(), kFiles, true));
  CHECK(content_of(folder) == kWhole);
  CHECK_FALSE(write_import(*system, folder.path("none"), kFiles, false));
}

TEST_CASE("import files: a disk that fails at any step leaves the folder as it was, or done") {
  for (const bool present : {false, true}) {
    for (int step = 0;; ++step) {
      const sluice::test::TempFolder folder;
      if (present) folder.write("orders.yaml", "mine");
      if (present) folder.write("orders.json", "mine too, and longer");
      const auto before = content_of(folder);
      sluice::test::FaultyFileSystem system;
      system.short_writes = true;
      system.fail_at = step;
      const auto written = write_import(system, folder.path(), kFiles, true);
      CAPTURE(present, step, system.calls);
      CHECK(system.open_descriptors == 0);
      auto after = content_of(folder);
      if (written) {
        // Of what was replaced a copy may be left that could not be removed.
        std::erase_if(after, [](const auto& file) { return file.first.ends_with(".import-old"); });
        CHECK(after == kWhole);
      } else {
        CHECK(after == before);
      }
      if (system.calls <= step) break;
    }
  }
}

TEST_CASE("sluice import: writes, prints what became of each key, and says with exit code 2 what is wrong") {
  const sluice::test::TempFolder folder;
  const std::string config = folder.write("sluice.yaml", "");
  const std::string script = folder.write("in/orders.json", R"({"job": {"content": [{
    "reader": {"name": "otsstreamreader", "parameter": {"endpoint": "https://i.ots.aliyuncs.com", "instanceName": "i",
      "accessId": "canary-id", "accessKey": "canary-key", "dataTable": "t", "startTimeString": "${s}",
      "endTimeString": "${e}", "mode": "single_version_and_update_only", "column": [{"name": "uid"}]}},
    "writer": {"name": "streamwriter", "parameter": {}}}]}})");
  const std::string out = folder.path("in");
  const char* params = "s=$[yyyymmddhh24miss-10/24/60] e=$[yyyymmddhh24miss-5/24/60]";
  sluice::test::CommandFixture dry;
  CHECK(dry.run({"import", script.c_str(), "--config", config.c_str(), "--params", params, "--out",
                 out.c_str(), "--name", "t", "--dry-run"}) == 0);
  CHECK_FALSE(std::filesystem::exists(out + "/t.yaml"));
  sluice::test::CommandFixture done;
  CHECK(done.run({"import", script.c_str(), "--config", config.c_str(), "--params", params, "--out",
                  out.c_str(), "--name", "t"}) == 0);
  CHECK(done.out.str().find(script + ":2:57: changed: reader.parameter.endpoint: in data source t_ots") !=
        std::string::npos);
  CHECK(done.out.str().find("canary") == std::string::npos);
  CHECK(sluice::test::read_file(out + "/t.json").find("canary") == std::string::npos);
  // What came out is what `sluice check` accepts with the data sources that came with it.
  const std::string whole =
      folder.write("checked/sluice.yaml", sluice::test::read_file(out + "/t.datasources.txt"));
  sluice::test::CommandFixture check;
  CHECK(check.run({"check", whole.c_str(), (out + "/t.yaml").c_str()}) == 0);
  sluice::test::CommandFixture wrong;
  CHECK(wrong.run({"import", script.c_str(), "--config", config.c_str(), "--output", "json"}) == 2);
  const auto answer = boost::json::parse(wrong.out.str());
  CHECK_FALSE(answer.at("valid").as_bool());
  CHECK(answer.at("problems").as_array().size() >= 2);
  sluice::test::CommandFixture missing;
  CHECK(missing.run({"import", "/nonexistent.json", "--config", config.c_str()}) == 2);
}
