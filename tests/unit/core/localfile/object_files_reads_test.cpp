// Reading, listing and removing: with calls that fail, and with files that change or go meanwhile.

#include "core/base/crc64.hpp"
#include "core/localfile/object_files.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sys/stat.h>
#include <sys/xattr.h>

using namespace sluice;
using localfile::ObjectFiles;

namespace {

namespace fs = std::filesystem;

const objects::ObjectTraits kAny;
const std::string kId = "0000000000000001";
const std::string kCopyId = "0000000000000002";

struct Fixture {
  Fixture() {
    REQUIRE(store.put("d/a", "one", kAny, kId));
    REQUIRE(store.put("d/sub/b", "two", kAny, kId));
    REQUIRE(store.begin_upload("d/open", kAny, kId));
    files.heal();
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& object : store.list_objects("d/").value()) found.push_back(object.name);
    return found;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder.path() / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  sluice::test::TempFolder folder;
  sluice::test::FaultyFileSystem files;
  ObjectFiles store{files, folder.path().string()};
};

using Names = std::vector<std::string>;

// What a call says; nothing when it goes well.
using Ask = std::function<std::optional<Error>(ObjectFiles&)>;

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error();
}

const std::vector<std::pair<std::string, Ask>> kReads = {
    {"head", [](ObjectFiles& store) { return error_of(store.head("d/a")); }},
    {"get", [](ObjectFiles& store) { return error_of(store.get("d/a", 100)); }},
    {"exists", [](ObjectFiles& store) { return error_of(store.exists("d/sub/b")); }},
    {"list objects", [](ObjectFiles& store) { return error_of(store.list_objects("d/")); }},
    {"list uploads", [](ObjectFiles& store) { return error_of(store.list_uploads("")); }},
};
const std::vector<std::pair<std::string, Ask>> kRemovals = {
    {"remove", [](ObjectFiles& store) { return error_of(store.remove("d/a")); }},
    {"abort", [](ObjectFiles& store) { return error_of(store.abort("d/open", kId)); }},
};

}  // namespace

TEST_CASE("localfile reads: whichever call fails, an error names the path, and nothing is changed",
          "[localfile]") {
  for (const auto& [name, ask] : kReads) {
    Fixture f;
    int failures = 0;
    for (int k = 0;; ++k) {
      CAPTURE(name, k);
      f.files.heal();
      f.files.fail_at = k;
      f.files.failure = EIO;
      const auto failed = ask(f.store);
      if (failed) {
        ++failures;
        CHECK(failed->code() == Errc::io);
        CHECK(failed->message().find(f.folder.path().string()) != std::string::npos);
        CHECK(failed->message().ends_with(": Input/output error"));
      }
      CHECK(f.files.open_descriptors == 0);
      if (f.files.calls <= k) break;
    }
    CHECK(failures >= 3);
    f.files.heal();
    CHECK(f.names() == Names{"d/a", "d/sub/b"});
    CHECK(f.store.list_uploads("").value().size() == 1);
  }
}

TEST_CASE("localfile reads: a removal that fails says so, and the next one completes it", "[localfile]") {
  for (const auto& [name, ask] : kRemovals) {
    for (int k = 0;; ++k) {
      CAPTURE(name, k);
      Fixture f;
      f.files.fail_at = k;
      f.files.failure = EACCES;
      const auto failed = ask(f.store);
      const bool reached = f.files.calls > k;
      if (failed) {
        CHECK(failed->code() == Errc::permission_denied);
        CHECK(failed->message().find(f.folder.path().string()) != std::string::npos);
      }
      f.files.heal();
      CHECK_FALSE(ask(f.store));
      CHECK(f.names().size() + f.store.list_uploads("").value().size() == 2);
      CHECK(f.files.open_descriptors == 0);
      if (!reached) break;
    }
  }
}

