#include "daemon/export/target_writer.hpp"

#include "daemon/export/export_log.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/fake_oss_transport.hpp"
#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using job::TargetKind;

namespace {

class NoRows final : public stream::RowOutput {
 public:
  Result<void> write(std::string_view) override { return {}; }
};

job::Target target_of(TargetKind kind) {
  job::Target target;
  target.kind = kind;
  target.object = "demo/orders";
  if (kind == TargetKind::oss || kind == TargetKind::s3) {
    target.endpoint = "http://127.0.0.1:9001";
    target.bucket = "exports";
  }
  if (kind == TargetKind::localfile) target.directory = "/var/exports";
  return target;
}

struct Fixture {
  sluice::test::Loop loop;
  sluice::test::FakeOssTransport transport;
  SeededRandom random{1};
  NoRows rows;
  TargetPorts ports{loop.io.get_executor(), loop.clock, random, transport};
};

}  // namespace

TEST_CASE("target writer: every kind of target has its writer, and says where it writes") {
  struct Case {
    TargetKind kind;
    const char* place;
    const char* object;
  };
  const std::string end = "__20181016080000_20181016080500_0000.csv";
  const Case cases[] = {
      {TargetKind::oss, "demo/orders in bucket exports at http://127.0.0.1:9001", "demo/orders"},
      {TargetKind::s3, "demo/orders in bucket exports at http://127.0.0.1:9001", "demo/orders"},
      {TargetKind::localfile, "demo/orders below /var/exports", "demo/orders"},
      {TargetKind::stream, "standard output", nullptr},
  };
  Fixture f;
  f.ports.rows = &f.rows;
  pipeline::Window window;
  window.start = f.loop.clock.now();
  window.end = window.start + std::chrono::minutes(5);
  for (const auto& [kind, place, object] : cases) {
    const job::Target target = target_of(kind);
    CHECK(place_of(target) == place);
    const auto make_writer = make_writer_maker(f.ports, target);
    REQUIRE(make_writer.has_value());
    const auto writer = (*make_writer)(target, job::Settings(), objects::UploadLimits(), {});
    REQUIRE(writer.has_value());
    CHECK((*writer)->object_name(window, 0) == (object == nullptr ? "stdout" : object + end));
    job::Export work;
    work.target = target;
    CHECK(describe(work).ends_with(std::string(", write ") + place));
  }
}

TEST_CASE("target writer: stores say in messages where they are, and parts for S3 are large enough") {
  Fixture f;
  const auto oss = open_target(f.ports, target_of(TargetKind::oss));
  REQUIRE(oss.has_value());
  CHECK(oss->place == "bucket exports");
  CHECK(oss->part_bytes_min == 0);
  const auto s3 = open_target(f.ports, target_of(TargetKind::s3));
  REQUIRE(s3.has_value());
  CHECK(s3->place == "bucket exports");
  CHECK(s3->part_bytes_min == 5 * 1024 * 1024);
  CHECK(open_target(f.ports, target_of(TargetKind::localfile))->place == "directory /var/exports");
  CHECK(open_target(f.ports, target_of(TargetKind::stream)).error().message() ==
        "open store: plugin stream prints rows and keeps none");
}

TEST_CASE("target writer: targets that cannot work are refused") {
  Fixture f;
  job::Target target = target_of(TargetKind::localfile);
  target.directory = "relative";
  CHECK(make_writer_maker(f.ports, target).error().code() == Errc::invalid_argument);
  target = target_of(TargetKind::s3);
  target.bucket = "";
  CHECK(make_writer_maker(f.ports, target).error().code() == Errc::invalid_argument);
  const auto printed = make_writer_maker(f.ports, target_of(TargetKind::stream));
  REQUIRE(printed.has_error());
  CHECK(printed.error().code() == Errc::refused_by_state);
}
