#include "core/objects/side_by_side.hpp"

#include "core/base/run_all.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::objects {
namespace {

struct Queue {
  std::size_t next = 0;
  std::size_t count = 0;
  std::function<awaitable<Result<void>>(std::size_t)> work;
  Result<void> first_failure{};
};

awaitable<Result<void>> serve(Queue& queue) {
  while (queue.next < queue.count) {
    awaitable<Result<void>> one = queue.work(queue.next++);
    const Result<void> done = co_await std::move(one);
    if (done) continue;
    queue.next = queue.count;
    if (queue.first_failure) queue.first_failure = done;
  }
  co_return Result<void>();
}

}  // namespace

awaitable<Result<void>> side_by_side(std::size_t count, std::size_t at_once,
                                     std::function<awaitable<Result<void>>(std::size_t)> work) {
  Queue queue;
  queue.count = count;
  queue.work = std::move(work);
  std::vector<awaitable<Result<void>>> servers;
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) servers.push_back(serve(queue));
  const Result<void> served = co_await run_all(std::move(servers));
  co_return served ? queue.first_failure : served;
}

}  // namespace sluice::objects
