#include "daemon/cli/commands.hpp"
#include "tests/unit/daemon/api/direct_api.hpp"
#include "tests/unit/daemon/api/fake_service.hpp"
#include "tests/unit/daemon/job_file_text.hpp"
#include "tests/unit/daemon/temp_folder.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using sluice::test::job_text;

namespace {

using Fixture = sluice::test::CommandFixture;

}  // namespace

TEST_CASE("check: what it says as JSON is JSON, whatever a file is called") {
  sluice::test::TempFolder folder;
  const std::string broken = folder.write("\xb6\xa9.yaml", "nonsense: 1\n");
  const std::string absent = folder.path("\xb5\xa5.yaml");
  Fixture f;
  CHECK(f.run({"check", broken.c_str(), absent.c_str(), "--output", "json"}) == 2);
  const auto said = boost::json::parse(f.out.str());
  CHECK(said.at("problems").at(0).at("file").as_string() == folder.path("??.yaml"));
  CHECK(said.at("problems")
            .as_array()
            .back()
            .at("message")
            .as_string()
            .starts_with("read " + folder.path("??.yaml")));
}
