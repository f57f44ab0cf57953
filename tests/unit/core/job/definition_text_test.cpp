#include "core/job/definition_text.hpp"

#include "core/job/freeze.hpp"
#include "tests/unit/core/job/job_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

// The good job with its connection to Table Store in the script itself.
std::string with_keys(const std::string& keys) {
  return replaced(kGood, "datasource: orders_ots\n",
                  "endpoint: https://i.cn-hangzhou.ots.aliyuncs.com\n          instanceName: i\n" + keys);
}

DefinitionText kept(const std::string& text) {
  DefinitionText written;
  written.file = "jobs.d/orders.yaml";
  written.text = text;
  return without_credentials(written);
}

std::string literal() {
  return with_keys(
      "          accessId: LTAI-canary-id  # was LTAI-canary-old\n"
      "          accessKey: \"canary-key-of-ots\"\n"
      "          # accessKey: canary-key-before\n"
      "          # and canary-key-of-ots is the one of today\n");
}

}  // namespace

TEST_CASE("definition text: one without credentials is kept as it was, comments too") {
  const std::string text = "# why this job is here\n" + kGood;
  CHECK(kept(text).text == text);
  CHECK(kept(text).missing.empty());
}

TEST_CASE("definition text: credentials written out are masked, in comments too") {
  const std::string text = kept(literal()).text;
  CHECK(text.find("canary-key") == std::string::npos);
  CHECK(text.find("LTAI-canary-id") == std::string::npos);
  CHECK(text.find("accessKey: \"***\"") != std::string::npos);
  CHECK(text.find("# accessKey: ***") != std::string::npos);
  CHECK(text.find("and *** is the one of today") != std::string::npos);
}

TEST_CASE("definition text: references to credentials stay") {
  const std::string text = with_keys(
      "          accessId: \"${env:OTS_ID}\"\n          accessKey: file:/etc/keys/ots\n"
      "          securityToken: credential:token\n");
  CHECK(kept(text).text == text);
}

TEST_CASE("definition text: a credential key without a value is no credential") {
  for (const std::string nothing : {"", " ~", " null", " Null", " NULL", " ''", " \"\""}) {
    CAPTURE(nothing);
    const std::string text =
        with_keys("          accessId: ${env:ID}\n          accessKey: file:/etc/keys/ots\n") +
        "          securityToken:" + nothing + "  # accessKey:" + nothing + "\n";
    CHECK(kept(text).text == text);
  }
  CHECK(kept(kGood + "# accessKey: \"#canary\"\n").text == kGood + "# accessKey: \"***\"\n");
}

TEST_CASE("definition text: a text whose credentials cannot be found in it for certain is not kept") {
  const DefinitionText text = kept(with_keys("          accessId: id\n          accessKey: \"a\\u0062c\"\n"));
  CHECK(text.text.empty());
  CHECK(
      text.missing ==
      "its text is not kept, because the credentials in jobs.d/orders.yaml could not be taken out of it with "
      "certainty; write them as ${env:NAME}, file:/path or credential:NAME, or use a data source");
  CHECK(load_definition(text, kSources, good_job()).error().message() == text.missing);
}

TEST_CASE("definition text: a short credential that is a part of other words masks only itself") {
  const std::string text = kept(with_keys("          accessId: id\n          accessKey: date\n")).text;
  CHECK(text.find("accessId: \"***\"\n") != std::string::npos);
  CHECK(text.find("accessKey: \"***\"\n") != std::string::npos);
  CHECK(text.find("date: ${bdp.system.bizdate}") != std::string::npos);
}

TEST_CASE("definition text: a kept version runs with the credentials of the present file") {
  const Job before = load(literal()).jobs.at(0);
  const Job present = load(replaced(replaced(literal(), "\"canary-key-of-ots\"", "canary-rotated"),
                                    "interval: 5m", "interval: 10m"))
                          .jobs.at(0);
  const auto loaded = load_definition(kept(literal()), kSources, present);
  REQUIRE(loaded);
  CHECK(loaded->version == before.version);
  CHECK(loaded->schedule == before.schedule);
  const auto values = freeze(*loaded, Instant(std::chrono::hours(24 * 365 * 48)));
  REQUIRE(values);
  const auto work = resolve(*loaded, *values, kSources);
  REQUIRE(work);
  CHECK(work->source.access_key.reveal() == "canary-rotated");
  CHECK(work->source.access_id == "LTAI-canary-id");
}

TEST_CASE("definition text: without credentials in the present file a kept version says which are missing") {
  CHECK(
      load_definition(kept(literal()), kSources, good_job()).error().message() ==
      "credentials written out in a file are not kept, and the present one has no reader.parameter.accessId");
}

