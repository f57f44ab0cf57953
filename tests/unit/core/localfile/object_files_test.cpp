#include "core/localfile/object_files.hpp"

#include "core/base/crc64.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>

using namespace sluice;
using localfile::ObjectFiles;

namespace {

objects::ObjectTraits new_traits() {
  objects::ObjectTraits traits;
  traits.only_if_new = true;
  return traits;
}

const objects::ObjectTraits kAny;
const objects::ObjectTraits kNew = new_traits();
const std::string kId = "0000000000000001";
const std::string kCopyId = "0000000000000002";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

struct Fixture {
  ObjectFiles store() { return ObjectFiles(files, folder.path().string()); }

  // All files below the directory, by path.
  std::map<std::string, std::string> tree() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (entry.is_directory()) continue;
      found[std::filesystem::relative(entry.path(), folder.path()).string()] = read_file(entry.path());
    }
    return found;
  }

  sluice::test::TempFolder folder;
  sluice::test::FaultyFileSystem files;
};

using Tree = std::map<std::string, std::string>;

// An upload whose parts come in another order than that of their numbers if `mixed`.
Result<void> upload(ObjectFiles& store, const std::string& object, bool mixed, bool only_if_new = false) {
  const std::string bodies[] = {"first", "second", "last"};
  const Result<void> begun = store.begin_upload(object, kAny, kId);
  if (!begun) return begun;
  std::vector<int> order = {1, 4000, 8000};
  if (mixed) order = {4000, 1, 8000};
  for (const int number : order) {
    const std::string& body = bodies[number / 4000];
    const Result<void> added = store.add_part(kId, number, body, crc64(0, body));
    if (!added) return added;
  }
  const std::string whole = bodies[0] + bodies[1] + bodies[2];
  const std::vector<objects::Part> parts = {{1, ""}, {4000, ""}, {8000, ""}};
  return store.complete(kId, parts, whole.size(), crc64(0, whole), only_if_new, kCopyId);
}

}  // namespace

TEST_CASE("localfile: an object is a file with the same bytes, and its head is read from it", "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  const std::string body = std::string(2'500'000, 'x') + "end";
  REQUIRE(store.put("demo/a/b.csv", body, kAny, kId));
  CHECK(f.tree() == Tree{{"demo/a/b.csv", body}});
  const auto head = store.head("demo/a/b.csv");
  REQUIRE(head);
  CHECK(head->bytes == body.size());
  CHECK(head->crc64 == crc64(0, body));
  CHECK(store.get("demo/a/b.csv", body.size()).value() == body);
  CHECK(store.get("demo/a/b.csv", 10).error().code() == Errc::corrupt);
  CHECK(store.exists("demo/a/b.csv").value());
  CHECK_FALSE(store.exists("demo/a/c.csv").value());
  CHECK_FALSE(store.exists("none/c.csv").value());
  REQUIRE(store.put("demo/a/b.csv", "shorter", kAny, kId));
  CHECK(store.get("demo/a/b.csv", 100).value() == "shorter");
  REQUIRE(store.remove("demo/a/b.csv"));
  REQUIRE(store.remove("demo/a/b.csv"));
  REQUIRE(store.remove("none/b.csv"));
  CHECK(store.head("demo/a/b.csv").error().code() == Errc::not_found);
  CHECK(f.files.open_descriptors == 0);
  CHECK_FALSE(store.leftovers());
}

TEST_CASE("localfile: what may only be new does not replace a file", "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  REQUIRE(store.put("a", "one", kNew, kId));
  const auto again = store.put("a", "two", kNew, kId);
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Errc::conflict);
  CHECK(again.error().message() == "name file " + f.folder.file("a") + ": File exists");
  CHECK(f.tree() == Tree{{"a", "one"}});
  const auto completed = upload(store, "a", false, true);
  REQUIRE_FALSE(completed);
  CHECK(completed.error().code() == Errc::conflict);
  REQUIRE(store.abort("a", kId));
  CHECK(f.tree() == Tree{{"a", "one"}});
}

