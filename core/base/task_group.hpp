#pragma once
// The owner of coroutines: starts, stops and joins them. Nothing in the program runs without one.

#include "core/base/clock.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <list>

namespace sluice {

// Single-threaded. Must be empty (joined) when it is destroyed; that is asserted.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Runs `task` until it ends or stop() unwinds it. After stop() new tasks are refused: they are destroyed
  // unstarted and false is returned.
  bool start(awaitable<void> task);

  // Cancels every task: each unwinds from its present co_await. Returns at once; join() waits. Idempotent.
  void stop();

  // Waits until no task is left, then rethrows the first exception a task ended with (operation_aborted after
  // stop() does not count). A signal ends the caller's next wait, not this: children must not outlive it.
  awaitable<void> join();

  std::size_t size() const noexcept { return children_.size(); }
  bool stopping() const noexcept { return stopping_; }

 private:
  struct Child {
    boost::asio::cancellation_signal signal;
  };
  void ended(std::list<Child>::iterator child, std::exception_ptr failure);
  awaitable<void> wait_for_children();

  Executor executor_;
  std::list<Child> children_;
  std::list<Child> cancelled_;  // ended after stop(): Asio may still hold a pointer to their signal
  boost::asio::steady_timer idle_;
  std::exception_ptr first_failure_;
  bool stopping_ = false;
};

}  // namespace sluice
