#include "core/job/yaml_document.hpp"
#include "core/job/yaml_map.hpp"
#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::job;

namespace {

std::string failure(std::string_view text) {
  const auto parsed = parse_yaml(text);
  if (parsed) return "parsed";
  return std::to_string(parsed.error().place.line) + ":" + std::to_string(parsed.error().place.column) +
         ": " + parsed.error().message;
}

std::vector<std::string> messages(ProblemList& list) {
  std::vector<std::string> out;
  for (const Problem& problem : list.take()) out.push_back(to_string(problem));
  return out;
}

}  // namespace

TEST_CASE("yaml: JSON with comments and trailing commas is read, with places in characters") {
  const YamlNode root = parse_yaml("{\"\u8868\": \"\u503c\", \"b\":[1,2,],  # \u6ce8\n \"c\":{}, }").value();
  REQUIRE(root.keys.size() == 3);
  CHECK(root.items[0].text == "\u503c");
  CHECK(root.keys[1].place == Place{1, 12});
  CHECK(root.items[1].items.size() == 2);
  CHECK(root.items[1].items[1].place == Place{1, 19});
  CHECK(root.keys[2].place == Place{2, 2});
}

TEST_CASE("yaml: in a JSON text // begins a comment, where a value cannot hold it") {
  const YamlNode root =
      parse_yaml(
          "// sample\n{\"version\":\"2.0\",//\u7248\u672c\u53f7\n"
          " \"concurrent\": 1 // par, \"x\": 'y\n ,\"url\": \"http://a//b\", \"plain\": http://c//d,\n"
          " \"column\": [\"uid\", //\u4e3b\u952e\n  \"a\\\" // b\"], # don't // care\n"
          " \"none\"://\n  true//\n ,'it''s // {':{\"a\":[//\n]}//}\n}//end\n")
          .value();
  REQUIRE(root.keys.size() == 7);
  CHECK(root.find("version")->text == "2.0");
  CHECK(root.find("concurrent")->text == "1");
  CHECK(root.find("url")->text == "http://a//b");
  CHECK(root.find("plain")->text == "http://c//d");
  REQUIRE(root.find("column")->items.size() == 2);
  CHECK(root.find("column")->items[1].text == "a\" // b");
  CHECK(root.find("column")->items[1].place == Place{6, 3});
  CHECK(root.find("none")->text == "true");
  CHECK(root.keys[6].text == "it's // {");
}

TEST_CASE("yaml: outside of JSON // is text as any other") {
  CHECK(parse_yaml("a: 1 // b\n").value().find("a")->text == "1 // b");
  CHECK(parse_yaml("{a: 1 // b}").value().find("a")->text == "1 // b");
  CHECK(parse_yaml("a: {\"b\": //c}\n").value().find("a")->find("b")->text == "//c");
  CHECK(parse_yaml("[//a, b]").value().items[0].text == "//a");
}

TEST_CASE("yaml: scalars stay text") {
  const YamlNode root =
      parse_yaml("{a: 010, b: '010', c: ~, d: '', e: 00:05, f: null, g: \"null\", h: }").value();
  CHECK(root.find("a")->text == "010");
  CHECK_FALSE(root.find("a")->quoted);
  CHECK(root.find("b")->quoted);
  CHECK(root.find("c")->kind == YamlNode::Kind::null);
  CHECK(root.find("d")->kind == YamlNode::Kind::scalar);
  CHECK(root.find("e")->text == "00:05");
  CHECK(root.find("f")->kind == YamlNode::Kind::null);
  CHECK(root.find("g")->kind == YamlNode::Kind::scalar);
  CHECK(root.find("h")->kind == YamlNode::Kind::null);
}