TEST_CASE("localfile: parts become one file, in the order of their numbers", "[localfile]") {
  for (const bool mixed : {false, true}) {
    Fixture f;
    ObjectFiles store = f.store();
    f.files.short_writes = true;
    REQUIRE(upload(store, "demo/x", mixed));
    CHECK(f.tree() == Tree{{"demo/x", "firstsecondlast"}});
    CHECK(f.files.open_descriptors == 0);
  }
}

TEST_CASE("localfile: a part that is sent again counts once", "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  REQUIRE(store.begin_upload("x", kAny, kId));
  REQUIRE(store.add_part(kId, 1, "old", crc64(0, "old")));
  REQUIRE(store.add_part(kId, 1, "newer", crc64(0, "newer")));
  REQUIRE(store.complete(kId, {{1, ""}}, 5, crc64(0, "newer"), false, kCopyId));
  CHECK(f.tree() == Tree{{"x", "newer"}});
}

TEST_CASE("localfile: an upload is completed only with the parts it has, and as its writer knows it",
          "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  REQUIRE(store.begin_upload("x", kAny, kId));
  REQUIRE(store.add_part(kId, 1, "body", crc64(0, "body")));
  CHECK(store.complete(kId, {{1, ""}, {2, ""}}, 4, crc64(0, "body"), false, kCopyId).error().code() ==
        Errc::invalid_argument);
  CHECK(store.complete(kId, {{1, ""}}, 5, crc64(0, "body"), false, kCopyId).error().code() == Errc::corrupt);
  CHECK(store.complete(kId, {{1, ""}}, 4, 7, false, kCopyId).error().code() == Errc::corrupt);
  CHECK(store.complete(kCopyId, {{1, ""}}, 4, 7, false, kCopyId).error().code() == Errc::not_found);
  CHECK(store.add_part(kCopyId, 1, "x", 1).error().code() == Errc::not_found);
  REQUIRE(store.complete(kId, {{1, ""}}, 4, crc64(0, "body"), false, kCopyId));
}

TEST_CASE("localfile: metadata goes with the file, however it was written", "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  objects::ObjectTraits traits;
  traits.metadata = {{"sluice-window", "orders@1"}};
  REQUIRE(store.put("a", "x", traits, kId));
  CHECK(store.head("a")->metadata == traits.metadata);
  REQUIRE(store.begin_upload("b", traits, kId));
  REQUIRE(store.add_part(kId, 2, "b", crc64(0, "b")));
  REQUIRE(store.add_part(kId, 1, "a", crc64(0, "a")));
  REQUIRE(store.complete(kId, {{1, ""}, {2, ""}}, 2, crc64(0, "ab"), false, kCopyId));
  CHECK(store.head("b")->metadata == traits.metadata);
  REQUIRE(store.put("b", "x", kAny, kId));
  CHECK(store.head("b")->metadata.empty());
  f.files.heal();
  f.files.fail_at = 2;
  f.files.failure = EOPNOTSUPP;
  const auto put = store.put("c", "x", traits, kId);
  REQUIRE_FALSE(put);
  CHECK(put.error().message() == "mark file " + f.folder.file("c") +
                                     ": this file system keeps no attributes of files, which writeMode "
                                     "nonConflict needs; use truncate or another `directory`");
  CHECK(f.tree().size() == 2);
}

