#include "core/objects/window_check.hpp"

#include "core/base/crc64.hpp"
#include "core/objects/object_names.hpp"
#include "tests/support/oss_window.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::oss_window;
using Bench = sluice::test::oss_window::WindowBench;
using objects::DifferenceKind;

namespace {

// A window of three objects that was written, and the ledger's side of it.
struct Fixture {
  explicit Fixture(const std::string& manifest = "") {
    bench.target.manifest = manifest;
    bench.window.job = "orders";
    ledger.target = bench.target;
    ledger.window = bench.window;
    ledger.objects =
        bench.run({shard_of(0, 10, 20, 5), shard_of(1, 100, 40, 10), shard_of(2, 1, 5, 1)}).value();
    ledger.rows = 111;
  }

  // "missing t__..._0001.csv" for each difference.
  std::vector<std::string> differences() {
    std::vector<std::string> found;
    for (const auto& difference : check().differences) {
      found.push_back(
          fmt::format("{} {}: {}", to_string(difference.kind), difference.object, difference.detail));
    }
    return found;
  }

  objects::WindowCheck check() { return checked().value(); }
  Result<objects::WindowCheck> checked() {
    const auto ports = bench.writer_ports(ledger.target);
    const auto store = ports->open_store([](std::string_view) {});
    return bench.loop.run(objects::check_window(*store, ledger));
  }

  std::string& object(int number) { return bench.fake.objects.at(name(number)); }
  static std::string name(int number) { return fmt::format("{}000{}.csv", kPrefix, number); }

  WindowBench bench;
  objects::LedgerWindow ledger;
};

std::vector<std::string> only(std::string text) { return {std::move(text)}; }

}  // namespace

TEST_CASE("window check: what was written agrees with the ledger", "[window_check]") {
  Fixture fixture;
  const auto check = fixture.check();
  CHECK(check.differences.empty());
  CHECK(check.objects == 3);
  CHECK(check.rows == 111);
  CHECK(check.bytes == fixture.object(0).size() + fixture.object(1).size() + fixture.object(2).size());
  CHECK(check.without_checksum == 0);
}

TEST_CASE("window check: an object that is gone is named, with the rows it held", "[window_check]") {
  Fixture fixture;
  fixture.bench.fake.objects.erase(Fixture::name(1));
  CHECK(fixture.differences() == only("missing " + Fixture::name(1) + ": is not there; it held 100 rows"));
}

TEST_CASE("window check: another size and another content are told apart", "[window_check]") {
  Fixture fixture;
  fixture.object(0) += "x";
  fixture.object(2).front() ^= 1;
  const auto found = fixture.differences();
  REQUIRE(found.size() == 2);
  CHECK(found[0] == fmt::format("size {}: has {} bytes, the ledger says {}", Fixture::name(0),
                                fixture.object(0).size(), fixture.object(0).size() - 1));
  CHECK(found[1] == fmt::format("checksum {}: has CRC-64 {}, the ledger says {}", Fixture::name(2),
                                crc64(0, fixture.object(2)), fixture.ledger.objects[2].crc64));
}

TEST_CASE("window check: objects of the window's names that the ledger does not know are named",
          "[window_check]") {
  Fixture fixture;
  fixture.bench.fake.objects[Fixture::name(7)] = "more";
  fixture.bench.fake.objects["t__20181016080500_20181016081000_0000.csv"] = "of another window";
  fixture.bench.fake.objects[kPrefix + "notes.txt"] = "of somebody else";
  CHECK(fixture.differences() ==
        only("unexpected " + Fixture::name(7) + ": is not in the ledger; it has 4 bytes"));
}

TEST_CASE("window check: rows of the ledger that do not add up are told", "[window_check]") {
  Fixture fixture;
  fixture.ledger.rows = 112;
  CHECK(fixture.differences() == only("rows t: the objects have 111 rows, the window 112"));
}

