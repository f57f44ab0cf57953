#pragma once
// The composition root of the daemon: builds everything in order, runs until a stop is asked for, and takes
// it down in reverse. `sluice daemon` and `sluice demo` run one.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "daemon/app/systemd_notify.hpp"
#include "daemon/config/config.hpp"
#include "scheduler/instance.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace sluice::daemon {

// What the demo does differently.
struct AppHooks {
  // Jobs that were never planned begin with their first slot after this instant instead of with the next one.
  std::optional<Instant> plan_from;
  // Told of every change of an instance's state. Must not throw.
  std::function<void(const scheduler::Instance&)> on_instance;
  // Told once everything listens and runs; the port is 0 without TCP.
  std::function<void(std::uint16_t tcp_port)> on_ready;
};

// Single-threaded on `loop`; everything referred to outlives the app.
class App {
 public:
  App(boost::asio::io_context& loop, Clock& clock, Random& random, Config config, SystemdNotify notify,
      AppHooks hooks = {});
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Opens the state file, reads the jobs, listens, works until stop(), shuts down in order. Called once. At
  // most drainLimit, the time that attempts take to be taken back, and a little more pass between stop() and
  // the return. Errors of the start: of the state file (conflict: another daemon has it; corrupt, disk_full,
  // permission_denied, io) and of listening.
  awaitable<Result<void>> run();

  // Begins the shutdown. Idempotent.
  void stop();

  // Reads the job files anew and logs what is wrong.
  void reload();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Runs an app under SIGINT, SIGTERM (the first stops in order, the second ends the process at once with 130
// or 143) and SIGHUP (reload). Returns after an ordered shutdown: the signal that began it, or 0. `beside`
// runs next to the app; the app stops when it ends, and it is cancelled when the app stops.
Result<int> run_app(boost::asio::io_context& loop, App& app,
                    std::function<awaitable<void>()> beside = nullptr);

}  // namespace sluice::daemon
