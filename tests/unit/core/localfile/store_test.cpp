#include "core/localfile/store.hpp"

#include "core/base/crc64.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/run_loop.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

struct Fixture {
  Fixture() {
    target.directory = folder.path().string();
    store = localfile::make_store_maker(random, files, target).value()([](std::string_view) {});
  }
  template <class T>
  T run(awaitable<T> task) {
    return sluice::test::run_loop<T>(loop, std::move(task));
  }

  boost::asio::io_context loop{1};
  SeededRandom random{1};
  sluice::test::TempFolder folder;
  std::shared_ptr<sluice::test::FaultyFileSystem> files = std::make_shared<sluice::test::FaultyFileSystem>();
  job::Target target;
  std::unique_ptr<objects::ObjectStore> store;
};

}  // namespace

TEST_CASE("localfile store: a directory is an absolute path", "[localfile]") {
  Fixture f;
  for (const std::string& bad : {std::string(), std::string("exports"), std::string("./exports"),
                                 std::string("~/exports"), std::string("/ex\0ports", 10)}) {
    f.target.directory = bad;
    const auto maker = localfile::make_store_maker(f.random, f.files, f.target);
    REQUIRE(maker.has_error());
    CHECK(maker.error().code() == Errc::invalid_argument);
    CHECK(maker.error().message().ends_with("it is no absolute path; correct `directory`"));
  }
}

TEST_CASE("localfile store: all of the port over a directory", "[localfile]") {
  Fixture f;
  const objects::ObjectTraits traits;
  REQUIRE(f.run(f.store->put_object("d/a", "hello", traits)));
  CHECK(f.run(f.store->head_object("d/a"))->crc64 == crc64(0, "hello"));
  CHECK(f.run(f.store->get_object("d/a", 5)).value() == "hello");
  const std::string id = f.run(f.store->initiate_upload("d/b", traits)).value();
  const auto part = f.run(f.store->upload_part("d/b", id, 1, "body", crc64(0, "body")));
  REQUIRE(part);
  CHECK(part->number == 1);
  CHECK(f.run(f.store->list_uploads("d/"))->at(0).upload_id == id);
  CHECK_FALSE(f.run(f.store->object_exists("d/b")).value());
  REQUIRE(f.run(f.store->complete_upload("d/b", id, {*part}, 4, crc64(0, "body"), traits)));
  CHECK(f.run(f.store->object_exists("d/b")).value());
  CHECK(f.run(f.store->list_objects("d/"))->size() == 2);
  objects::ObjectTraits fresh;
  fresh.only_if_new = true;
  CHECK(f.run(f.store->put_object("d/b", "other", fresh)).error().code() == Errc::conflict);
  REQUIRE(f.run(f.store->delete_object("d/b")));
  const std::string other = f.run(f.store->initiate_upload("d/b", traits)).value();
  CHECK(other != id);
  REQUIRE(f.run(f.store->abort_upload("d/b", other)));
  CHECK(f.run(f.store->list_uploads(""))->empty());
  CHECK_FALSE(f.store->may_have_lost_upload());
}

TEST_CASE("localfile store: a directory must be an absolute path", "[localfile]") {
  Fixture f;
  for (const char* bad : {"", "relative/path", "~/x"}) {
    job::Target target;
    target.directory = bad;
    const auto made = localfile::make_store_maker(f.random, f.files, target);
    REQUIRE_FALSE(made);
    CHECK(made.error().message() ==
          "use directory \"" + std::string(bad) + "\": it is no absolute path; correct `directory`");
  }
}
