#include "core/localfile/object_path.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using localfile::ObjectPath;

TEST_CASE("localfile path: folders and a file", "[localfile]") {
  const auto path = ObjectPath::parse("demo/orders/2018-10-16__a.csv");
  REQUIRE(path);
  CHECK(path->folders == std::vector<std::string>{"demo", "orders"});
  CHECK(path->file == "2018-10-16__a.csv");
  for (const char* odd : {"a", "a b", "...", ".hidden", "-", "\xe4\xbd\xa0", "a\\b", "..a/b.."}) {
    CHECK(ObjectPath::parse(odd));
  }
}

TEST_CASE("localfile path: names that leave the directory or that no file can have are refused",
          "[localfile]") {
  struct Case {
    std::string name;
    std::string reason;
  };
  const Case cases[] = {
      {"", "it has an empty part"},
      {"/etc/passwd", "it has an empty part"},
      {"a//b", "it has an empty part"},
      {"a/", "it has an empty part"},
      {"..", "\"..\" is no name"},
      {"a/../b", "\"..\" is no name"},
      {"./a", "\".\" is no name"},
      {std::string("a\0b", 3), "it holds a zero byte"},
      {".sluice-x", "names with \".sluice-\" are kept for uploads"},
      {".sluice-x/a", "names with \".sluice-\" are kept for uploads"},
      {std::string(231, 'x'), "a file name has at most 230 bytes"},
      {std::string(256, 'x') + "/a", "a folder has at most 255 bytes"},
  };
  for (const auto& [name, reason] : cases) {
    CAPTURE(name);
    const auto path = ObjectPath::parse(name);
    REQUIRE_FALSE(path);
    CHECK(path.error().code() == Errc::invalid_argument);
    CHECK(path.error().message() ==
          "use object name \"" + name + "\" as a file: " + reason + "; correct `object`");
  }
  CHECK(ObjectPath::parse(std::string(255, 'x') + "/" + std::string(230, 'y')));
}

TEST_CASE("localfile path: an upload's file says which object it is for", "[localfile]") {
  const std::string name = localfile::upload_name("0123456789abcdef", "a-b.csv");
  CHECK(name == ".sluice-0123456789abcdef-a-b.csv");
  const auto upload = localfile::parse_upload_name(name);
  REQUIRE(upload);
  CHECK(upload->upload_id == "0123456789abcdef");
  CHECK(upload->file == "a-b.csv");
  for (const char* other : {"", "a.csv", ".sluice-", ".sluice-0123456789abcdef", ".sluice-0123456789abcdef-",
                            ".sluice-0123456789ABCDEF-a", ".sluice-0123456789abcdef_a"}) {
    CHECK_FALSE(localfile::parse_upload_name(other));
  }
  CHECK_FALSE(localfile::is_upload_id("../../../../etc/"));
}
