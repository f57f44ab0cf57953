#include "core/tablestore/series_tags.hpp"

#include "core/base/random.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace sluice;
using namespace sluice::tablestore;

namespace {

// "name>value" of each tag; "malformed".
std::vector<std::string> parsed(std::string_view text) {
  TextArena arena;
  std::vector<SeriesTag> tags = {{"left", "over"}};
  if (!parse_tags(text, arena, tags)) return {"malformed"};
  std::vector<std::string> texts;
  for (const SeriesTag& tag : tags) texts.push_back(std::string(tag.name) + ">" + std::string(tag.value));
  return texts;
}

using Tags = std::vector<std::string>;

TEST_CASE("series tags: a list of quoted pairs") {
  CHECK(parsed(R"(["host=a"])") == Tags{"host>a"});
  CHECK(parsed(R"(["host=a","region=b c","os=Ubuntu 22.04"])") ==
        Tags{"host>a", "region>b c", "os>Ubuntu 22.04"});
  CHECK(parsed("[]").empty());
  CHECK(parsed("").empty());
  CHECK(parsed(R"(["host="])") == Tags{"host>"});
  CHECK(parsed("[\"name=表格, [x]\\\\\"]") == Tags{"name>表格, [x]\\"});
}

TEST_CASE("series tags: a name ends at the first equals sign") {
  CHECK(parsed(R"(["query=a=b&c=d","x=="])") == Tags{"query>a=b&c=d", "x>="});
}

TEST_CASE("series tags: quotes and backslashes may be escaped, in names too") {
  CHECK(parsed(R"(["path=C:\\temp\\","say=\"hi\"","a\"b=\\\"","plain=x"])") ==
        Tags{R"(path>C:\temp\)", R"(say>"hi")", R"(a"b>\")", "plain>x"});
}

TEST_CASE("series tags: what is no list of pairs is malformed") {
  for (const char* text : {"[",
                           "]",
                           "host=a",
                           "[host=a]",
                           R"(["host"])",
                           R"(["=a"])",
                           R"(["host=a)",
                           R"(["host=a")",
                           R"(["host=a",])",
                           R"([,"host=a"])",
                           R"(["host=a""b=c"])",
                           R"(["host=a"] )",
                           R"( ["host=a"])",
                           R"(["host=a", "b=c"])",
                           R"([""])",
                           R"(["host=\n"])",
                           R"(["host=\)",
                           R"(["host=a\"])",
                           R"(["host=a"]])",
                           R"({"host":"a"})"}) {
    INFO(text);
    CHECK(parsed(text) == Tags{"malformed"});
  }
}

TEST_CASE("series tags: any tags written as the service would come back, any cut of them is malformed") {
  SeededRandom random(7);
  const auto pick = [&](std::string_view from) { return from[random.below(from.size())]; };
  for (int round = 0; round < 500; ++round) {
    Tags expected;
    std::string text = "[";
    const auto count = random.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string name = "n";
      std::string value;
      for (auto size = random.below(6); size > 0; --size) name += pick("ab\"\\ ,[]");
      for (auto size = random.below(6); size > 0; --size) value += pick("ab\"\\ ,[]=");
      expected.push_back(name + ">" + value);
      if (i > 0) text += ',';
      text += '"';
      for (const char c : name + "=" + value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += '"';
    }
    text += "]";
    INFO(text);
    CHECK(parsed(text) == expected);
    for (std::size_t size = 1; size < text.size(); ++size)
      CHECK(parsed(text.substr(0, size)) == Tags{"malformed"});
  }
}

}  // namespace
