#include "core/pipeline/joined_writer.hpp"

namespace sluice::pipeline {

awaitable<Result<void>> JoinedWriter::prepare() {
  const auto prepared = co_await first_->prepare();
  if (prepared.has_error()) co_return prepared;
  co_return co_await window_->prepare();
}

void JoinedWriter::describe(const WindowFacts& facts) {
  WindowFacts of_first;
  of_first.definition = facts.definition;
  first_->describe(of_first);
  window_->describe(facts);
}

awaitable<Result<std::vector<ObjectInfo>>> JoinedWriter::commit() {
  auto objects = co_await first_->commit();
  if (objects.has_error()) co_return objects;
  auto more = co_await window_->commit();
  if (more.has_error()) co_return more;
  objects->insert(objects->end(), std::make_move_iterator(more->begin()),
                  std::make_move_iterator(more->end()));
  co_return objects;
}

// The window's first: without them the others are of no use, and a reader finds out at once. Where they stay
// the others are complete, and needed.
awaitable<void> JoinedWriter::abort() {
  co_await window_->abort();
  if (!window_->has_replaced()) co_await first_->abort();
}

}  // namespace sluice::pipeline
