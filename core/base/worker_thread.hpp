#pragma once
// A thread for what blocks: the state file, other files. Coroutines hand it work and go on when it is done;
// the loop never waits for a disk.

#include "core/base/clock.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

// How calls that wait at the same time are done as one, for work that costs less that way. Called on the
// thread; neither may throw.
struct CallsTogether {
  std::function<void()> begin;   // before the first of several calls; empty: each is done by itself
  std::function<bool()> finish;  // after the last; false: nothing of them was done, run each again by itself
  std::size_t most = 1;          // calls done as one
  std::chrono::milliseconds longest{0};  // no call joins later than this after the first
};

// What the thread does once after a burst of work, when nothing came for a while. Called on the thread;
// neither may throw.
struct WhenIdle {
  std::function<void()> run;     // empty: nothing
  std::function<bool()> wanted;  // asked after the burst; false: not after this one. Empty: always
  std::chrono::milliseconds after{0};
};

// Work is done in the order of arrival. Signals stay with the other threads.
class WorkerThread {
 public:
  // `name` is the thread's, at most 15 bytes.
  explicit WorkerThread(const char* name, WhenIdle idle = WhenIdle(),
                        CallsTogether together = CallsTogether());
  ~WorkerThread();  // stop()
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Runs `work` on the thread and returns, on the caller's executor, what it returned or threw. Not
  // cancellable once begun: the caller wakes when the work is done, and only its next wait unwinds. A call
  // after stop() throws ErrorException (cancelled). `work` must live until then: name it in the calling
  // coroutine. With CallsTogether it may run twice: it must not consume what it captured.
  template <class Work>
  awaitable<std::invoke_result_t<Work&>> call(Work& work) {
    return enter(work, false);
  }
  // The same, never done together with others.
  template <class Work>
  awaitable<std::invoke_result_t<Work&>> call_alone(Work& work) {
    return enter(work, true);
  }

  // Does what is queued, then ends the thread. Completions are posted to their executors, which must still
  // exist. Idempotent; not from the thread itself.
  void stop();

 private:
  struct Item {
    explicit Item(bool by_itself) : alone(by_itself) {}
    virtual ~Item() = default;
    virtual void run() = 0;  // the work; keeps its exception
    virtual void hand_back() = 0;
    virtual void refuse(std::exception_ptr why) = 0;
    const bool alone;
  };
  template <class Function, class Handler>
  struct Call;

  template <class Work>
  awaitable<std::invoke_result_t<Work&>> enter(Work& work, bool alone);
  void enqueue(std::unique_ptr<Item> item);
  void run();
  void run_together(std::unique_ptr<Item> first);
  std::unique_ptr<Item> next();
  bool others_wait();
  std::unique_ptr<Item> companion();

  WhenIdle idle_;
  CallsTogether together_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Item>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

// One call under way. It owns the completion handler, and with it the waiting coroutine's frame, in which the
// result is put: the frame cannot go away before the work is done.
template <class Function, class Handler>
struct WorkerThread::Call final : Item {
  Call(Function& function, std::exception_ptr& thrown, Handler waiting, bool by_itself)
      : Item(by_itself),
        work(function),
        failure(thrown),
        handler(std::move(waiting)),
        guard(boost::asio::make_work_guard(handler)) {}

  void run() override {
    failure = nullptr;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  // From here on the frame belongs to its loop again; nothing in it may be touched.
  void hand_back() override { boost::asio::post(std::move(handler)); }
  void refuse(std::exception_ptr why) override {
    failure = std::move(why);
    hand_back();
  }

  Function& work;
  std::exception_ptr& failure;
  Handler handler;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard;
};

template <class Work>
awaitable<std::invoke_result_t<Work&>> WorkerThread::enter(Work& work, bool alone) {
  using Value = std::invoke_result_t<Work&>;
  std::conditional_t<std::is_void_v<Value>, std::monostate, std::optional<Value>> result;
  std::exception_ptr failure;
  auto keep_result = [&] {
    if constexpr (std::is_void_v<Value>) {
      work();
    } else {
      result.emplace(work());
    }
  };
  auto initiate = [&](auto handler) {
    using Begun = Call<decltype(keep_result), decltype(handler)>;
    enqueue(std::make_unique<Begun>(keep_result, failure, std::move(handler), alone));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      initiate, boost::asio::use_awaitable);
  if (failure) std::rethrow_exception(failure);
  if constexpr (!std::is_void_v<Value>) co_return std::move(*result);
}

}  // namespace sluice
