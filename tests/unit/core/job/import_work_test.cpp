#include "tests/unit/core/job/import_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

struct Taken {
  explicit Taken(std::string_view assignments) {
    work.set_parameters(assignments, "--params", option_place("--params"));
  }
  std::string value(std::string_view name) const { return value_of(work, "parameters." + std::string(name)); }

  ImportRequest request;
  Import result;
  ImportWork work{request, result};
};

}  // namespace

TEST_CASE("import parameters: assignments are separated by blanks and lines, and a value may hold \"=\"") {
  const Taken taken(" a=1\tb=$[yyyy-1]\r\nc_2=x=y  d= \n");
  CHECK(taken.result.problems.empty());
  CHECK(taken.value("a") == "\"1\"");
  CHECK(taken.value("b") == "\"$[yyyy-1]\"");
  CHECK(taken.value("c_2") == "\"x=y\"");
  CHECK(taken.value("d") == "\"\"");
  CHECK(Taken("").work.keys().empty());
  CHECK(Taken(" \n").work.keys().empty());
}

TEST_CASE("import parameters: what is no assignment is refused, the others are taken") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"start", "expected NAME=VALUE, separated by blanks, got \"start\""},
      {"b=1 b=1", "b is given twice"},
      {"=1", "a parameter's name is letters, digits and \"_\", got \"\""},
      {"a.b=1", "a parameter's name is letters, digits and \"_\", got \"a.b\""},
      {"\xc3\xa4=1", "a parameter's name is letters, digits and \"_\", got \"\xc3\xa4\""},
      {"a\x1b[31m=1", "a parameter's name is letters, digits and \"_\", got \"a?[31m\""},
      {"a\x7f=1", "a parameter's name is letters, digits and \"_\", got \"a?\""}};
  for (const auto& [words, expected] : cases) {
    CAPTURE(words);
    const Taken taken(words + " last=1");
    CHECK(printed(taken.result) == only("--params:1:1: error: --params: " + expected));
    CHECK(taken.value("last") == "\"1\"");
  }
}

TEST_CASE("import parameters: what looks like a credential by its name is left out, and not quoted") {
  for (const std::string name :
       {"accessId", "ACCESSKEY", "my_secret", "db_Password", "passwd", "securityToken"}) {
    CAPTURE(name);
    const Taken taken(name + "=canary");
    CHECK(taken.result.problems.empty());
    CHECK(taken.work.keys().empty());
    REQUIRE(taken.result.notes.size() == 1);
    CHECK(fate_of(taken.result, "--params: " + name) == "unsupported");
    CHECK_FALSE(has_line(taken.result.notes[0].text, "canary"));
  }
}

TEST_CASE("import parameters: a value is quoted so that YAML and JSON read it back as it was") {
  for (const std::string text : {"a\"b\\c", "line\nline\r\t", "\x01\x1f\x7f", "# no comment: {x} *y",
                                 "\xe5\xb9\xb4 \xf0\x9f\x99\x82", ""}) {
    const std::string quoted = quoted_text(text);
    CAPTURE(quoted);
    CHECK(quoted.find('\n') == std::string::npos);
    CHECK(parse_yaml(quoted).value().text == text);
  }
}

TEST_CASE("import parameters: a text is cut for a message between two characters") {
  CHECK(printable("abc", 3) == "abc");
  CHECK(printable("abcd", 3) == "abc...");
  CHECK(printable("a\xe5\xb9\xb4z", 3) == "a...");
  CHECK(printable("a\xe5\xb9\xb4z", 2) == "a...");
  CHECK(printable("\xe5\xb9\xb4\xe5\xb9\xb4", 5) == "\xe5\xb9\xb4...");
  CHECK(printable("\xe5\xb9\xb4", 2) == "...");
  CHECK(printable("a\nb\x1b\x7f") == "a?b??");
}

TEST_CASE("import: the tree of a script becomes JSON with the values it has") {
  const auto json = [](std::string_view yaml) { return json_text(parse_yaml(yaml).value()); };
  const std::vector<std::pair<std::string, std::string>> words{{"true", "true"},
                                                               {"false", "false"},
                                                               {"null", "null"},
                                                               {"~", "null"},
                                                               {"0", "0"},
                                                               {"-1", "-1"},
                                                               {"-0.5", "-0.5"},
                                                               {"12.50", "12.50"},
                                                               {"123456789012345", "123456789012345"},
                                                               {"1234567890123456", "\"1234567890123456\""},
                                                               {"007", "\"007\""},
                                                               {"1.", "\"1.\""},
                                                               {".5", "\".5\""},
                                                               {"1.2.3", "\"1.2.3\""},
                                                               {"1..2", "\"1..2\""},
                                                               {"1e5", "\"1e5\""},
                                                               {"--1", "\"--1\""},
                                                               {"yes", "\"yes\""},
                                                               {"'1'", "\"1\""},
                                                               {"'null'", "\"null\""},
                                                               {"''", "\"\""}};
  for (const auto& [yaml, expected] : words) {
    CAPTURE(yaml);
    CHECK(json(yaml) == expected + "\n");
  }
  CHECK(json("{a: [1, {}, []], b:}") == "{\n  \"a\": [\n    1,\n    {},\n    []\n  ],\n  \"b\": null\n}\n");
  CHECK(json("{a: -}") == "{\n  \"a\": \"-\"\n}\n");
}
