#pragma once
// How many bytes an attempt holds in memory, how many requests carry some of them, and a way to wait for
// less.

#include "core/base/signal.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::objects {

// Single-threaded. Counts encoded bytes: those waiting for their block or part to fill and those on their
// way.
class UploadMemory {
 public:
  UploadMemory(Executor executor, std::size_t bytes_max)
      : bytes_max_(bytes_max), changed_(std::move(executor)) {}

  void add(std::size_t bytes) {
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  void remove(std::size_t bytes) {
    assert(bytes <= held_);
    held_ -= bytes;
  }
  // What somebody held and holds now, after bytes were added or compressed.
  void change(std::size_t before, std::size_t now) {
    if (now >= before) return add(now - before);
    remove(before - now);
  }
  void begin_sending(std::size_t bytes) {
    sending_ += bytes;
    ++requests_;
  }
  void end_sending(std::size_t bytes) {
    sending_ -= bytes;
    --requests_;
    remove(bytes);
    changed_.notify_all();
  }
  void notify() { changed_.notify_all(); }

  bool over() const noexcept { return held_ > bytes_max_; }
  // True if more than `bytes` would be left once all that is on its way has arrived.
  bool over_after_sending(std::size_t bytes) const noexcept { return held_ - sending_ > bytes; }
  bool sending() const noexcept { return requests_ > 0; }
  std::size_t requests() const noexcept { return requests_; }
  std::size_t bytes_max() const noexcept { return bytes_max_; }
  std::size_t held() const noexcept { return held_; }
  std::size_t peak() const noexcept { return peak_; }
  awaitable<void> changed() { return changed_.wait(); }

 private:
  std::size_t bytes_max_;
  std::size_t held_ = 0;
  std::size_t sending_ = 0;
  std::size_t requests_ = 0;
  std::size_t peak_ = 0;
  Signal changed_;
};

}  // namespace sluice::objects
