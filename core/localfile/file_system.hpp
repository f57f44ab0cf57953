#pragma once
// The system calls that keep objects as files, as a port: tests let each of them fail.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::localfile {

// Calls block. Names are relative to the open directory `folder` and one component long; a symbolic link in
// their place is never followed. All return a value that is not negative, or -errno.
class FileSystem {
 public:
  enum class Open {
    root,  // the folder at an absolute path, links followed; `folder` is not looked at
    folder,
    read,
    write,
    make  // a new file for writing; it must not exist
  };
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  struct Entry {
    std::string name;
    bool is_folder = false;   // else anything that is none
    std::uint64_t bytes = 0;  // of look_up() only
  };

  virtual ~FileSystem() = default;

  // A descriptor.
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
  // `file` gets the group of what `model` is, with_user its user too. What this process may not give stays as
  // it is.
  virtual int take_owner(int file, int model, bool with_user) = 0;

  // Small texts that go with a file (extended attributes). -EOPNOTSUPP where the file system has none.
  virtual int set_attribute(int file, const std::string& name, const std::string& value) = 0;
  virtual int attributes(int file, Attributes& attributes) = 0;  // in no order

  // All but "." and "..", or the one of that name; in no order.
  virtual int list(int folder, std::vector<Entry>& entries) = 0;
  virtual int look_up(int folder, const std::string& name, Entry& entry) = 0;
};

// The machine's.
std::unique_ptr<FileSystem> make_file_system();

}  // namespace sluice::localfile
