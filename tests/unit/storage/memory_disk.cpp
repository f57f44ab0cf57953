#include "tests/unit/storage/memory_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace sluice::test {

// SQLite knows only the base; it gives the bytes behind it.
struct MemoryDisk::File {
  sqlite3_file base;
  MemoryDisk* disk;
  std::shared_ptr<Content>* content;
};

struct MemoryDisk::Calls {
  static File& file(sqlite3_file* base) { return *reinterpret_cast<File*>(base); }
  static Content& content(sqlite3_file* base) { return **file(base).content; }
  static MemoryDisk& disk(sqlite3_vfs* vfs) { return *static_cast<MemoryDisk*>(vfs->pAppData); }

  static int close(sqlite3_file* base) {
    delete file(base).content;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* base, void* to, int size, sqlite3_int64 offset) {
    const std::string& bytes = content(base).now;
    const auto wanted = static_cast<std::size_t>(size);
    const std::size_t from = std::min(static_cast<std::size_t>(offset), bytes.size());
    const std::size_t count = std::min(wanted, bytes.size() - from);
    std::memset(to, 0, wanted);
    std::memcpy(to, bytes.data() + from, count);
    return count == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int change(sqlite3_file* base, Change made) {
    if (const auto code = file(base).disk->next_step()) return *code;
    apply(content(base).now, made, made.bytes.size());
    content(base).unsynced.push_back(std::move(made));
    return SQLITE_OK;
  }
  static int write(sqlite3_file* base, const void* from, int size, sqlite3_int64 offset) {
    Change made;
    made.offset = static_cast<std::uint64_t>(offset);
    made.bytes.assign(static_cast<const char*>(from), static_cast<std::size_t>(size));
    return change(base, std::move(made));
  }
  static int truncate(sqlite3_file* base, sqlite3_int64 size) {
    Change made;
    made.offset = static_cast<std::uint64_t>(size);
    made.truncate = true;
    return change(base, std::move(made));
  }
  static int sync(sqlite3_file* base, int) {
    if (const auto code = file(base).disk->next_step()) return *code;
    ++file(base).disk->syncs_;
    content(base).synced = content(base).now;
    content(base).unsynced.clear();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* base, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(content(base).now.size());
    return SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_lock(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 512; }
  static int characteristics(sqlite3_file*) { return 0; }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods calls = [] {
      sqlite3_io_methods made = {};
      made.iVersion = 1;
      made.xClose = close;
      made.xRead = read;
      made.xWrite = write;
      made.xTruncate = truncate;
      made.xSync = sync;
      made.xFileSize = size;
      made.xLock = lock;
      made.xUnlock = lock;
      made.xCheckReservedLock = check_lock;
      made.xFileControl = control;
      made.xSectorSize = sector_size;
      made.xDeviceCharacteristics = characteristics;
      return made;
    }();
    return &calls;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* flags_out) {
    base->pMethods = nullptr;
    auto& present = disk(vfs).files_[name == nullptr ? "" : name];
    if (!present) present = std::make_shared<Content>();
    file(base).disk = &disk(vfs);
    file(base).content = new std::shared_ptr<Content>(present);
    base->pMethods = methods();
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    if (const auto code = disk(vfs).next_step()) return *code;
    return disk(vfs).files_.erase(name) == 1 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* found) {
    *found = disk(vfs).files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* name, int size, char* full) {
    sqlite3_snprintf(size, full, "%s", name);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs*, int size, char* bytes) {
    std::memset(bytes, 7, static_cast<std::size_t>(size));
    return size;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int now(sqlite3_vfs*, double* julian_day) {
    *julian_day = 2458407.5;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

MemoryDisk::MemoryDisk() : vfs_(std::make_unique<sqlite3_vfs>()) {
  static int count = 0;
  name_ = "memory-disk-" + std::to_string(count++);
  *vfs_ = {};
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(File);
  vfs_->mxPathname = 512;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = Calls::open;
  vfs_->xDelete = Calls::remove;
  vfs_->xAccess = Calls::access;
  vfs_->xFullPathname = Calls::full_name;
  vfs_->xRandomness = Calls::randomness;
  vfs_->xSleep = Calls::sleep;
  vfs_->xCurrentTime = Calls::now;
  vfs_->xGetLastError = Calls::last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

MemoryDisk::MemoryDisk(const Files& files) : MemoryDisk() {
  for (const auto& [name, bytes] : files) files_[name] = std::make_shared<Content>(Content{bytes, bytes, {}});
}

MemoryDisk::Files MemoryDisk::files() const {
  Files found;
  for (const auto& [name, content] : files_) found[name] = content->now;
  return found;
}

MemoryDisk::~MemoryDisk() { sqlite3_vfs_unregister(vfs_.get()); }

void MemoryDisk::fail_from(std::uint64_t step, int code) {
  failing_.emplace(step, code);
  once_ = false;
  failed_ = false;
}

void MemoryDisk::fail_at(std::uint64_t step, int code) {
  fail_from(step, code);
  once_ = true;
}

std::optional<int> MemoryDisk::next_step() {
  const std::uint64_t step = steps_++;
  if (!failing_ || step < failing_->first || (once_ && step > failing_->first)) return std::nullopt;
  failed_ = true;
  return failing_->second;
}

void MemoryDisk::apply(std::string& bytes, const Change& change, std::size_t kept) {
  if (change.truncate) {
    bytes.resize(change.offset);
    return;
  }
  if (bytes.size() < change.offset + kept) bytes.resize(change.offset + kept);
  bytes.replace(change.offset, kept, change.bytes, 0, kept);
}

void MemoryDisk::cut_power(Random& random) {
  for (auto& [name, content] : files_) {
    std::string left = content->synced;
    for (const Change& change : content->unsynced) {
      const std::uint64_t fate = random.below(3);
      if (fate == 0) continue;
      const bool torn = fate == 1 && !change.bytes.empty();
      apply(left, change, torn ? random.below(change.bytes.size()) : change.bytes.size());
    }
    content->now = left;
    content->synced = left;
    content->unsynced.clear();
  }
}

}  // namespace sluice::test
