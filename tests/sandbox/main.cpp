// sluice-sandbox: a local Table Store and a local OSS on one port. docs/sandbox.md is its manual.
#include "tests/sandbox/admin.hpp"
#include "tests/sandbox/fault_subject.hpp"
#include "tests/sandbox/listener.hpp"
#include "tests/sandbox/metadata_service.hpp"
#include "tests/sandbox/oss_service.hpp"
#include "tests/sandbox/ots_service.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <sys/resource.h>

namespace sluice::sandbox {
namespace {

// Sends each request to the service it is for, and counts.
class Router : public Handler {
 public:
  Router(const std::filesystem::path& folder, const AccessKey& key)
      : keys_(key), catalog_(folder / "ots"), objects_(folder / "oss") {}

  KeyRing& keys() { return keys_; }
  FaultScript& faults() { return faults_; }
  Statistics& statistics() { return statistics_; }

  std::optional<Fault> fault_for(const Request& request) override {
    if (Admin::takes(request)) return std::nullopt;
    const bool ots = OtsService::takes(request);
    const std::string operation = ots ? OtsService::operation(request) : OssService::operation(request);
    const auto subject = [&] { return ots ? fault_subject(request, operation) : FaultSubject(); };
    std::optional<Fault> fault = faults_.next(ots ? "ots" : "oss", operation, subject);
    if (fault) ++statistics_.faults[counted_name(request)];
    return fault;
  }

  Response answer(const Request& request, const std::optional<Fault>& fault) override {
    if (Admin::takes(request)) return admin_.handle(request);
    const std::string name = counted_name(request);
    ++statistics_.requests[name];
    std::string error;
    Response response =
        OtsService::takes(request) ? ots_.handle(request, fault, error) : oss_.handle(request, fault, error);
    if (!error.empty()) ++statistics_.errors[name + " " + error];
    return response;
  }

 private:
  static std::string counted_name(const Request& request) {
    if (OtsService::takes(request)) return "ots." + OtsService::operation(request);
    return "oss." + OssService::operation(request);
  }

  KeyRing keys_;
  Catalog catalog_;
  ObjectStore objects_;
  FaultScript faults_;
  Statistics statistics_;
  OtsService ots_{catalog_, keys_};
  OssService oss_{objects_, keys_};
  Admin admin_{catalog_, objects_, keys_, faults_, statistics_};
};

// The metadata service on its own port.
class MetadataPort : public Handler {
 public:
  MetadataPort(Router& router, const std::string& role, std::int64_t seconds)
      : faults_(router.faults()), statistics_(router.statistics()), service_(router.keys(), role, seconds) {}

  std::optional<Fault> fault_for(const Request& request) override {
    return faults_.next("metadata", MetadataService::operation(request), [] { return FaultSubject(); });
  }

  Response answer(const Request& request, const std::optional<Fault>& fault) override {
    ++statistics_.requests["metadata." + MetadataService::operation(request)];
    return service_.handle(request, fault);
  }

 private:
  FaultScript& faults_;
  Statistics& statistics_;
  MetadataService service_;
};

struct Options {
  std::string folder;
  std::string faults_file;
  std::string ready_file;
  AccessKey key;
  ListenOptions listen;
  std::string ram_role;
  std::int64_t ram_seconds = 3600;
  ListenOptions metadata;
};

// Each shard of each table keeps its log open.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void run(const Options& options) {
  raise_file_limit();
  std::filesystem::create_directories(options.folder);
  Router router(options.folder, options.key);
  if (!options.faults_file.empty())
    router.faults().install(boost::json::parse(read_file(options.faults_file)));
  MetadataPort metadata(router, options.ram_role, options.ram_seconds);
  Listener listener;
  std::string endpoints = listener.listen(options.listen, router) + "\n";
  fmt::print("sluice-sandbox listening on {}", endpoints);
  if (!options.ram_role.empty()) {
    const std::string endpoint = listener.listen(options.metadata, metadata);
    fmt::print("sluice-sandbox metadata on {}\n", endpoint);
    endpoints += endpoint + "\n";
  }
  std::fflush(stdout);
  if (!options.ready_file.empty()) replace_file(options.ready_file, endpoints);
  listener.run();
}

}  // namespace
}  // namespace sluice::sandbox

int main(int argc, char** argv) {
  sluice::sandbox::Options options;
  CLI::App app("A local Table Store and a local OSS for tests and demonstrations, on 127.0.0.1 only.");
  app.add_option("--dir", options.folder, "Folder that holds all data; made if absent")->required();
  app.add_option("--port", options.listen.port, "Port; 0 takes any free one");
  auto* certificate = app.add_option("--tls-cert", options.listen.certificate_file, "Certificate chain, PEM");
  auto* key = app.add_option("--tls-key", options.listen.key_file, "Private key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--access-id", options.key.id, "The permanent access key id");
  app.add_option("--access-key", options.key.secret, "Its secret");
  app.add_option("--ram-role", options.ram_role, "Serve the metadata of a machine that has this RAM role");
  app.add_option("--ram-seconds", options.ram_seconds, "Life of the role's temporary keys")
      ->check(CLI::Range(1, 86400));
  app.add_option("--metadata-port", options.metadata.port, "Port of the metadata; 0 takes any free one");
  app.add_option("--ready-file", options.ready_file, "Receives the endpoints, one a line, once they listen");
  app.add_option("--faults", options.faults_file, "Fault script, a JSON list of rules");
  CLI11_PARSE(app, argc, argv);
  try {
    sluice::sandbox::run(options);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "sluice-sandbox: {}\n", failure.what());
    return 1;
  }
  return 0;
}
