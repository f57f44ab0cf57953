#pragma once
// The program sluice-sandbox as a child process of the demo.

#include "core/base/error.hpp"

#include <string>
#include <sys/types.h>

namespace sluice::daemon {

// Ends with its owner, also when that is killed. Not stopped by a Ctrl-C meant for us.
class SandboxProcess {
 public:
  static constexpr std::string_view kAccessId = "sandbox-id";
  static constexpr std::string_view kAccessKey = "sandbox-secret";

  // Starts it on a free port with its data in `folder`/sandbox, its output in `folder`/sandbox.log, and waits
  // until it listens. not_found: the program is neither in $SLUICE_SANDBOX nor near our own.
  static Result<SandboxProcess> start(const std::string& folder);

  SandboxProcess(SandboxProcess&& other) noexcept;
  SandboxProcess& operator=(SandboxProcess&&) = delete;
  ~SandboxProcess();  // ends the process and waits for it

  const std::string& endpoint() const noexcept { return endpoint_; }  // "http://127.0.0.1:40123"
  pid_t pid() const noexcept { return pid_; }

 private:
  explicit SandboxProcess(pid_t pid) : pid_(pid) {}
  Result<void> wait_until_ready(const std::string& ready_file);

  pid_t pid_ = -1;
  std::string endpoint_;
};

}  // namespace sluice::daemon
