#include "daemon/demo/sandbox_process.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;

constexpr int kReadyPollMs = 20;
constexpr int kReadyPolls = 500;  // 10 s
constexpr int kStopPolls = 250;   // 5 s

Result<std::string> find_program() {
  const char* given = std::getenv("SLUICE_SANDBOX");
  if (given != nullptr && *given != '\0') return std::string(given);
  std::error_code failure;
  const fs::path here = fs::read_symlink("/proc/self/exe", failure).parent_path();
  for (const char* place : {".", "tests/sandbox", "../tests/sandbox"}) {
    const fs::path candidate = (here / place / "sluice-sandbox").lexically_normal();
    if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return Error(Errc::not_found,
               fmt::format("find sluice-sandbox: it is not near {}; build it, or name it in $SLUICE_SANDBOX",
                           here.string()));
}

// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Result<SandboxProcess> SandboxProcess::start(const std::string& folder) {
  auto program = find_program();
  if (!program) return program.error();
  std::string data = folder + "/sandbox";
  std::string ready = folder + "/sandbox.ready";
  const std::string log = folder + "/sandbox.log";
  std::array<std::string, 7> words = {*program, "--dir", data, "--port", "0", "--ready-file", ready};
  std::array<char*, 8> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  ::unlink(ready.c_str());
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (output < 0) return from_errno(errno, "open " + log);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(arguments.data(), output, parent);
  const int failure = errno;
  ::close(output);
  if (child < 0) return from_errno(failure, "start " + *program);
  SandboxProcess process(child);
  const auto listening = process.wait_until_ready(ready);
  if (!listening) return listening.error().in(fmt::format("start {} (see {})", *program, log));
  return process;
}

Result<void> SandboxProcess::wait_until_ready(const std::string& ready_file) {
  for (int polls = 0; polls < kReadyPolls; ++polls) {
    std::ifstream file(ready_file);
    if (std::getline(file, endpoint_) && !endpoint_.empty()) return {};
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return Error(Errc::unavailable, fmt::format("it ended with status {}", WEXITSTATUS(status)));
    }
    ::poll(nullptr, 0, kReadyPollMs);
  }
  return Error(Errc::timeout, "it does not listen after 10 s");
}

SandboxProcess::SandboxProcess(SandboxProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), endpoint_(std::move(other.endpoint_)) {}

SandboxProcess::~SandboxProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  for (int polls = 0; polls < kStopPolls; ++polls) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    ::poll(nullptr, 0, kReadyPollMs);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace sluice::daemon
