#pragma once
// The folder of a demo: configuration, the seed job, room for state, logs and downloaded objects.

#include "core/base/error.hpp"
#include "daemon/config/config.hpp"

#include <string>

namespace sluice::daemon {

class DemoFolder {
 public:
  // `path` empty: a new folder under $TMPDIR, removed with all its content at the end. Otherwise it is made,
  // or cleared if an earlier demo made it; conflict if it holds anything else, or a demo runs in it. It is
  // locked until the end.
  static Result<DemoFolder> make(const std::string& path);

  DemoFolder(DemoFolder&& other) noexcept;
  DemoFolder& operator=(DemoFolder&&) = delete;
  ~DemoFolder();

  const std::string& path() const noexcept { return path_; }
  bool temporary() const noexcept { return temporary_; }

  // Writes sluice.yaml for the sandbox at `endpoint` and the job files, and reads it back.
  Result<Config> configure(const std::string& endpoint, int port) const;

  // A copy of an object, under objects/. Returns its path.
  Result<std::string> keep_object(const std::string& name, const std::string& content) const;

 private:
  DemoFolder(std::string path, bool temporary, int lock)
      : path_(std::move(path)), temporary_(temporary), lock_(lock) {}

  std::string path_;
  bool temporary_ = false;
  int lock_ = -1;  // a descriptor of the folder
};

}  // namespace sluice::daemon