TEST_CASE("yaml: what could exhaust memory or the stack is refused") {
  CHECK(failure("a: &x [1]\nb: *x\n") == "2:4: aliases (*name) are not supported: write the value out");
  CHECK(failure("b: *secret\n") == "1:4: not valid YAML: the referenced anchor is not defined");
  CHECK(failure(std::string(33, '[') + std::string(33, ']')) == "1:33: nested deeper than 32 levels");
  CHECK(failure(std::string(32, '[') + std::string(32, ']')) == "parsed");
  CHECK(failure(std::string(100'000, '[')) != "parsed");
  CHECK(failure(std::string(kYamlBytesMax + 1, ' ')) == "1:1: larger than 1048576 bytes");
}

TEST_CASE("yaml: text that is not UTF-8, a second document and keys that are maps are refused") {
  CHECK(failure("a: \xff\n") == "1:4: not valid UTF-8: save the file as UTF-8");
  CHECK(failure("a: \xc0\x80\n") == "1:4: not valid UTF-8: save the file as UTF-8");
  CHECK(failure("a: \xed\xa0\x80\n") == "1:4: not valid UTF-8: save the file as UTF-8");
  CHECK(failure(std::string("a: \0", 4)) == "1:4: a NUL character is not allowed");
  CHECK(failure("a: 1\n---\nb: 2\n") == "3:1: a second document is not allowed: one file holds one");
  CHECK(failure("? [a]\n: 1\n") == "1:3: a key must be a string, got a list");
  CHECK(failure("a: b: c\n") == "1:5: not valid YAML: illegal map value");
}

TEST_CASE("yaml map: numbers are read by us") {
  CHECK(parse_integer("010") == 10);
  CHECK(parse_integer("08") == 8);
  CHECK(parse_integer("+5") == 5);
  CHECK(parse_integer("-5") == -5);
  for (const char* text :
       {"", "+", "-", "+-5", "0x10", "1.0", "1e3", " 1", "1 ", "99999999999999999999", "~"}) {
    INFO(text);
    CHECK_FALSE(parse_integer(text));
  }
}

TEST_CASE("yaml map: durations have a unit") {
  CHECK(parse_duration("90s") == Duration(std::chrono::seconds(90)));
  CHECK(parse_duration("500ms") == Duration(std::chrono::milliseconds(500)));
  CHECK(parse_duration("2d") == Duration(std::chrono::hours(48)));
  for (const char* text : {"", "5", "m", "5 m", "-5m", "5M", "1h30m", "999999999999999d"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("yaml map: a key without value counts as absent") {
  const YamlNode root = parse_yaml("a:\nb: ''\n").value();
  ProblemList problems("f");
  YamlMap map(root, "", problems);
  CHECK(map.get("a") == nullptr);
  CHECK(map.text("b") == "");
  map.require("a", "say what");
  map.finish();
  CHECK(messages(problems) == std::vector<std::string>{"f:1:1: error: a: missing; say what"});
}

TEST_CASE("yaml map: the key that was meant is not further than a third of the letters") {
  const std::vector<std::string_view> known{"interval", "timezone", "start"};
  CHECK(closest("intervall", known) == "interval");
  CHECK(closest("TimeZone", known) == "timezone");
  CHECK(closest("satrt", known) == "start");
  CHECK(closest("zebra", known).empty());
  CHECK(closest(std::string(1000, 'x'), known).empty());
}

TEST_CASE("yaml map: limits of durations are printed in the largest unit that holds them whole") {
  const YamlNode root = parse_yaml("{d: 1000d, path: x}").value();
  const auto told = [&](Duration min, Duration max) {
    ProblemList list("j.yaml");
    YamlMap map(root, "", list);
    CHECK_FALSE(map.duration("d", min, max));
    return messages(list).at(0);
  };
  using namespace std::chrono_literals;
  CHECK(told(0s, 1h) == "j.yaml:1:5: error: d: expected 0s to 1h, got 1000d");
  CHECK(told(1500ms, 90s) == "j.yaml:1:5: error: d: expected 1500ms to 90s, got 1000d");
  CHECK(told(1min, 48h) == "j.yaml:1:5: error: d: expected 1m to 2d, got 1000d");
}

TEST_CASE("yaml map: a length is digits and one unit, and fits") {
  for (const char* wrong : {"", "5", "m", "5M", "5 m", "-5m", "+5m", "5m5s", "1.5h", "99999999999999999999s",
                            "9223372036854775807d"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
  CHECK(parse_duration("250ms") == Duration(std::chrono::milliseconds(250)));
  CHECK(parse_duration("007s") == Duration(std::chrono::seconds(7)));
}

TEST_CASE("yaml map: a list of texts holds texts, each wrong one with its place") {
  const YamlNode root = parse_yaml("{a: [x, {}, y], b: x, c: [~]}").value();
  ProblemList list("j.yaml");
  YamlMap map(root, "job", list);
  CHECK_FALSE(map.texts("a"));
  CHECK_FALSE(map.texts("b"));
  CHECK_FALSE(map.texts("c"));
  CHECK_FALSE(map.texts("d"));
  CHECK(messages(list) ==
        std::vector<std::string>{"j.yaml:1:9: error: job.a[1]: expected a string, got a map",
                                 "j.yaml:1:20: error: job.b: expected a list of strings, got a string",
                                 "j.yaml:1:27: error: job.c[0]: expected a string, got nothing"});
}
