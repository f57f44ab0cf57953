#include "core/base/worker_thread.hpp"

#include "core/base/error.hpp"

#include <cassert>
#include <pthread.h>
#include <signal.h>

namespace sluice {
namespace {

// A thread inherits the mask it is born with: signals are for the loop's thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

WorkerThread::WorkerThread(const char* name, WhenIdle idle, CallsTogether together)
    : idle_(std::move(idle)), together_(std::move(together)) {
  const SignalsBlocked blocked;
  thread_ = std::thread(&WorkerThread::run, this);
  pthread_setname_np(thread_.native_handle(), name);
}

WorkerThread::~WorkerThread() { stop(); }

void WorkerThread::stop() {
  assert(std::this_thread::get_id() != thread_.get_id() && "the thread cannot wait for itself");
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::enqueue(std::unique_ptr<Item> item) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(item));
      changed_.notify_one();
      return;
    }
  }
  item->refuse(
      std::make_exception_ptr(ErrorException(Error(Errc::cancelled, "use worker thread: it has stopped"))));
}

void WorkerThread::run() {
  while (auto item = next()) {
    if (together_.begin && !item->alone && others_wait()) {
      run_together(std::move(item));
      continue;
    }
    item->run();
    item->hand_back();
  }
}

// Nobody is answered before all of it is done: an answer may rest on what another call did.
void WorkerThread::run_together(std::unique_ptr<Item> first) {
  const auto closes = std::chrono::steady_clock::now() + together_.longest;
  std::vector<std::unique_ptr<Item>> items;
  together_.begin();
  for (auto item = std::move(first); item; item = companion()) {
    item->run();
    items.push_back(std::move(item));
    if (items.size() >= together_.most || std::chrono::steady_clock::now() >= closes) break;
  }
  if (!together_.finish()) {
    for (const auto& item : items) item->run();
  }
  for (const auto& item : items) item->hand_back();
}

bool WorkerThread::others_wait() {
  const std::lock_guard lock(mutex_);
  return !queue_.empty() && !queue_.front()->alone;
}

// The next item if it waits already and may be done together with others.
std::unique_ptr<WorkerThread::Item> WorkerThread::companion() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty() || queue_.front()->alone) return nullptr;
  std::unique_ptr<Item> item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

// The next item, after at most one idle call; nothing once stopped and empty.
std::unique_ptr<WorkerThread::Item> WorkerThread::next() {
  const auto awake = [this] { return stopping_ || !queue_.empty(); };
  std::unique_lock lock(mutex_);
  if (idle_.run && !awake()) {
    lock.unlock();
    const bool wanted = !idle_.wanted || idle_.wanted();
    lock.lock();
    if (wanted && !changed_.wait_for(lock, idle_.after, awake)) {
      lock.unlock();
      idle_.run();
      lock.lock();
    }
  }
  changed_.wait(lock, awake);
  if (queue_.empty()) return nullptr;
  std::unique_ptr<Item> item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

}  // namespace sluice
