#pragma once
// A disk in memory for SQLite, with faults on request: writes that fail from a given step on, and power cuts
// that lose what was not synced.

#include "core/base/random.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct sqlite3_file;
struct sqlite3_io_methods;
struct sqlite3_vfs;

namespace sluice::test {

// Registered with SQLite under name() while it lives. One thread. Locks always succeed: it is for one
// connection.
class MemoryDisk {
 public:
  using Files = std::map<std::string, std::string>;  // bytes by name

  MemoryDisk();
  // With these on it, whole and synced.
  explicit MemoryDisk(const Files& files);
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  const std::string& name() const noexcept { return name_; }

  // Steps are what can fail: write, truncate, sync, delete. Counted from 0.
  std::uint64_t steps() const noexcept { return steps_; }

  std::uint64_t syncs() const noexcept { return syncs_; }

  Files files() const;  // as they are now

  // From step `step` on every step ends with the SQLite result `code`, until heal().
  void fail_from(std::uint64_t step, int code);
  // Only step `step` ends with `code`.
  void fail_at(std::uint64_t step, int code);
  void heal() { failing_.reset(); }
  bool failed() const noexcept { return failed_; }  // a step has failed since the last fail_from()

  // Of each write since its file's last sync, `random` decides whether none, a part or all of it is kept.
  void cut_power(Random& random);

 private:
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    bool truncate = false;  // to `offset`
  };
  struct Content {
    std::string now;
    std::string synced;
    std::vector<Change> unsynced;
  };
  struct File;  // what SQLite holds
  struct Calls;

  std::optional<int> next_step();
  static void apply(std::string& bytes, const Change& change, std::size_t kept);

  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, std::shared_ptr<Content>> files_;
  std::uint64_t steps_ = 0;
  std::uint64_t syncs_ = 0;
  std::optional<std::pair<std::uint64_t, int>> failing_;
  bool once_ = false;
  bool failed_ = false;
};

}  // namespace sluice::test