TEST_CASE("definition text: a script of its own file is served from what is kept") {
  DefinitionText text;
  text.file = "jobs.d/orders.yaml";
  const std::size_t script = kGood.find("script:");
  text.text = kGood.substr(0, script) + "script: {file: orders.script}\n";
  text.script_file = "jobs.d/orders.script";
  text.script = kGood.substr(script + std::string_view("script:\n  inline:\n").size());
  const auto loaded = load_definition(without_credentials(text), kSources, good_job());
  REQUIRE(loaded);
  CHECK(loaded->version == good_job().version);
  text.script_file.clear();
  CHECK(load_definition(text, kSources, good_job()).error().message() ==
        "its text is not valid any more: jobs.d/orders.yaml:8:16: error: script.file: read "
        "jobs.d/orders.script: "
        "it is not kept with the definition");
}

TEST_CASE("definition text: credentials in any place and quotes are masked, and nothing else") {
  const std::string quoted =
      kept(with_keys("          accessId: 'canary-single'\n          accessKey: canary plain  \n"
                     "          securityToken: \"canary-double\"\n"))
          .text;
  CHECK(quoted.find("accessId: '***'\n") != std::string::npos);
  CHECK(quoted.find("accessKey: \"***\"  \n") != std::string::npos);
  CHECK(quoted.find("canary") == std::string::npos);
  const std::string chinese = kept("# \xe8\xae\xa2\xe5\x8d\x95\n" +
                                   replaced(kGood, "datasource: orders_ots",
                                            "{\xe8\xae\xa2: \xe5\x8d\x95, accessKey: canary-behind}: 1"))
                                  .text;
  CHECK(chinese.find("canary") == std::string::npos);
}

TEST_CASE("definition text: what cannot be masked for certain is not kept at all") {
  for (const std::string value : {"[canary]", "{a: canary}", "|\n            canary-block", "'it''s canary'",
                                  "canary\n            folded", "&anchor canary"}) {
    CAPTURE(value);
    const DefinitionText text =
        kept(with_keys("          accessId: ${env:ID}\n          accessKey: " + value + "\n"));
    CHECK(text.text.find("canary") == std::string::npos);
    CHECK((text.text.empty() != text.missing.empty()));
  }
  CHECK(kept("accessKey: [").text.empty());
  CHECK(kept("").missing.empty());
}

TEST_CASE("definition text: in comments only a credential key with a value behind it is masked") {
  const std::string text = kGood +
                           "# accessKey\n# the accessKey of today\n# accessKey = canary\n# accessId:canary,\n"
                           "# accessKey: ${env:KEY}\n# accessKey: file:/etc/key\n# accessKey: ***\n"
                           "# {\"securityToken\": \"canary\"}\n# accessKeys: public\n# accessId:";
  const std::string masked = kept(text).text;
  CHECK(masked == kGood +
                      "# accessKey\n# the accessKey of today\n# accessKey = ***\n# accessId:***,\n"
                      "# accessKey: ${env:KEY}\n# accessKey: file:/etc/key\n# accessKey: ***\n"
                      "# {\"securityToken\": \"***\"}\n# accessKeys: public\n# accessId:");
}

TEST_CASE("definition text: a credential of the writer comes from the present file too") {
  const auto oss = [](const std::string& key) {
    return replaced(kGood, "datasource: archive_oss",
                    "endpoint: https://h\n          bucket: b\n"
                    "          accessId: canary-id\n          accessKey: " +
                        key);
  };
  const Job present = load(oss("canary-today")).jobs.at(0);
  const auto loaded = load_definition(kept(oss("canary-before")), kSources, present);
  REQUIRE(loaded);
  CHECK(loaded->script->writer.find("accessKey")->text == "canary-today");
  CHECK(
      load_definition(kept(oss("canary-before")), kSources, good_job()).error().message() ==
      "credentials written out in a file are not kept, and the present one has no writer.parameter.accessId");
  Job without = present;
  without.script = nullptr;
  CHECK_FALSE(load_definition(kept(oss("canary-before")), kSources, without));
}

TEST_CASE("definition text: a credential that is also another value of the job cannot be taken out") {
  const std::string same =
      replaced(with_keys("          accessId: ${env:ID}\n          accessKey: canary-instance\n"),
               "instanceName: i\n", "instanceName: canary-instance\n");
  CHECK(kept(same).text.empty());
  CHECK_FALSE(kept(same).missing.empty());
  CHECK(kept(replaced(with_keys("          accessId: ${env:ID}\n          accessKey: canary-instance\n"),
                      "date: ${bdp", "canary-instance: ${bdp"))
            .text.empty());
  // A short one may well be a part of other words, and is looked for at its place alone.
  CHECK_FALSE(kept(with_keys("          accessId: ${env:ID}\n          accessKey: orders\n")).text.empty());
}

TEST_CASE("definition text: the script's own file is named where its credentials cannot be taken out") {
  DefinitionText text;
  text.file = "jobs.d/orders.yaml";
  text.text = "name: orders\nscript: {file: orders.script}\n";
  text.script_file = "jobs.d/orders.script";
  text.script = "{accessKey: [canary]}";
  const DefinitionText masked = without_credentials(text);
  CHECK(masked.text.empty());
  CHECK(masked.script.empty());
  CHECK(masked.missing.find("the credentials in jobs.d/orders.script could not") != std::string::npos);
}
