#include "daemon/alerts/channel_process.hpp"

#include "core/base/task_group.hpp"
#include "core/base/within.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

struct Pipe {
  int read = -1;
  int write = -1;
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  int take_read() { return std::exchange(read, -1); }
  int take_write() { return std::exchange(write, -1); }
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read = ends[0];
  pipe.write = ends[1];
  return true;
}

std::vector<std::string> environment_of(const ProcessRequest& request) {
  std::vector<std::string> out;
  for (const char* name : {"PATH", "HOME", "LANG", "TZ"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) out.push_back(fmt::format("{}={}", name, value));
  }
  for (const auto& [name, value] : request.environment) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The child gets the signals' defaults, none blocked, and a group of its own.
int spawn_in_group(const ProcessRequest& request, const Pipe& in, const Pipe& out, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, in.read, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out.write, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out.write, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> arguments = request.command;
  std::vector<std::string> variables = environment_of(request);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(variables);
  const int failure =
      ::posix_spawn(&pid, request.command.front().c_str(), &files, &attributes, argv.data(), envp.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return failure;
}

// One child and its group. While it is not reaped its number cannot be given to anybody else, so the group is
// signalled only before.
class Child {
 public:
  Child(Executor executor, pid_t pid, int pidfd) : pid_(pid), ended_(executor, pidfd) {}
  ~Child() {
    if (!reaped_) end_now();
  }

  void signal(int number) const { ::kill(-pid_, number); }

  awaitable<Result<bool>> wait() {
    const auto woken = co_await ended_.async_wait(Descriptor::wait_read, kAsTuple);
    const auto& [failure] = woken;
    if (failure) throw boost::system::system_error(failure);
    co_return true;
  }

  // What is left of the group goes with it.
  int reap() {
    signal(SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    reaped_ = true;
    return status;
  }

 private:
  // A killed process ends at once, unless it hangs in the kernel; then the loop waits for it.
  void end_now() { reap(); }

  pid_t pid_;
  Descriptor ended_;
  bool reaped_ = false;
};

awaitable<void> feed(Descriptor& to, const std::string& input) {
  // A reader that has seen enough closes its end; that is its right.
  co_await asio::async_write(to, asio::buffer(input), kAsTuple);
  to.close();
}

awaitable<void> collect(Descriptor& from, std::string& output, std::size_t most) {
  std::array<char, 4096> piece{};
  for (;;) {
    const auto read = co_await from.async_read_some(asio::buffer(piece), kAsTuple);
    const auto& [failure, bytes] = read;
    if (failure) co_return;
    output.append(piece.data(), std::min(bytes, most - output.size()));
  }
}

// What the pipe still holds after the program's end.
void drain_pipe(Descriptor& from, std::string& output, std::size_t most) {
  std::array<char, 4096> piece{};
  boost::system::error_code failure;
  from.non_blocking(true, failure);
  while (!failure && output.size() < most) {
    const std::size_t bytes = from.read_some(asio::buffer(piece), failure);
    output.append(piece.data(), std::min(bytes, most - output.size()));
  }
}

// Waits for the end; TERM after the limit, KILL after the grace. True when it had to be stopped.
awaitable<bool> wait_for_end(Clock& clock, Child& child, Duration timeout, Duration grace) {
  const auto ended = co_await within(clock, timeout, "the program", child.wait());
  if (ended) co_return false;
  child.signal(SIGTERM);
  const auto gave_way = co_await within(clock, grace, "the program", child.wait());
  if (!gave_way) {
    child.signal(SIGKILL);
    co_await child.wait();
  }
  co_return true;
}

}  // namespace

awaitable<Result<ProcessEnd>> run_process(Executor executor, Clock& clock, ProcessRequest request) {
  Pipe in;
  Pipe out;
  const std::string doing = "start " + request.command.front();
  if (!open_pipe(in) || !open_pipe(out)) co_return from_errno(errno, doing);
  pid_t pid = 0;
  const int failure = spawn_in_group(request, in, out, pid);
  if (failure != 0) co_return from_errno(failure, doing);
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int why = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    co_return from_errno(why, doing);
  }
  Child child(executor, pid, pidfd);
  Descriptor to(executor, in.take_write());
  Descriptor from(executor, out.take_read());
  ::close(in.take_read());
  ::close(out.take_write());
  to.non_blocking(true);

  ProcessEnd end;
  TaskGroup pipes(executor);
  pipes.start(feed(to, request.input));
  pipes.start(collect(from, end.output, request.output_max));
  std::exception_ptr interrupted;
  try {
    end.timed_out = co_await wait_for_end(clock, child, request.timeout, request.grace);
  } catch (...) {
    interrupted = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const int status = child.reap();
  // Who kept the pipe open without being in the group is not waited for.
  pipes.stop();
  co_await pipes.join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  drain_pipe(from, end.output, request.output_max);
  if (interrupted) std::rethrow_exception(interrupted);
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  co_return end;
}

}  // namespace sluice::daemon
