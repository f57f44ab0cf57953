#include "core/job/references.hpp"

#include "core/base/read_file.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace sluice::job {
namespace {

constexpr std::string_view kEnvironment = "${env:";
constexpr std::string_view kFile = "file:";
constexpr std::string_view kCredential = "credential:";
constexpr std::size_t kFileBytesMax = 64 * 1024;

Result<std::string> from_environment(const std::string& name, std::string_view what) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return Error(Errc::invalid_argument,
               fmt::format("{}: the environment variable {} is {}; set it for the daemon", what, name,
                           value == nullptr ? "not set" : "empty"));
}

Result<std::string> from_file(const std::string& path, std::string_view what) {
  auto text = read_file(path, kFileBytesMax + 1);
  if (!text) return text.error().in(what);
  if (text->size() > kFileBytesMax) {
    return Error(Errc::invalid_argument,
                 fmt::format("{}: {} is larger than {} bytes", what, path, kFileBytesMax));
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return Error(Errc::invalid_argument, fmt::format("{}: {} is empty", what, path));
  return text;
}

Result<std::string> from_credentials(std::string_view name, std::string_view what) {
  if (name.empty() || name.find('/') != std::string_view::npos || name == "." || name == "..") {
    return Error(Errc::invalid_argument,
                 fmt::format("{}: a credential's name is a file name without \"/\"", what));
  }
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return Error(Errc::invalid_argument,
                 fmt::format("{}: credential {} needs CREDENTIALS_DIRECTORY, which systemd sets for "
                             "LoadCredential={}:/path",
                             what, name, name));
  }
  return from_file(fmt::format("{}/{}", directory, name), what);
}

}  // namespace

bool is_reference(std::string_view text) noexcept {
  return (text.starts_with(kEnvironment) && text.ends_with('}')) || text.starts_with(kFile) ||
         text.starts_with(kCredential);
}

Result<std::string> open_reference(std::string_view text, std::string_view what) {
  if (!is_reference(text)) return std::string(text);
  if (text.starts_with(kEnvironment)) {
    text.remove_prefix(kEnvironment.size());
    return from_environment(std::string(text.substr(0, text.size() - 1)), what);
  }
  if (text.starts_with(kCredential)) return from_credentials(text.substr(kCredential.size()), what);
  const std::string path(text.substr(kFile.size()));
  if (!path.starts_with('/')) {
    return Error(Errc::invalid_argument,
                 fmt::format("{}: file: needs an absolute path, such as file:/etc/key", what));
  }
  return from_file(path, what);
}

}  // namespace sluice::job
