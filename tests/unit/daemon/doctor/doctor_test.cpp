#include "daemon/doctor/doctor.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

FolderFacts folder() {
  FolderFacts facts;
  facts.path = "/var/lib/sluice";
  facts.exists = true;
  facts.writable = true;
  facts.owner = "root";
  facts.daemon = "sluice";
  facts.user = "sluice";
  facts.free_bytes = 100ULL << 30;
  facts.total_bytes = 200ULL << 30;
  return facts;
}

Result<tablestore::TableDescription> no_table(Errc code) { return Error(code, "describe table orders: 403"); }

}  // namespace

TEST_CASE("doctor: a folder must be there, writable, and not everybody's") {
  CHECK(judge_rights(folder()).health == Health::good);
  FolderFacts facts = folder();
  facts.open_to_all = true;
  CHECK(judge_rights(facts).health == Health::warning);
  facts.writable = false;
  CHECK(judge_rights(facts).health == Health::bad);
  CHECK(judge_rights(facts).advice == "give it to the daemon: chown -R sluice /var/lib/sluice");
  facts.exists = false;
  CHECK(judge_rights(facts).said == "there is no such folder");
}

TEST_CASE("doctor: a folder is given to the daemon's user only, whoever asks") {
  FolderFacts facts = folder();
  facts.writable = false;
  facts.user = "alice";
  CHECK(judge_rights(facts).advice == "alice is not the daemon's user: sudo -u sluice sluice doctor");
  facts.daemon = "";
  CHECK(judge_rights(facts).advice ==
        "it belongs to root: run doctor as the daemon's user; if that is alice: chown -R alice "
        "/var/lib/sluice");
  facts.exists = false;
  CHECK(judge_rights(facts).advice ==
        "make it for the daemon's user: install -d -o USER -m 0750 /var/lib/sluice");
  facts.daemon = "sluice";
  CHECK(judge_rights(facts).advice == "make it: install -d -o sluice -m 0750 /var/lib/sluice");
}

TEST_CASE("doctor: settings that cannot be read are told as such, not as a table or bucket that is missing") {
  const Finding missing = judge_opening("table", "orders", Error(Errc::not_found, "read /k: No such file"));
  CHECK(missing.health == Health::bad);
  CHECK(missing.said == "read /k: No such file");
  CHECK(missing.advice ==
        "put that file there, readable for the daemon's user, or name another one; the table was not asked");
  CHECK(judge_opening("target", "orders", Error(Errc::invalid_argument, "x")).advice ==
        "put right what is said; the target was not asked");
}

TEST_CASE("doctor: a disk is short at 1 GiB or 5 %, and full at 64 MiB") {
  FolderFacts facts = folder();
  CHECK(judge_space(facts).health == Health::good);
  facts.free_bytes = 9ULL << 30;
  CHECK(judge_space(facts).health == Health::warning);
  facts.total_bytes = 10ULL << 30;
  CHECK(judge_space(facts).health == Health::good);
  facts.free_bytes = (1ULL << 30) - 1;
  CHECK(judge_space(facts).health == Health::warning);
  facts.free_bytes = (64ULL << 20) - 1;
  CHECK(judge_space(facts).health == Health::bad);
  CHECK_FALSE(judge_space(facts).advice.empty());
}

TEST_CASE("doctor: a socket that is not there is a daemon that does not run; one for everybody is wrong") {
  SocketFacts facts;
  facts.path = "/run/sluice/sluice.sock";
  CHECK(judge_socket(facts).health == Health::warning);
  facts.exists = true;
  CHECK(judge_socket(facts).health == Health::good);
  facts.failure = "connect to /run/sluice/sluice.sock: Permission denied";
  CHECK(judge_socket(facts).health == Health::bad);
  facts.open_to_all = true;
  CHECK(judge_socket(facts).advice == "chmod 0660 /run/sluice/sluice.sock");
}

TEST_CASE("doctor: a clock is watched from 30 s off, and wrong from 15 minutes off, either way") {
  CHECK(judge_clock("https://a", 29s).health == Health::good);
  CHECK(judge_clock("https://a", -30s).health == Health::warning);
  CHECK(judge_clock("https://a", 15min - 1s).health == Health::warning);
  CHECK(judge_clock("https://a", -15min).health == Health::bad);
  CHECK(judge_clock("https://a", -15min).said == "-900 s against the server's");
}

TEST_CASE("doctor: an endpoint's failure tells network from certificate") {
  CHECK(judge_endpoint("https://a", Result<void>()).health == Health::good);
  CHECK(judge_endpoint("https://a", Error(Errc::unavailable, "connect")).advice.find("network") !=
        std::string::npos);
  CHECK(judge_endpoint("https://a", Error(Errc::permission_denied, "tls")).advice.find("caFile") !=
        std::string::npos);
}

TEST_CASE("doctor: a table's failure tells a wrong key from a missing right and a missing table") {
  CHECK(judge_table("orders", tablestore::TableDescription()).health == Health::good);
  CHECK(judge_table("orders", no_table(Errc::unauthenticated)).advice.find("accessKey") != std::string::npos);
  CHECK(judge_table("orders", no_table(Errc::permission_denied)).advice.find("ots:DescribeTable") !=
        std::string::npos);
  CHECK(judge_table("orders", no_table(Errc::not_found)).advice.find("does not exist") != std::string::npos);
  CHECK(judge_table("orders", no_table(Errc::timeout)).health == Health::bad);
}

TEST_CASE("doctor: a stream must be on, and keep a day") {
  tablestore::TableStream stream;
  CHECK(judge_stream("orders", stream).health == Health::bad);
  stream.enabled = true;
  stream.retention = 23h;
  CHECK(judge_stream("orders", stream).health == Health::warning);
  stream.retention = 24h;
  CHECK(judge_stream("orders", stream).said == "on, keeps 24 hours");
}

TEST_CASE("doctor: a target says whether writing was tried") {
  CHECK(judge_target("orders", "bucket b", false, Result<void>()).said.find("--write") != std::string::npos);
  CHECK(judge_target("orders", "bucket b", true, Result<void>()).said == "bucket b can be written");
  const Finding missing = judge_target("orders", "bucket b", false, Error(Errc::not_found, "NoSuchBucket"));
  CHECK(missing.health == Health::bad);
  CHECK(missing.advice.find("bucket") != std::string::npos);
}

TEST_CASE("doctor: problems of the configuration are errors or warnings; versions are told") {
  job::Problem problem;
  problem.severity = job::Severity::warning;
  CHECK(judge_configuration("sluice.yaml", {}, 2).said == "2 jobs, no problems");
  CHECK(judge_configuration("sluice.yaml", {problem}, 2).health == Health::warning);
  job::Problem error = problem;
  error.severity = job::Severity::error;
  error.message = "name: missing";
  const Finding both = judge_configuration("sluice.yaml", {problem, error}, 2);
  CHECK(both.health == Health::bad);
  CHECK(both.said.find("name: missing, and 1 more") != std::string::npos);
  CHECK(judge_systemd("systemd 252 (252.39-1)").said == "252");
  CHECK(judge_systemd("systemd 241").health == Health::warning);
  CHECK(judge_systemd("").health == Health::good);
  CHECK(judge_sqlite("3.40.1").said.find("there is one") != std::string::npos);
}
