#include "core/base/task_group.hpp"

#include "core/base/cancellation.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cassert>

namespace sluice {

TaskGroup::TaskGroup(Executor executor) : executor_(executor), idle_(executor) {
  idle_.expires_at(boost::asio::steady_timer::time_point::max());
}

TaskGroup::~TaskGroup() { assert(children_.empty() && "join() a TaskGroup before it is destroyed"); }

bool TaskGroup::start(awaitable<void> task) {
  if (stopping_) return false;
  auto child = children_.emplace(children_.end());
  auto on_end = [this, child](std::exception_ptr failure) { ended(child, failure); };
  boost::asio::co_spawn(executor_, std::move(task),
                        boost::asio::bind_cancellation_slot(child->signal.slot(), std::move(on_end)));
  return true;
}

void TaskGroup::ended(std::list<Child>::iterator child, std::exception_ptr failure) {
  if (failure && !first_failure_ && !(stopping_ && is_cancellation(failure))) first_failure_ = failure;
  if (stopping_) {
    cancelled_.splice(cancelled_.end(), children_, child);
  } else {
    children_.erase(child);
  }
  if (children_.empty()) idle_.cancel();
}

void TaskGroup::stop() {
  stopping_ = true;
  // Emitting may end a child at once and take it out of the list, so step past it first.
  for (auto child = children_.begin(); child != children_.end();) {
    auto current = child++;
    current->signal.emit(boost::asio::cancellation_type::terminal);
  }
}

awaitable<void> TaskGroup::join() {
  co_await uninterrupted(wait_for_children());
  if (first_failure_) std::rethrow_exception(std::exchange(first_failure_, nullptr));
}

awaitable<void> TaskGroup::wait_for_children() {
  while (!children_.empty()) {
    co_await idle_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

}  // namespace sluice
