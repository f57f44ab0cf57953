#include "core/base/system_clock.hpp"
#include "daemon/app/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/config/job_set.hpp"
#include "daemon/demo/demo.hpp"
#include "daemon/demo/sandbox_process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <csignal>

namespace sluice::daemon {
namespace {

// Whatever went wrong, the demo failed.
template <class T>
T made(Result<T> result) {
  if (!result) throw CommandFailure(Exit::failed, result.error().message());
  return std::move(*result);
}

void fail_if(const Result<void>& result) {
  if (!result) throw CommandFailure(Exit::failed, result.error().message());
}

// The screen belongs to the demo; the daemon's log goes into a file.
void log_to(const std::string& file) {
  auto logger = spdlog::basic_logger_st("demo", file, true);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

Result<void> run_to_end(boost::asio::io_context& loop, awaitable<Result<void>> task) {
  Result<void> result = Error();
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, Result<void> value) {
    thrown = failure;
    result = std::move(value);
  });
  loop.run();
  loop.restart();
  if (thrown) std::rethrow_exception(thrown);
  return result;
}

job::Job seed_job(const Config& config) {
  JobSet jobs(config.jobs_dir, config.sources);
  const auto problems = jobs.reload();
  const JobList all = jobs.jobs();
  if (all.empty()) {
    throw CommandFailure(Exit::failed, problems.empty() ? "demo: no job" : job::to_string(problems.front()));
  }
  return *all.begin();
}

}  // namespace

Exit command_demo(const Options& options, Console& console) {
  const DemoFolder folder = made(DemoFolder::make(options.dir));
  log_to(folder.path() + "/daemon.log");
  const SandboxProcess sandbox = made(SandboxProcess::start(folder.path()));
  console.out << fmt::format("A local Table Store and OSS run at {} (process {}).\nEverything is in {}\n",
                             sandbox.endpoint(), sandbox.pid(), folder.path());
  const Config config = made(folder.configure(sandbox.endpoint(), options.port));

  boost::asio::io_context loop(1);
  SystemClock clock;
  SystemRandom random;
  const auto transport = http::make_transport(loop.get_executor(), clock);
  DemoWorld world(*transport, clock, random, sandbox.endpoint());
  Demo demo(clock, world, folder, console, options.once);
  fail_if(run_to_end(loop, demo.prepare(seed_job(config))));

  AppHooks hooks;
  hooks.plan_from = demo.plan_from();
  hooks.on_ready = [&demo](std::uint16_t port) { demo.on_ready(port); };
  hooks.on_instance = [&demo](const scheduler::Instance& instance) { demo.on_instance(instance); };
  App app(loop, clock, random, config, SystemdNotify(""), std::move(hooks));
  const int signal = made(run_app(loop, app, [&demo] { return demo.follow(); }));
  if (!options.once) return Exit::done;
  // What was not exported yet proves nothing.
  if (signal != 0) return signal == SIGINT ? Exit::interrupted : Exit::terminated;
  return demo.prove() ? Exit::done : Exit::failed;
}

}  // namespace sluice::daemon
