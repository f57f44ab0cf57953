#pragma once
// A consistent copy of the state file made while it is in use.

#include "storage/sqlite.hpp"

#include <memory>
#include <string>

struct sqlite3_backup;

namespace sluice::storage {

// Copies into `path` + ".part" piece by piece and renames at the end, so that `path` is never half a copy and
// an older one stays until then. Changes made between two steps are part of the copy. On the store's thread
// only. Destroying an unfinished one removes its ".part".
class Backup {
 public:
  // Throws ErrorException when the copy cannot be created: disk_full, permission_denied, io.
  Backup(Database& source, std::string path);
  ~Backup();
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  // Copies the next megabyte; true once the copy is complete, on the disk and in its place.
  bool step();

 private:
  struct Finish {
    void operator()(sqlite3_backup* handle) const noexcept;
  };
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  [[noreturn]] void fail(int code) const;
  [[noreturn]] void fail(int code, int system_errno) const;
  void put_in_place();

  std::string path_;
  std::string part_;
  std::unique_ptr<sqlite3, Close> target_;
  std::unique_ptr<sqlite3_backup, Finish> copy_;  // goes before its target
  bool done_ = false;
};

}  // namespace sluice::storage