TEST_CASE("localfile reads: a name that leads out of the directory is refused by each call", "[localfile]") {
  Fixture f;
  for (const std::string bad : {"../x", "/x", "d/../../x", "", "d//a", "d/.sluice-0000000000000001-x"}) {
    CAPTURE(bad);
    CHECK(f.store.head(bad).error().code() == Errc::invalid_argument);
    CHECK(f.store.get(bad, 10).error().code() == Errc::invalid_argument);
    CHECK(f.store.exists(bad).error().code() == Errc::invalid_argument);
    CHECK(f.store.remove(bad).error().code() == Errc::invalid_argument);
    CHECK(f.store.abort(bad, kId).error().code() == Errc::invalid_argument);
    CHECK(f.store.put(bad, "x", kAny, kId).error().code() == Errc::invalid_argument);
    CHECK(f.store.begin_upload(bad, kAny, kId).error().code() == Errc::invalid_argument);
  }
  CHECK(f.store.list_objects("../").error().code() == Errc::invalid_argument);
  CHECK(f.store.list_uploads("/etc/").error().code() == Errc::invalid_argument);
  CHECK(f.names() == Names{"d/a", "d/sub/b"});
}

TEST_CASE("localfile reads: a listing leaves out what goes while it is made", "[localfile]") {
  Fixture f;
  std::vector<Names> seen;
  for (int k = 3;; ++k) {  // behind the two openings of the root and of the folder
    CAPTURE(k);
    f.files.heal();
    f.files.fail_at = k;
    f.files.failure = ENOENT;
    const auto listed = f.store.list_objects("d/");
    if (f.files.calls <= k) break;
    if (!listed) continue;
    Names names;
    for (const auto& object : *listed) names.push_back(object.name);
    seen.push_back(names);
  }
  CHECK(std::count(seen.begin(), seen.end(), Names{"d/a"}) >= 1);
  CHECK(std::count(seen.begin(), seen.end(), Names{"d/sub/b"}) == 1);
}

TEST_CASE("localfile reads: a folder that another attempt makes meanwhile is used", "[localfile]") {
  Fixture f;
  f.files.fail_at = 1;  // the folder was not there when it was looked for
  f.files.failure = ENOENT;
  REQUIRE(f.store.put("d/c", "three", kAny, kId));
  CHECK(f.content("d/c") == "three");
}

TEST_CASE("localfile reads: where the directory is gone every call says what to do", "[localfile]") {
  sluice::test::FaultyFileSystem files;
  const sluice::test::TempFolder folder;
  ObjectFiles store(files, folder.file("gone"));
  const std::string end = "; create it or correct `directory`";
  CHECK(store.put("a", "x", kAny, kId).error().message().ends_with(end));
  CHECK(store.begin_upload("a", kAny, kId).error().message().ends_with(end));
  CHECK(store.head("a").error().message().ends_with(end));
  CHECK(store.get("a", 1).error().message().ends_with(end));
  CHECK(store.list_uploads("").error().message().ends_with(end));
}

TEST_CASE("localfile reads: a head is right for sizes around what is read at once", "[localfile]") {
  Fixture f;
  for (const std::size_t size : {0U, 1U, (1U << 20U) - 1U, 1U << 20U, (1U << 20U) + 1U, 2U << 20U}) {
    CAPTURE(size);
    const std::string body(size, 'x');
    REQUIRE(f.store.put("d/sized", body, kAny, kId));
    const auto head = f.store.head("d/sized");
    REQUIRE(head);
    CHECK(head->bytes == size);
    CHECK(head->crc64 == crc64(0, body));
  }
}

TEST_CASE("localfile reads: marks of other programs are none of an object's", "[localfile]") {
  Fixture f;
  objects::ObjectTraits traits;
  traits.metadata = {{"sluice-window", "orders@1"}};
  REQUIRE(f.store.put("d/marked", "x", traits, kId));
  REQUIRE(::setxattr(f.folder.file("d/marked").c_str(), "user.other", "y", 1, 0) == 0);
  CHECK(f.store.head("d/marked")->metadata == traits.metadata);
}

