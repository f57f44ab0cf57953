#pragma once
// A folder that lives as long as the test.

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace sluice::test {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice_storage_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("make folder " + name);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code
        ignored;  // a test may have taken rights away; the system cleans its folder of such things
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::test
