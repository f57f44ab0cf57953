#pragma once
// The system calls that keep objects as files, as a port: tests let each of them fail.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::localfile {

// Calls block. Names are relative to the open directory `folder` and one component long; a symbolic link in
// their place is never followed. All return a value that is not negative, or -errno.
class FileSystem {
 public:
  enum class Open { folder, read, write, make };  // make: a new file for writing; it must not exist
  struct Entry {
    std::string name;
    bool is_folder = false;   // else anything that is none
    std::uint64_t bytes = 0;  // of look_up() only
  };

  virtual ~FileSystem() = default;

  // The folder at an absolute path, links followed. A descriptor, as from open().
  virtual int open_root(const std::string& path) = 0;
  virtual int open(int folder, const std::string& name, Open how) = 0;
  virtual int close(int descriptor) = 0;

  virtual int make_folder(int folder, const std::string& name) = 0;
  // `from` becomes `to`, in the place of what is there, unless only_if_new: then -EEXIST.
  virtual int rename(int folder, const std::string& from, const std::string& to, bool only_if_new) = 0;
  virtual int remove(int folder, const std::string& name) = 0;

  // As many bytes as were written, or read into `bytes`, from 1; 0 at the end of the file.
  virtual std::int64_t write(int file, std::string_view bytes, std::uint64_t at) = 0;
  virtual std::int64_t read(int file, std::string& bytes, std::uint64_t at) = 0;
  virtual int sync(int descriptor) = 0;  // of a file or of a folder

  // All but "." and "..", or the one of that name; in no order.
  virtual int list(int folder, std::vector<Entry>& entries) = 0;
  virtual int look_up(int folder, const std::string& name, Entry& entry) = 0;
};

// The machine's.
std::unique_ptr<FileSystem> make_file_system();

}  // namespace sluice::localfile