TEST_CASE("localfile reads: a part that the completion leaves out is not in the file", "[localfile]") {
  Fixture f;
  REQUIRE(f.store.add_part(kId, 1, "first", crc64(0, "first")));
  REQUIRE(f.store.add_part(kId, 2, "unused", crc64(0, "unused")));
  REQUIRE(f.store.complete(kId, {{1, ""}}, 5, crc64(0, "first"), false, kCopyId));
  CHECK(f.content("d/open") == "first");
  CHECK(f.store.list_uploads("").value().empty());
}

TEST_CASE("localfile reads: an upload that another program cut short is not completed", "[localfile]") {
  Fixture f;
  REQUIRE(f.store.add_part(kId, 2, "second", crc64(0, "second")));
  REQUIRE(f.store.add_part(kId, 1, "first", crc64(0, "first")));
  fs::resize_file(f.folder.file("d/.sluice-" + kId + "-open"), 8);
  const auto done = f.store.complete(kId, {{1, ""}, {2, ""}}, 11, crc64(0, "firstsecond"), false, kCopyId);
  REQUIRE_FALSE(done);
  CHECK(done.error().code() == Errc::io);
  CHECK(f.names() == Names{"d/a", "d/sub/b"});
  CHECK(f.store.list_uploads("").value().size() == 1);  // the copy is gone
  CHECK(f.files.open_descriptors == 0);
}

TEST_CASE("localfile reads: a file in the place of a listed folder, and hidden things, are no objects",
          "[localfile]") {
  Fixture f;
  CHECK(f.store.list_objects("d/a/").error().message().ends_with(
      "; no file and no symbolic link may stand where a folder is needed"));
  fs::create_directory(f.folder.path() / ("d/.sluice-" + kCopyId + "-folder"));
  std::ofstream(f.folder.path() / "d/.sluice-half") << "x";
  CHECK(f.names() == Names{"d/a", "d/sub/b"});
  CHECK(f.store.list_uploads("d/").value().size() == 1);
}

TEST_CASE("localfile reads: a pipe in an object's place does not hang a look", "[localfile]") {
  Fixture f;
  REQUIRE(::mkfifo(f.folder.file("d/pipe").c_str(), 0600) == 0);
  CHECK(f.store.head("d/pipe").has_error());
  CHECK(f.store.exists("d/pipe").value());
}

TEST_CASE("localfile reads: the port of the system's calls returns what failed, never -1", "[localfile]") {
  const auto files = localfile::make_file_system();
  using Open = localfile::FileSystem::Open;
  const sluice::test::TempFolder folder;
  fs::create_directory(folder.path() / "gone");
  const int root = files->open(-1, folder.path().string(), Open::root);
  REQUIRE(root >= 0);
  const int gone = files->open(root, "gone", Open::folder);
  REQUIRE(gone >= 0);
  fs::remove(folder.path() / "gone");
  std::vector<localfile::FileSystem::Entry> entries;
  localfile::FileSystem::Entry entry;
  localfile::FileSystem::Attributes attributes;
  std::string bytes(4, '\0');
  CHECK(files->list(-1, entries) == -EBADF);
  CHECK(files->look_up(root, "gone", entry) == -ENOENT);
  CHECK(files->write(root, "x", 0) == -EBADF);
  CHECK(files->read(root, bytes, 0) == -EISDIR);
  CHECK(files->sync(-1) == -EBADF);
  CHECK(files->attributes(-1, attributes) == -EBADF);
  CHECK(files->set_attribute(-1, "a", "b") == -EBADF);
  CHECK(files->rename(root, "gone", "x", true) == -ENOENT);
  CHECK(files->rename(root, "gone", "x", false) == -ENOENT);
  CHECK(files->remove(root, "gone") == -ENOENT);
  CHECK(files->make_folder(gone, "x") == -ENOENT);
  CHECK(files->close(gone) == 0);
  CHECK(files->close(gone) == -EBADF);
  CHECK(files->close(root) == 0);
}
