#include "core/base/worker_thread.hpp"

#include "core/base/error.hpp"
#include "tests/support/run_loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <signal.h>

namespace {

using namespace sluice;
awaitable<bool> is_elsewhere(WorkerThread& worker) {
  const auto here = std::this_thread::get_id();
  auto work = [&] { return std::this_thread::get_id() != here; };
  const bool elsewhere = co_await worker.call(work);
  co_return elsewhere&& std::this_thread::get_id() == here;
}

awaitable<void> throw_there(WorkerThread& worker) {
  auto work = [] { throw ErrorException(Error(Errc::disk_full, "write state: full")); };
  co_await worker.call(work);
}

awaitable<bool> blocks_signals(WorkerThread& worker) {
  auto work = [] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGHUP) == 1;
  };
  co_return co_await worker.call(work);
}

// Work that goes on only when the test lets it.
struct Gate {
  std::promise<void> begun;
  std::promise<void> opened;
  std::atomic<bool> done = false;
  bool returned = false;
  bool unwound = false;
};

awaitable<void> pass(WorkerThread& worker, Gate& gate) {
  auto work = [&] {
    gate.begun.set_value();
    gate.opened.get_future().wait();
    gate.done = true;
    return 7;
  };
  const int value = co_await worker.call(work);
  gate.returned = value == 7;
  const Executor executor = co_await boost::asio::this_coro::executor;
  try {
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    gate.unwound = true;
  }
}

// Calls that all wait before the thread comes to them, and what was done with them in which order.
struct Crowd {
  std::string events;         // "(" and ")" around what is done together, else the calls' letters
  bool finishes = true;       // what finish() answers
  std::string answered = "";  // letters in order of their return; '!' behind one that threw
  Gate gate;

  CallsTogether together(std::size_t most) {
    CallsTogether together;
    together.begin = [this] { events += '('; };
    together.finish = [this] {
      events += ')';
      return finishes;
    };
    together.most = most;
    together.longest = std::chrono::hours(1);
    return together;
  }
};

awaitable<void> say(WorkerThread& worker, Crowd& crowd, char letter) {
  auto work = [&] {
    crowd.events += letter;
    if (letter == 'x') throw ErrorException(Error(Errc::io, "x"));
  };
  try {
    if (letter == 'a') {
      co_await worker.call_alone(work);
    } else {
      co_await worker.call(work);
    }
    crowd.answered += letter;
  } catch (const ErrorException&) {
    crowd.answered += {letter, '!'};
  }
}

void run_crowd(Crowd& crowd, std::size_t most, std::string_view letters) {
  boost::asio::io_context loop{1};
  WorkerThread worker("test", {}, crowd.together(most));
  boost::asio::co_spawn(loop, pass(worker, crowd.gate), [](std::exception_ptr) {});
  loop.poll();
  crowd.gate.begun.get_future().wait();
  for (const char letter : letters) {
    boost::asio::co_spawn(loop, say(worker, crowd, letter), [](std::exception_ptr) {});
  }
  loop.poll();
  crowd.gate.opened.set_value();
  loop.run();
}

}  // namespace

TEST_CASE("worker thread: work runs on its thread and the caller goes on in its own", "[base]") {
  boost::asio::io_context loop{1};
  WorkerThread worker("test");
  CHECK(sluice::test::run_loop(loop, is_elsewhere(worker)));
}

TEST_CASE("worker thread: an exception travels to the caller", "[base]") {
  boost::asio::io_context loop{1};
  WorkerThread worker("test");
  try {
    sluice::test::run_loop(loop, throw_there(worker));
    FAIL("no exception");
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::disk_full);
  }
}

TEST_CASE("worker thread: signals are for other threads", "[base]") {
  boost::asio::io_context loop{1};
  WorkerThread worker("test");
  CHECK(sluice::test::run_loop(loop, blocks_signals(worker)));
}

