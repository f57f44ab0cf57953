#include "tests/unit/storage/faulty_calls.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

thread_local sluice::test::FaultyCalls* active = nullptr;

bool fails(const char* name) noexcept { return active != nullptr && active->fails(name); }

template <class Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// The C library's function of this name, unless the call has to fail.
template <class Result, class... Values>
Result call(const char* name, Values... values) noexcept {
  if (fails(name)) return -1;
  return next<Result(Values...)>(name)(values...);
}

}  // namespace

namespace sluice::test {

FaultyCalls::FaultyCalls(int cause, int nth, std::string_view name) : cause_(cause), left_(nth), name_(name) {
  active = this;
}

FaultyCalls::~FaultyCalls() { active = nullptr; }

bool FaultyCalls::fails(std::string_view name) noexcept {
  if (left_ < 0 || (!name_.empty() && name != name_)) return false;
  if (left_-- > 0) return false;
  errno = cause_;
  return true;
}

}  // namespace sluice::test

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return call<int>("open", path, flags, mode);
}
int fcntl(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* value = va_arg(rest, void*);
  va_end(rest);
  return call<int>("fcntl", file, command, value);
}
int dup(int file) noexcept { return call<int>("dup", file); }
int stat(const char* path, struct stat* found) noexcept { return call<int>("stat", path, found); }
int lstat(const char* path, struct stat* found) noexcept { return call<int>("lstat", path, found); }
int fstat(int file, struct stat* found) noexcept { return call<int>("fstat", file, found); }
int flock(int file, int operation) noexcept { return call<int>("flock", file, operation); }
ssize_t pread(int file, void* bytes, size_t size, off_t at) {
  return call<ssize_t>("pread", file, bytes, size, at);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  return call<ssize_t>("pwrite", file, bytes, size, at);
}
ssize_t write(int file, const void* bytes, size_t size) { return call<ssize_t>("write", file, bytes, size); }
int fsync(int file) { return call<int>("fsync", file); }
int ftruncate(int file, off_t size) noexcept { return call<int>("ftruncate", file, size); }
int futimens(int file, const struct timespec times[2]) noexcept { return call<int>("futimens", file, times); }
int chmod(const char* path, mode_t mode) noexcept { return call<int>("chmod", path, mode); }
int link(const char* from, const char* to) noexcept { return call<int>("link", from, to); }
int rename(const char* from, const char* to) noexcept { return call<int>("rename", from, to); }
int remove(const char* path) noexcept { return call<int>("remove", path); }
int unlink(const char* path) noexcept { return call<int>("unlink", path); }

}  // extern "C"
