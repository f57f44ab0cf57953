#pragma once
// The /tmp that systemd gives to a service alone (PrivateTmp=): what the daemon writes there nobody else
// sees, and it goes with the service.

#include <string>
#include <string_view>

namespace sluice::daemon {

// Whether `path`, absolute and without "..", lies in such a folder of the process whose /proc/self/mountinfo
// is `mounts`.
bool is_in_private_tmp(std::string_view path, std::string_view mounts);

// The same of this process. Symbolic links on the way to the file are followed.
bool is_in_private_tmp(const std::string& path);

}  // namespace sluice::daemon