TEST_CASE("worker thread: a cancelled call is completed, and its caller unwinds at the next wait", "[base]") {
  boost::asio::io_context loop{1};
  WorkerThread worker("test");
  Gate gate;
  bool ended = false;
  boost::asio::cancellation_signal cancel;
  auto on_end = [&](std::exception_ptr) { ended = true; };
  boost::asio::co_spawn(loop, pass(worker, gate), boost::asio::bind_cancellation_slot(cancel.slot(), on_end));
  loop.poll();
  gate.begun.get_future().wait();
  cancel.emit(boost::asio::cancellation_type::terminal);
  loop.poll();
  CHECK_FALSE(gate.returned);
  gate.opened.set_value();
  loop.run();
  CHECK(ended);
  CHECK(gate.done);
  CHECK(gate.returned);
  CHECK(gate.unwound);
}

TEST_CASE("worker thread: stop finishes what is queued and refuses what comes later", "[base]") {
  boost::asio::io_context loop{1};
  WorkerThread worker("test");
  Gate first;
  Gate second;
  second.opened.set_value();
  bool ended = false;
  auto on_end = [&](std::exception_ptr) { ended = true; };
  boost::asio::co_spawn(loop, pass(worker, first), [](std::exception_ptr) {});
  boost::asio::co_spawn(loop, pass(worker, second), on_end);
  loop.poll();
  first.opened.set_value();
  worker.stop();
  CHECK(first.done);
  CHECK(second.done);
  loop.run();
  CHECK(ended);
  try {
    sluice::test::run_loop(loop, throw_there(worker));
    FAIL("no exception");
  } catch (const ErrorException& failure) {
    CHECK(failure.error().code() == Errc::cancelled);
  }
}

TEST_CASE("worker thread: it is told once when there is nothing to do", "[base]") {
  boost::asio::io_context loop{1};
  std::promise<void> idle;
  std::atomic<int> times = 0;
  WhenIdle when_idle;
  when_idle.after = std::chrono::milliseconds(1);
  when_idle.run = [&] {
    if (++times == 1) idle.set_value();
  };
  WorkerThread worker("test", when_idle);
  idle.get_future().wait();
  worker.stop();
  CHECK(times == 1);
}

TEST_CASE("worker thread: it does not wake when what it would do then is not wanted", "[base]") {
  std::promise<void> asked;
  std::atomic<int> times = 0;
  WhenIdle when_idle;
  when_idle.run = [&] { ++times; };
  when_idle.wanted = [&] {
    asked.set_value();
    return false;
  };
  WorkerThread worker("test", when_idle);
  asked.get_future().wait();
  worker.stop();
  CHECK(times == 0);
}

TEST_CASE("worker thread: calls that wait are done together and answered in order after the last", "[base]") {
  Crowd crowd;
  run_crowd(crowd, 10, "bcd");
  CHECK(crowd.events == "(bcd)");
  CHECK(crowd.answered == "bcd");
}

TEST_CASE("worker thread: no more calls than agreed are done together", "[base]") {
  Crowd crowd;
  run_crowd(crowd, 2, "bcdef");
  CHECK(crowd.events == "(bc)(de)f");
  CHECK(crowd.answered == "bcdef");
}

TEST_CASE("worker thread: a call that is to be alone is done between others", "[base]") {
  Crowd crowd;
  run_crowd(crowd, 10, "bcadeaafg");
  CHECK(crowd.events == "(bc)a(de)aa(fg)");
  CHECK(crowd.answered == "bcadeaafg");
}

TEST_CASE("worker thread: an exception of one call is its own, the others go on", "[base]") {
  Crowd crowd;
  run_crowd(crowd, 10, "bxc");
  CHECK(crowd.events == "(bxc)");
  CHECK(crowd.answered == "bx!c");
}

TEST_CASE("worker thread: what could not be finished together is done again one by one", "[base]") {
  Crowd crowd;
  crowd.finishes = false;
  run_crowd(crowd, 10, "bxc");
  CHECK(crowd.events == "(bxc)bxc");
  CHECK(crowd.answered == "bx!c");
}
