#include "daemon/demo/demo_folder.hpp"

#include "daemon/base/web_assets.hpp"
#include "daemon/demo/sandbox_process.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "# Written by `sluice demo`.";

Result<void> write_file(const fs::path& path, std::string_view content) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) return from_errno(errno, "write " + path.string());
  return {};
}

bool is_demo(const fs::path& folder) {
  std::ifstream file(folder / "sluice.yaml");
  std::string line;
  return std::getline(file, line) && line == kMark;
}

// Held as long as the descriptor is open; gone with its process, whatever ends it.
Result<int> lock(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return from_errno(failure.value(), "make the folder " + folder.string());
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return from_errno(errno, "open the folder " + folder.string());
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int reason = errno;
  ::close(descriptor);
  if (reason != EWOULDBLOCK) return from_errno(reason, "lock the folder " + folder.string());
  return Error(
      Errc::conflict,
      fmt::format("use {}: another demo runs in it; stop that one, or name another folder", folder.string()));
}

Result<void> clear(const fs::path& folder) {
  std::error_code failure;
  if (fs::is_empty(folder, failure)) return {};
  if (!is_demo(folder)) {
    return Error(
        Errc::conflict,
        fmt::format("use {}: it holds files that are no demo's; name an empty folder", folder.string()));
  }
  for (const char* part : {"state", "jobs.d", "logs", "objects", "sandbox"})
    fs::remove_all(folder / part, failure);
  return {};
}

std::string config_text(const std::string& endpoint, int port) {
  return fmt::format(R"({}
stateDir: state
jobsDir: jobs.d
logs:
  dir: logs
listen:
  socket: sluice.sock
  tcp: 127.0.0.1:{}
drainLimit: 5s
dataSources:
  orders_ots:
    type: ots
    endpoint: {}
    instanceName: demo
    accessId: {}
    accessKey: {}
  archive_oss:
    type: oss
    endpoint: {}
    bucket: archive
    accessId: {}
    accessKey: {}
)",
                     kMark, port, endpoint, SandboxProcess::kAccessId, SandboxProcess::kAccessKey, endpoint,
                     SandboxProcess::kAccessId, SandboxProcess::kAccessKey);
}

}  // namespace

Result<DemoFolder> DemoFolder::make(const std::string& path) {
  if (path.empty()) {
    std::error_code failure;
    std::string pattern = (fs::temp_directory_path(failure) / "sluice-demo-XXXXXX").string();
    if (failure || ::mkdtemp(pattern.data()) == nullptr)
      return from_errno(errno, "make the folder " + pattern);
    return DemoFolder(pattern, true, -1);
  }
  const fs::path folder = fs::absolute(path).lexically_normal();
  const auto locked = lock(folder);
  if (!locked) return locked.error();
  DemoFolder made(folder.string(), false, *locked);
  const auto cleared = clear(folder);
  if (!cleared) return cleared.error();
  // From now on it is known for a demo's, whatever becomes of this one.
  const auto marked = write_file(folder / "sluice.yaml", std::string(kMark) + '\n');
  if (!marked) return marked.error();
  return made;
}

DemoFolder::DemoFolder(DemoFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      temporary_(std::exchange(other.temporary_, false)),
      lock_(std::exchange(other.lock_, -1)) {}

DemoFolder::~DemoFolder() {
  if (lock_ >= 0) ::close(lock_);
  if (!temporary_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Result<Config> DemoFolder::configure(const std::string& endpoint, int port) const {
  const fs::path folder(path_);
  const std::string file = folder / "sluice.yaml";
  const auto written = write_file(file, config_text(endpoint, port));
  if (!written) return written.error();
  for (const EmbeddedFile& embedded : embedded_files()) {
    const fs::path name(embedded.name);
    const bool of_jobs = name.extension() == ".yaml" || name.extension() == ".json";
    if (!of_jobs || name == "openapi.json") continue;
    const auto copied = write_file(folder / "jobs.d" / name, embedded.content);
    if (!copied) return copied.error();
  }
  LoadedConfig loaded = load_config(file);
  if (!loaded.config) return Error(Errc::invalid_argument, job::to_string(loaded.problems.front()));
  return std::move(*loaded.config);
}

Result<std::string> DemoFolder::keep_object(const std::string& name, const std::string& content) const {
  const fs::path path = fs::path(path_) / "objects" / name;
  const auto written = write_file(path, content);
  if (!written) return written.error();
  return path.string();
}

}  // namespace sluice::daemon
