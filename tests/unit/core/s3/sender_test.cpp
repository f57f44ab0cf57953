#include "core/s3/sender.hpp"

#include "core/base/crc64.hpp"
#include "core/s3/store.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/fake_s3_transport.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("s3 sender: what must not arrive twice unseen is sent once", "[s3_sender]") {
  sluice::test::Loop loop;
  sluice::test::FakeS3Transport fake;
  SeededRandom random{1};
  job::Target target;
  target.endpoint = "http://127.0.0.1:9000";
  target.bucket = "bucket-1";
  target.access_id = "AKIA";
  target.access_key = Secret("key");
  const auto maker = s3::make_store_maker({fake, loop.clock, random, nullptr}, target);
  const auto store = maker.value()([](std::string_view) {});
  objects::ObjectTraits only_new;
  only_new.only_if_new = true;

  REQUIRE(loop.run(store->put_object("a", "x", {})));
  REQUIRE(loop.run(store->put_object("b", "x", only_new)));
  const std::string id = loop.run(store->initiate_upload("c", {})).value();
  const std::uint64_t crc = crc64(0, "x");
  const std::vector<objects::Part> parts = {loop.run(store->upload_part("c", id, 1, "x", crc)).value()};
  REQUIRE(loop.run(store->complete_upload("c", id, parts, 1, crc, {})));
  REQUIRE(loop.run(store->delete_object("c")));

  std::vector<bool> once;
  for (const auto& seen : fake.seen) once.push_back(seen.sent_once);
  CHECK(once == std::vector<bool>{false, true, true, false, true, false});
}
