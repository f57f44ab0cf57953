#include "storage/log_walk.hpp"

#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace sluice;

namespace {

void put_logs(const sluice::test::TempFolder& folder) {
  for (const char* job : {"a", "b", "c"}) {
    std::filesystem::create_directories(folder.file(std::string(job) + "/20181015"));
    std::ofstream(folder.file(std::string(job) + "/20181015/0000_1.log")) << "a line\n";
  }
}

}  // namespace

TEST_CASE("log walk: folders that are gone when it comes to them do not end it", "[storage]") {
  const sluice::test::TempFolder folder;
  put_logs(folder);
  int visits = 0;
  const auto take_all = [&](const storage::AttemptFile&) {
    ++visits;
    for (const char* job : {"a", "b", "c"}) std::filesystem::remove_all(folder.file(job));
    return true;
  };
  CHECK(storage::walk_attempt_files(folder.path().string(), {}, take_all).has_value());
  CHECK(visits == 1);
  CHECK(std::filesystem::exists(folder.path()));
}

TEST_CASE("log walk: asked to leave off it comes to no further file", "[storage]") {
  const sluice::test::TempFolder folder;
  put_logs(folder);
  std::stop_source source;
  int visits = 0;
  const auto once = [&](const storage::AttemptFile&) {
    ++visits;
    source.request_stop();
    return false;
  };
  CHECK(storage::walk_attempt_files(folder.path().string(), source.get_token(), once).has_value());
  CHECK(visits == 1);
  CHECK(storage::walk_attempt_files(folder.path().string(), source.get_token(), once).has_value());
  CHECK(visits == 1);
}
