#include "daemon/client/remote_api.hpp"

#include "tests/unit/daemon/temp_folder.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace sluice;
using namespace sluice::daemon;

namespace {

std::optional<RemoteServer> from(const std::map<std::string, std::string>& variables) {
  return remote_server([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

std::string refusal_of(const std::string& address) {
  RemoteServer server;
  server.address = address;
  try {
    make_remote_api(std::move(server));
  } catch (const CommandFailure& failure) {
    CHECK(failure.exit() == Exit::usage);
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("remote api: the environment names server, token and authorities") {
  CHECK_FALSE(from({{"SLUICE_TOKEN", "t"}}));
  const sluice::test::TempFolder folder;
  const std::string file = folder.write("token", "sluice_1\n");
  const auto server =
      from({{"SLUICE_SERVER", "https://a:1"}, {"SLUICE_TOKEN_FILE", file}, {"SLUICE_CA_FILE", "/ca.pem"}});
  REQUIRE(server);
  CHECK(server->address == "https://a:1");
  CHECK(server->token.reveal() == "sluice_1");
  CHECK(server->ca_file == "/ca.pem");
  CHECK(from({{"SLUICE_SERVER", "https://a"}, {"SLUICE_TOKEN", "t"}, {"SLUICE_TOKEN_FILE", file}})
            ->token.reveal() == "t");
  CHECK_THROWS_AS(from({{"SLUICE_SERVER", "https://a"}, {"SLUICE_TOKEN_FILE", folder.path("none")}}),
                  CommandFailure);
}

TEST_CASE("remote api: a token goes to other machines under TLS only") {
  CHECK(refusal_of("http://sluice.example.com").find("in the clear") != std::string::npos);
  CHECK(refusal_of("ftp://a").find("SLUICE_SERVER") != std::string::npos);
  CHECK(refusal_of("http://127.0.0.1:7788").empty());
  CHECK(refusal_of("https://sluice.example.com").empty());
}
