#include "core/base/signal.hpp"
#include "core/base/task_group.hpp"
#include "daemon/app/app.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <exception>

namespace sluice::daemon {
namespace {

constexpr int kSignalExit = 128;

class Signals {
 public:
  Signals(Executor executor, App& app) : set_(executor, SIGINT, SIGTERM, SIGHUP), app_(app) {}

  awaitable<void> handle() {
    for (bool stopping = false;;) {
      const int number = co_await set_.async_wait(boost::asio::use_awaitable);
      if (number == SIGHUP) {
        app_.reload();
        continue;
      }
      if (stopping) leave_at_once(number);
      stopping = true;
      first_ = number;
      spdlog::info("received {}; a second one ends the process at once",
                   number == SIGINT ? "SIGINT" : "SIGTERM");
      app_.stop();
    }
  }

  // The one that stopped the app; 0: none did.
  int first() const noexcept { return first_; }

 private:
  // What is under way is taken up by the next start, as after a crash.
  [[noreturn]] static void leave_at_once(int number) {
    spdlog::warn("second signal: leaving at once");
    spdlog::default_logger()->flush();
    std::_Exit(kSignalExit + number);
  }

  boost::asio::signal_set set_;
  App& app_;
  int first_ = 0;
};

awaitable<void> stop_after(std::function<awaitable<void>()> beside, App& app) {
  try {
    co_await beside();
  } catch (...) {
    app.stop();
    throw;
  }
  app.stop();
}

awaitable<Result<int>> run_all(App& app, std::function<awaitable<void>()> beside) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Signals signals(executor, app);
  TaskGroup tasks(executor);
  tasks.start(signals.handle());
  if (beside) tasks.start(stop_after(std::move(beside), app));
  Result<void> result = Error();
  std::exception_ptr failure;
  try {
    result = co_await app.run();
  } catch (...) {
    failure = std::current_exception();
  }
  tasks.stop();
  co_await tasks.join();
  if (failure) std::rethrow_exception(failure);
  if (!result) co_return result.error();
  co_return signals.first();
}

}  // namespace

Result<int> run_app(boost::asio::io_context& loop, App& app, std::function<awaitable<void>()> beside) {
  std::signal(SIGPIPE, SIG_IGN);
  std::exception_ptr failure;
  Result<int> result = Error();
  boost::asio::co_spawn(loop, run_all(app, std::move(beside)),
                        [&](std::exception_ptr thrown, Result<int> ended) {
                          failure = thrown;
                          result = std::move(ended);
                        });
  loop.run();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const ErrorException& thrown) {
    return thrown.error();
  }
  return result;
}

}  // namespace sluice::daemon
