#include "daemon/state/private_tmp.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::daemon {
namespace {

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
}

// The fourth and the fifth field, which blanks part: what of its file system is mounted, and where.
bool is_private(std::string_view line, std::string_view folder) {
  std::array<std::string_view, 5> fields;
  for (std::string_view& field : fields) {
    field = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), field.size() + 1));
  }
  return fields[4] == folder && fields[3].find("systemd-private-") != std::string_view::npos;
}

}  // namespace

bool is_in_private_tmp(std::string_view path, std::string_view mounts) {
  for (const std::string_view folder : {"/tmp", "/var/tmp"}) {
    if (!is_below(path, folder)) continue;
    for (std::string_view rest = mounts; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (is_private(line, folder)) return true;
    }
  }
  return false;
}

bool is_in_private_tmp(const std::string& path) {
  std::error_code failure;
  const auto resolved = std::filesystem::weakly_canonical(path, failure);
  const std::string real =
      failure ? std::filesystem::path(path).lexically_normal().string() : resolved.string();
  std::ifstream file("/proc/self/mountinfo");
  const std::string mounts{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return is_in_private_tmp(real, mounts);
}

}  // namespace sluice::daemon
