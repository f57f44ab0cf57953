#include "daemon/app/doors.hpp"

#include "daemon/api/api.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>

namespace sluice::daemon {
namespace {

job::Problem certificate_problem(const std::string& file, std::string message, job::Severity severity) {
  job::Problem problem;
  problem.file = file;
  problem.line = 1;
  problem.column = 1;
  problem.message = std::move(message);
  problem.severity = severity;
  return problem;
}

ServerLimits door_limits() {
  ServerLimits limits;
  limits.body_bytes_of.emplace(api::kBatchPath, api::kBatchBytesMax);
  return limits;
}

}  // namespace

Doors::Doors(Parts parts)
    : clock_(parts.clock),
      config_(parts.config),
      gate_(Gate::Parts{parts.config.access, parts.clock, parts.metrics, std::move(parts.inner)}),
      server_(
          parts.executor, parts.clock, [this](const HttpRequest& request) { return gate_.answer(request); },
          door_limits()) {}

Result<std::uint16_t> Doors::open() {
  if (!config_.socket.empty()) {
    std::error_code failure;
    const auto folder = std::filesystem::path(config_.socket).parent_path();
    std::filesystem::create_directories(folder, failure);
    if (failure) return from_errno(failure.value(), "make the folder " + folder.string());
    const auto listening = server_.listen_unix(config_.socket);
    if (!listening) return listening.error();
    spdlog::info("listening socket={}", config_.socket);
  }
  return config_.tcp_address.empty() ? Result<std::uint16_t>(std::uint16_t{0}) : open_tcp();
}

Result<std::uint16_t> Doors::open_tcp() {
  TcpOptions options;
  options.hosts = config_.hosts;
  if (config_.tls.enabled()) {
    auto tls = make_server_tls(config_.tls, clock_.now());
    if (!tls) return tls.error();
    if (!tls->warning.empty()) spdlog::warn("{}", tls->warning);
    options.tls = std::move(tls->context);
    tls_files_ = config_.tls;
  }
  const auto port = server_.listen_tcp(config_.tcp_address, config_.tcp_port, std::move(options));
  if (!port) return port.error();
  const bool v6 = config_.tcp_address.find(':') != std::string::npos;
  spdlog::info("listening dashboard={}://{}{}{}:{}/", tls_files_.enabled() ? "https" : "http", v6 ? "[" : "",
               config_.tcp_address, v6 ? "]" : "", *port);
  return *port;
}

std::vector<job::Problem> Doors::renew_certificate() {
  std::vector<job::Problem> problems;
  if (!tls_files_.enabled()) return problems;
  auto tls = make_server_tls(tls_files_, clock_.now());
  if (!tls) {
    problems.push_back(certificate_problem(tls_files_.certificate,
                                           tls.error().message() + "; the certificate before stays in use",
                                           job::Severity::error));
    return problems;
  }
  server_.renew_tls(std::move(tls->context));
  if (!tls->warning.empty())
    problems.push_back(certificate_problem(tls_files_.certificate, tls->warning, job::Severity::warning));
  return problems;
}

}  // namespace sluice::daemon
