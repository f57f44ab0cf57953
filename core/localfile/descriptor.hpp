#pragma once
// A file descriptor that is closed once.

#include "core/localfile/file_system.hpp"

#include <utility>

namespace sluice::localfile {

class Descriptor {
 public:
  Descriptor(FileSystem& files, int number) : files_(&files), number_(number) {}
  Descriptor(Descriptor&& other) noexcept : files_(other.files_), number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(files_, other.files_);
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const noexcept { return number_; }

  // For what was written: an error of the disk may show here only.
  int close() {
    const int number = std::exchange(number_, -1);
    return number < 0 ? 0 : files_->close(number);
  }

 private:
  FileSystem* files_;
  int number_;
};

}  // namespace sluice::localfile
