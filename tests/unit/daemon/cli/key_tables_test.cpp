#include "daemon/cli/key_tables.hpp"

#include "daemon/config/config.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/test_data.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace sluice;
using namespace sluice::daemon;

namespace {

const std::string kDocs = sluice::test::test_data("../../docs/");

}  // namespace

TEST_CASE("key tables: those in the documents are what is declared") {
  for (const std::string name : {"configuration.md", "job-files.md"}) {
    const std::string text = sluice::test::read_file(kDocs + name);
    INFO(name << " differs from the declared keys; update it: build/dev/sluice man --update docs/" << name);
    CHECK(with_key_tables(text).value() == text);
  }
}

TEST_CASE("key tables: every declared section is in a document") {
  const std::string text =
      sluice::test::read_file(kDocs + "configuration.md") + sluice::test::read_file(kDocs + "job-files.md");
  for (const std::string& name : key_table_names()) {
    INFO(name);
    CHECK(text.find(fmt::format("<!-- keys: {} -->\n", name)) != std::string::npos);
  }
}

TEST_CASE("key tables: what is between the marks is made anew, the rest is left alone") {
  const auto made =
      with_key_tables("before\n<!-- keys: catchUp -->\nstale words\n<!-- end of keys -->\nbehind\n").value();
  CHECK(made.starts_with("before\n<!-- keys: catchUp -->\n\n| key | type |"));
  CHECK(made.find("| `catchUp.policy` | word | `all` | `all`, `latest`, `none` |") != std::string::npos);
  CHECK(made.find("stale words") == std::string::npos);
  CHECK(made.ends_with("|\n\n<!-- end of keys -->\nbehind\n"));
  CHECK(with_key_tables(made).value() == made);
}

TEST_CASE("key tables: a mark without its end, or of an unknown name, is an error") {
  CHECK(with_key_tables("<!-- keys: catchUp -->\n").error().code() == Errc::invalid_argument);
  CHECK(with_key_tables("<!-- keys: nothing -->\n<!-- end of keys -->").error().message() ==
        "make the table of keys \"nothing\": there is none of this name");
}

TEST_CASE("key tables: code marks and links are left out where nothing shows them") {
  CHECK(without_markup("see `a` in [the `b` page](b.md#c), or [1, 2]") == "see a in the b page, or [1, 2]");
}

TEST_CASE("key tables: a rule of alerts says the same in a job file as in sluice.yaml") {
  for (const job::JobKey& key : job::declared_keys("alerts")) {
    if (key.name == "channels") continue;
    const auto keys = config_keys();
    const auto same = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& one) {
      return one.path == fmt::format("alerts.rules.{}", key.name);
    });
    INFO(key.name);
    REQUIRE(same != keys.end());
    CHECK(same->limits == key.limits);
    CHECK(same->help == key.help);
  }
}
