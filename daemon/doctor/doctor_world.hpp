#pragma once
// What `sluice doctor` looks at: folders, the socket, and the services that jobs name.

#include "core/base/clock.hpp"
#include "core/http/transport.hpp"
#include "daemon/doctor/doctor.hpp"
#include "daemon/export/export_runner.hpp"

#include <vector>

namespace sluice::daemon {

FolderFacts look_at_folder(const std::string& path);

// Asks the daemon behind it, where there is one.
SocketFacts look_at_socket(const std::string& path);

// What `systemctl --version` begins with; empty without systemd.
std::string systemd_version();

// The services of one job, with requests that change nothing; with `write` an upload is begun and taken back.
// Each step has a limit of its own. References outlive the call.
struct DoctorPorts {
  Clock& clock;
  http::Transport& transport;
  ExportRunner& runner;
};
awaitable<std::vector<Finding>> look_at_job(DoctorPorts ports, const job::Job& job, bool write);

}  // namespace sluice::daemon
