// Every system call of every way to write an object fails once, and once for good.

#include "core/base/crc64.hpp"
#include "core/localfile/object_files.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

using namespace sluice;
using localfile::ObjectFiles;

namespace {

objects::ObjectTraits marked_traits() {
  objects::ObjectTraits traits;
  traits.metadata = {{"sluice-window", "orders@1"}};
  return traits;
}

const objects::ObjectTraits kAny = marked_traits();
const std::string kId = "0000000000000001";
const std::string kCopyId = "0000000000000002";
const std::string kName = "demo/day/x";
const std::string kBody = "firstsecond";

Result<void> put(ObjectFiles& store) { return store.put(kName, kBody, kAny, kId); }

Result<void> upload_numbers(ObjectFiles& store, int first, int second) {
  const auto body_of = [](int number) { return number == 1 ? kBody.substr(0, 5) : kBody.substr(5); };
  Result<void> done = store.begin_upload(kName, kAny, kId);
  for (const int number : {first, second}) {
    const std::string body = body_of(number);
    if (done) done = store.add_part(kId, number, body, crc64(0, body));
  }
  if (!done) return done;
  return store.complete(kId, {{1, ""}, {2, ""}}, kBody.size(), crc64(0, kBody), false, kCopyId);
}
Result<void> upload(ObjectFiles& store) { return upload_numbers(store, 1, 2); }
Result<void> upload_mixed(ObjectFiles& store) { return upload_numbers(store, 2, 1); }

// A directory, and what a reader of it sees.
struct World {
  sluice::test::TempFolder folder;
  sluice::test::FaultyFileSystem files;

  std::string visible() const {
    std::ifstream file(folder.path() / kName, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    return content.str();
  }
  std::size_t file_count() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (!entry.is_directory()) ++count;
    }
    return count;
  }
  // What a writer does after a failure, or the next attempt after a crash.
  void clean_up() {
    ObjectFiles next(files, folder.path().string());
    const auto uploads = next.list_uploads("demo/");
    REQUIRE(uploads);
    for (const auto& one : *uploads) {
      CHECK(one.object == kName);
      REQUIRE(next.abort(one.object, one.upload_id));
    }
  }
};

void fail_each_call(const std::function<Result<void>(ObjectFiles&)>& write, bool stays_down,
                    const std::string& before) {
  int failures = 0;
  for (int k = 0;; ++k) {
    World world;
    if (!before.empty()) {
      ObjectFiles first(world.files, world.folder.path().string());
      REQUIRE(first.put(kName, before, kAny, kId));
    }
    world.files.heal();
    world.files.fail_at = k;
    world.files.stays_down = stays_down;
    ObjectFiles store(world.files, world.folder.path().string());
    const Result<void> written = write(store);
    const bool reached = world.files.calls > k;
    CAPTURE(k, stays_down, before, written ? std::string() : written.error().message());
    const std::string seen = world.visible();
    CHECK((seen == before || seen == kBody));
    if (written) CHECK(seen == kBody);
    if (!written) {
      ++failures;
      CHECK(written.error().code() == Errc::disk_full);
      CHECK(written.error().message().find(world.folder.path().string()) != std::string::npos);
    }
    world.files.heal();
    if (!stays_down && !written && !store.leftovers()) REQUIRE(store.abort(kName, kId));
    if (stays_down || store.leftovers()) world.clean_up();
    CHECK(world.file_count() == (seen.empty() ? 0 : 1));
    CHECK(world.visible() == seen);
    CHECK(world.files.open_descriptors == 0);
    if (!reached) break;
  }
  CHECK(failures > 8);
}

}  // namespace

TEST_CASE("localfile: whichever call fails, a file is whole or not there, and nothing is left",
          "[localfile]") {
  for (const std::string before : {"", "older content"}) {
    fail_each_call(put, false, before);
    fail_each_call(upload, false, before);
    fail_each_call(upload_mixed, false, before);
  }
}

TEST_CASE("localfile: wherever the program dies, the next attempt finds what is left and removes it",
          "[localfile]") {
  for (const std::string before : {"", "older content"}) {
    fail_each_call(put, true, before);
    fail_each_call(upload, true, before);
    fail_each_call(upload_mixed, true, before);
  }
}

TEST_CASE("localfile: a file that cannot be removed either is remembered", "[localfile]") {
  World world;
  ObjectFiles store(world.files, world.folder.path().string());
  REQUIRE(store.put("demo/day/y", "x", kAny, kId));
  world.files.heal();
  world.files.fail_at = 7;
  world.files.stays_down = true;
  REQUIRE_FALSE(put(store));
  CHECK(store.leftovers());
  world.files.heal();
  world.files.stays_down = false;
  CHECK(store.list_uploads("").value().size() == 1);
}