TEST_CASE("localfile: listings show files and open uploads apart, by prefix and in order", "[localfile]") {
  Fixture f;
  ObjectFiles store = f.store();
  for (const char* name : {"p/b", "p/a", "p/sub/x", "q", "p2/y", "p/ab"}) {
    REQUIRE(store.put(name, "body", kAny, kId));
  }
  REQUIRE(store.begin_upload("p/open", kAny, kId));
  REQUIRE(store.begin_upload("p/sub/open", kAny, kCopyId));
  const auto names = [&](const std::string& prefix) {
    std::vector<std::string> found;
    const auto listed = store.list_objects(prefix);
    REQUIRE(listed);
    for (const auto& object : *listed) {
      CHECK(object.bytes == 4);
      found.push_back(object.name);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names("") == Names{"p/a", "p/ab", "p/b", "p/sub/x", "p2/y", "q"});
  CHECK(names("p/") == Names{"p/a", "p/ab", "p/b", "p/sub/x"});
  CHECK(names("p/a") == Names{"p/a", "p/ab"});
  CHECK(names("p") == Names{"p/a", "p/ab", "p/b", "p/sub/x", "p2/y"});
  CHECK(names("p/s") == Names{"p/sub/x"});
  CHECK(names("none/") == Names{});
  const auto uploads = store.list_uploads("p/");
  REQUIRE(uploads);
  REQUIRE(uploads->size() == 2);
  CHECK(uploads->at(0).object == "p/open");
  CHECK(uploads->at(0).upload_id == kId);
  CHECK(uploads->at(1).object == "p/sub/open");
  CHECK(store.list_uploads("q").value().empty());
  // Another attempt, which did not begin them.
  ObjectFiles next = f.store();
  REQUIRE(next.abort("p/open", kId));
  REQUIRE(next.abort("p/open", kId));
  REQUIRE(next.abort("none/open", kId));
  CHECK_FALSE(next.abort("p/open", "../../../x"));
  CHECK(next.list_uploads("").value().size() == 1);
  CHECK(f.files.open_descriptors == 0);
}

TEST_CASE("localfile: no symbolic link below the directory is followed", "[localfile]") {
  Fixture f;
  sluice::test::TempFolder outside;
  std::filesystem::create_directory_symlink(outside.path(), f.folder.path() / "way");
  std::ofstream(outside.file("secret")) << "secret";
  std::filesystem::create_symlink(outside.file("secret"), f.folder.path() / "link");
  ObjectFiles store = f.store();
  const auto put = store.put("way/out", "x", kAny, kId);
  REQUIRE_FALSE(put);
  CHECK(put.error().message().ends_with("; no file and no symbolic link may stand where a folder is needed"));
  CHECK_FALSE(std::filesystem::exists(outside.file("out")));
  CHECK_FALSE(store.get("link", 100));
  CHECK_FALSE(store.head("link"));
  CHECK_FALSE(store.get("way/secret", 100));
  // One that stands in an object's place is replaced, not followed.
  CHECK(store.exists("link").value());
  REQUIRE(store.put("link", "own", kAny, kId));
  CHECK(read_file(outside.file("secret")) == "secret");
  CHECK(store.get("link", 100).value() == "own");
}

TEST_CASE("localfile: errors name the path, the reason and the way out", "[localfile]") {
  Fixture f;
  const std::string gone = f.folder.file("gone");
  ObjectFiles missing(f.files, gone);
  const auto listed = missing.list_objects("");
  REQUIRE_FALSE(listed);
  CHECK(listed.error().code() == Errc::not_found);
  CHECK(listed.error().message() ==
        "open directory " + gone + ": No such file or directory; create it or correct `directory`");
  CHECK(missing.exists("a").error().code() == Errc::not_found);
  ObjectFiles store = f.store();
  REQUIRE(store.put("file", "x", kAny, kId));
  CHECK(store.put("file/below", "x", kAny, kId).error().message() ==
        "open folder " + f.folder.file("file") +
            ": Not a directory; no file and no symbolic link may stand where a folder is needed");
  REQUIRE(store.put("folder/x", "x", kAny, kId));
  CHECK(store.put("folder", "x", kAny, kId).error().message() ==
        "name file " + f.folder.file("folder") + ": Is a directory");
  struct Case {
    int number;
    Errc code;
    const char* end;
  };
  const Case cases[] = {
      {ENOSPC, Errc::disk_full, "No space left on device; free space there"},
      {EDQUOT, Errc::disk_full, "Disk quota exceeded; free space there"},
      {EROFS, Errc::io, "Read-only file system; make the file system writable or correct `directory`"},
      {EACCES, Errc::permission_denied, "Permission denied; give this user the right to write there"},
      {EFBIG, Errc::io, "File too large; raise the limit of this process on the size of files (LimitFSIZE)"},
      {EIO, Errc::io, "Input/output error"},
  };
  for (const auto& [number, code, end] : cases) {
    f.files.heal();
    f.files.fail_at = 2;  // directory, file, then the first byte
    f.files.failure = number;
    const auto put = store.put("new", "x", kAny, kId);
    REQUIRE_FALSE(put);
    CHECK(put.error().code() == code);
    CHECK(put.error().message() == "write file " + f.folder.file("new") + ": " + end);
  }
}
