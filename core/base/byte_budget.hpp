#pragma once
// A shared allowance of memory: who wants a large buffer asks here first.

#include "core/base/signal.hpp"

#include <deque>

namespace sluice {

// Single-threaded. Grants are first come, first served. A request larger than the whole budget is cut to it,
// so that one large request can always be served alone.
class ByteBudget {
 public:
  // Gives its bytes back when destroyed. Movable; must not outlive the budget.
  class Grant {
   public:
    Grant() = default;
    Grant(ByteBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
    Grant(Grant&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Grant& operator=(Grant&& other) noexcept {
      if (this != &other) {
        release();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    ~Grant() { release(); }
    void release() {
      if (budget_ != nullptr) budget_->give_back(bytes_);
      budget_ = nullptr;
      bytes_ = 0;
    }
    std::size_t bytes() const noexcept { return bytes_; }
    // What came is larger or smaller than what was asked for. Never waits: the budget may be exceeded until
    // enough is given back, and nobody is served meanwhile.
    void resize(std::size_t bytes) {
      if (budget_ == nullptr) return;
      budget_->used_ += bytes;
      budget_->give_back(std::exchange(bytes_, bytes));
    }

   private:
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  ByteBudget(Executor executor, std::size_t bytes_max)
      : bytes_max_(bytes_max), changed_(std::move(executor)) {}

  // Waits until `bytes` are free.
  awaitable<Grant> take(std::size_t bytes) {
    const std::size_t wanted = std::min(bytes, bytes_max_);
    const Turn turn(*this);
    while (waiting_.front() != turn.number || used_ + wanted > bytes_max_) co_await changed_.wait();
    used_ += wanted;
    co_return Grant(*this, wanted);
  }

  // A grant if it can be had at once and nobody waits; an empty one otherwise.
  Grant try_take(std::size_t bytes) {
    if (!waiting_.empty() || used_ + bytes > bytes_max_) return Grant();
    used_ += bytes;
    return Grant(*this, bytes);
  }

  std::size_t used() const noexcept { return used_; }

 private:
  // A place in the line, left when served or when the waiting task is cancelled.
  struct Turn {
    explicit Turn(ByteBudget& owner) : budget(owner), number(owner.next_turn_++) {
      budget.waiting_.push_back(number);
    }
    ~Turn() {
      std::erase(budget.waiting_, number);
      budget.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ByteBudget& budget;
    std::uint64_t number;
  };

  void give_back(std::size_t bytes) {
    used_ -= bytes;
    changed_.notify_all();
  }

  std::size_t bytes_max_;
  std::size_t used_ = 0;
  std::uint64_t next_turn_ = 0;
  std::deque<std::uint64_t> waiting_;
  Signal changed_;
};

}  // namespace sluice
