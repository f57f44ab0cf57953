#pragma once
// The machine's file system, in which one call fails, or all from one on.

#include "core/localfile/file_system.hpp"

#include <cerrno>
#include <memory>
#include <string>

namespace sluice::test {

class FaultyFileSystem final : public localfile::FileSystem {
 public:
  int fail_at = -1;         // the number of the call that fails, counted from 0; -1: none
  bool stays_down = false;  // as if the program had died at that call
  int failure = ENOSPC;
  bool short_writes = false;  // half of what is asked for, at least a byte
  int calls = 0;
  int open_descriptors = 0;

  // As before any call.
  void heal() {
    fail_at = -1;
    calls = 0;
  }

  int open(int folder, const std::string& name, Open how) override {
    return fails() ? -failure : opened(real_->open(folder, name, how));
  }
  // A descriptor is gone, whatever close() says.
  int close(int descriptor) override {
    const bool failed = fails();
    --open_descriptors;
    const int closed = real_->close(descriptor);
    return failed ? -failure : closed;
  }
  int make_folder(int folder, const std::string& name) override {
    return fails() ? -failure : real_->make_folder(folder, name);
  }
  int rename(int folder, const std::string& from, const std::string& to, bool only_if_new) override {
    return fails() ? -failure : real_->rename(folder, from, to, only_if_new);
  }
  int remove(int folder, const std::string& name) override {
    return fails() ? -failure : real_->remove(folder, name);
  }
  // Half of it arrives before it fails.
  std::int64_t write(int file, std::string_view bytes, std::uint64_t at) override {
    const bool failed = fails();
    if (failed || short_writes) bytes = bytes.substr(0, (bytes.size() + 1) / 2);
    const std::int64_t written = real_->write(file, bytes, at);
    return failed ? -failure : written;
  }
  std::int64_t read(int file, std::string& bytes, std::uint64_t at) override {
    if (short_writes && bytes.size() > 1) bytes.resize((bytes.size() + 1) / 2);
    return fails() ? -failure : real_->read(file, bytes, at);
  }
  int sync(int descriptor) override { return fails() ? -failure : real_->sync(descriptor); }
  int take_owner(int file, int model, bool with_user) override {
    return fails() ? -failure : real_->take_owner(file, model, with_user);
  }
  int set_attribute(int file, const std::string& name, const std::string& value) override {
    return fails() ? -failure : real_->set_attribute(file, name, value);
  }
  int attributes(int file, Attributes& attributes) override {
    return fails() ? -failure : real_->attributes(file, attributes);
  }
  int list(int folder, std::vector<Entry>& entries) override {
    return fails() ? -failure : real_->list(folder, entries);
  }
  int look_up(int folder, const std::string& name, Entry& entry) override {
    return fails() ? -failure : real_->look_up(folder, name, entry);
  }

 private:
  bool fails() {
    const int number = calls++;
    return fail_at >= 0 && (number == fail_at || (stays_down && number > fail_at));
  }
  int opened(int descriptor) {
    if (descriptor >= 0) ++open_descriptors;
    return descriptor;
  }

  std::unique_ptr<localfile::FileSystem> real_ = localfile::make_file_system();
};

}  // namespace sluice::test