TEST_CASE("window check: a manifest has to say what the ledger says", "[window_check]") {
  Fixture fixture("_manifest/t");
  const std::string name = objects::manifest_name(fixture.ledger.target, fixture.ledger.window).value();
  CHECK(fixture.differences().empty());
  std::string& text = fixture.bench.fake.objects.at(name);
  const std::string good = text;

  SECTION("gone") {
    fixture.bench.fake.objects.erase(name);
    CHECK(fixture.differences() == only("manifest_missing " + name + ": is not there"));
    fixture.ledger.same_definition = false;
    CHECK(fixture.differences().empty());
  }
  SECTION("no manifest at all") {
    text = "{}";
    const auto found = fixture.differences();
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("manifest " + name + ": "));
  }
  SECTION("of another content") {
    const auto other = fixture.ledger.objects[0].crc64;
    fixture.ledger.objects[0].crc64 = other + 1;
    const auto found = fixture.differences();
    REQUIRE(found.size() == 2);
    CHECK(found[0].starts_with("checksum "));
    CHECK(found[1].starts_with("manifest " + name + ": says " + Fixture::name(0) + ": "));
  }
  SECTION("of fewer objects") {
    fixture.ledger.objects.pop_back();
    fixture.ledger.rows = 110;
    const auto found = fixture.differences();
    REQUIRE(found.size() == 2);
    CHECK(found[0].starts_with("unexpected " + Fixture::name(2)));
    CHECK(found[1] == "manifest " + name + ": names 3 objects, the ledger 2");
  }
  SECTION("of another time, or of the whole table") {
    for (const auto& [from, to] :
         {std::pair("\"start_us\":1", "\"start_us\":"), std::pair("\"end_us\":", "\"end_us\":1"),
          std::pair("\"zone\":", "\"label\":\"full\",\"zone\":")}) {
      text = good;
      text.replace(text.find(from), std::string_view(from).size(), to);
      CHECK(fixture.differences() == only("manifest " + name + ": is of another job or window"));
    }
  }
  SECTION("of another window") {
    fixture.bench.window.job = "others";
    const std::size_t at = text.find("\"orders\"");
    REQUIRE(at != std::string::npos);
    text.replace(at, 8, "\"others\"");
    CHECK(fixture.differences() == only("manifest " + name + ": is of another job or window"));
  }
}

TEST_CASE("window check: a manifest that was archived is a difference, and the objects are checked",
          "[window_check]") {
  Fixture fixture("_manifest/t");
  const std::string name = objects::manifest_name(fixture.ledger.target, fixture.ledger.window).value();
  fixture.bench.fake.objects.erase(Fixture::name(1));
  fixture.bench.fake.answer_instead = [&](const sluice::test::FakeOssTransport::Seen& seen) {
    std::optional<http::Response> refused;
    if (seen.method == "GET" && seen.object == name) {
      refused = sluice::test::FakeOssTransport::error(403, "InvalidObjectState");
    }
    return refused;
  };
  const auto found = fixture.differences();
  REQUIRE(found.size() == 2);
  CHECK(found[0].starts_with("missing " + Fixture::name(1)));
  CHECK(found[1].starts_with("manifest " + name + ": cannot be read: "));
  CHECK_THAT(found[1], Catch::Contains("restore the archived object first"));
}

TEST_CASE("window check: a job whose names have changed is checked by the ledger's names", "[window_check]") {
  Fixture fixture;
  fixture.ledger.target.object = "elsewhere";
  fixture.ledger.same_definition = false;
  fixture.bench.fake.objects[Fixture::name(7)] = "more";
  CHECK(fixture.differences().empty());
  fixture.bench.fake.objects.erase(Fixture::name(0));
  CHECK(fixture.differences().size() == 1);
}

TEST_CASE("window check: a store that cannot be asked is an error, not a difference", "[window_check]") {
  Fixture fixture;
  fixture.bench.fake.answer_instead = [](const sluice::test::FakeOssTransport::Seen&) {
    http::Response refused;
    refused.status = 403;
    return std::optional(refused);
  };
  const auto checked = fixture.checked();
  REQUIRE(checked.has_error());
  CHECK(checked.error().code() == Errc::permission_denied);
}

TEST_CASE("window check: however a request fails, it is asked again or reported", "[window_check]") {
  for (std::size_t number = 0; number < 4; ++number) {
    INFO(number);
    Fixture fixture;
    const std::size_t before = fixture.bench.fake.seen.size();
    fixture.bench.fake.fault = [&](const sluice::test::FakeOssTransport::Seen&, std::size_t at) {
      return at == before + number ? sluice::test::FakeOssTransport::Fault::server_error
                                   : sluice::test::FakeOssTransport::Fault::none;
    };
    CHECK(fixture.differences().empty());
  }
}
