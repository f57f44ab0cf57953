#pragma once
// A queue between two coroutines of one thread that makes the faster one wait.

#include "core/base/signal.hpp"

#include <deque>
#include <optional>
#include <utility>

namespace sluice {

// Bounded in items and in bytes. An item larger than the byte limit is admitted when the queue is empty, so
// that nothing is stuck for ever. close() lets pop() drain what is left and then return nothing; push() after
// close() returns false and drops the item.
template <class T>
class BoundedQueue {
 public:
  BoundedQueue(Executor executor, std::size_t items_max, std::size_t bytes_max)
      : items_max_(items_max), bytes_max_(bytes_max), space_(executor), content_(executor) {}

  awaitable<bool> push(T item, std::size_t bytes) {
    while (!closed_ && !fits(bytes)) co_await space_.wait();
    if (closed_) co_return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    content_.notify_all();
    co_return true;
  }

  awaitable<std::optional<T>> pop() {
    while (items_.empty() && !closed_) co_await content_.wait();
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> item(std::move(items_.front().first));
    bytes_ -= items_.front().second;
    items_.pop_front();
    space_.notify_all();
    co_return item;
  }

  void close() {
    closed_ = true;
    space_.notify_all();
    content_.notify_all();
  }

  std::size_t size() const noexcept { return items_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  bool fits(std::size_t bytes) const noexcept {
    return items_.empty() || (items_.size() < items_max_ && bytes_ + bytes <= bytes_max_);
  }

  std::size_t items_max_;
  std::size_t bytes_max_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t bytes_ = 0;
  Signal space_;
  Signal content_;
  bool closed_ = false;
};

}  // namespace sluice
