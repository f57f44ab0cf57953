#include "core/localfile/file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace sluice::localfile {
namespace {

const std::string kAttributes = "user.sluice.";
constexpr std::size_t kAttributeBytesMax = 64 * 1024;  // what Linux allows for all names, and for a value

int outcome(std::int64_t result) { return result < 0 ? -errno : static_cast<int>(result); }

class PosixFileSystem final : public FileSystem {
 public:
  int open(int folder, const std::string& name, Open how) override {
    constexpr mode_t kMode = 0666;  // the umask takes from it
    int flags = O_CLOEXEC | O_NOFOLLOW;
    if (how == Open::root) return outcome(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (how == Open::folder) flags |= O_RDONLY | O_DIRECTORY;
    if (how == Open::read) flags |= O_RDONLY | O_NONBLOCK;  // a pipe in the object's place must not hang us
    if (how == Open::write) flags |= O_WRONLY;
    if (how == Open::make) flags |= O_WRONLY | O_CREAT | O_EXCL;
    return outcome(::openat(folder, name.c_str(), flags, kMode));
  }

  int close(int descriptor) override { return outcome(::close(descriptor)); }

  int make_folder(int folder, const std::string& name) override {
    constexpr mode_t kMode = 0777;
    return outcome(::mkdirat(folder, name.c_str(), kMode));
  }

  int rename(int folder, const std::string& from, const std::string& to, bool only_if_new) override {
    if (!only_if_new) return outcome(::renameat(folder, from.c_str(), folder, to.c_str()));
    const long renamed = ::syscall(SYS_renameat2, folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE);
    if (renamed == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -errno;
    // Not every file system can do that at once. A second name for the file is as good.
    if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0) return -errno;
    return remove(folder, from);
  }

  int remove(int folder, const std::string& name) override {
    return outcome(::unlinkat(folder, name.c_str(), 0));
  }

  std::int64_t write(int file, std::string_view bytes, std::uint64_t at) override {
    while (true) {
      const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (written >= 0) return written;
      if (errno != EINTR) return -errno;
    }
  }

  std::int64_t read(int file, std::string& bytes, std::uint64_t at) override {
    while (true) {
      const ssize_t received = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (received >= 0) return received;
      if (errno != EINTR) return -errno;
    }
  }

  int sync(int descriptor) override { return outcome(::fsync(descriptor)); }

  int take_owner(int file, int model, bool with_user) override {
    constexpr uid_t kKeepUser = static_cast<uid_t>(-1);
    constexpr gid_t kKeepGroup = static_cast<gid_t>(-1);
    struct stat status {};
    if (::fstat(model, &status) != 0) return -errno;
    // One after the other: who may not give files away may still give them to a group of his.
    if (::fchown(file, kKeepUser, status.st_gid) != 0 && errno != EPERM) return -errno;
    if (with_user && ::fchown(file, status.st_uid, kKeepGroup) != 0 && errno != EPERM) return -errno;
    return 0;
  }

  int set_attribute(int file, const std::string& name, const std::string& value) override {
    return outcome(::fsetxattr(file, (kAttributes + name).c_str(), value.data(), value.size(), 0));
  }

  int attributes(int file, Attributes& attributes) override {
    std::string names(kAttributeBytesMax, '\0');
    const ssize_t size = ::flistxattr(file, names.data(), names.size());
    if (size < 0) return errno == EOPNOTSUPP ? 0 : -errno;
    names.resize(static_cast<std::size_t>(size));
    for (std::string_view rest = names; !rest.empty();) {
      const std::string name(rest.substr(0, rest.find('\0')));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      if (!name.starts_with(kAttributes)) continue;
      std::string value(kAttributeBytesMax, '\0');
      const ssize_t length = ::fgetxattr(file, name.c_str(), value.data(), value.size());
      if (length < 0) return -errno;
      value.resize(static_cast<std::size_t>(length));
      attributes.emplace_back(name.substr(kAttributes.size()), std::move(value));
    }
    return 0;
  }

  int list(int folder, std::vector<Entry>& entries) override {
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return -errno;
    DIR* stream = ::fdopendir(own);
    if (stream == nullptr) {
      const int failure = errno;
      ::close(own);
      return -failure;
    }
    int result = 0;
    while (result == 0) {
      errno = 0;
      const dirent* found = ::readdir(stream);
      if (found == nullptr) {
        result = -errno;
        break;
      }
      Entry entry;
      entry.name = found->d_name;
      entry.is_folder = found->d_type == DT_DIR;
      if (entry.name == "." || entry.name == "..") continue;
      if (found->d_type == DT_UNKNOWN) result = look_up(folder, entry.name, entry);
      if (result == -ENOENT) {  // gone meanwhile
        result = 0;
        continue;
      }
      entries.push_back(std::move(entry));
    }
    ::closedir(stream);
    return result;
  }

  int look_up(int folder, const std::string& name, Entry& entry) override {
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    entry.name = name;
    entry.is_folder = S_ISDIR(status.st_mode);
    entry.bytes = static_cast<std::uint64_t>(status.st_size);
    return 0;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace sluice::localfile
