#pragma once
// Two sets of objects written by one attempt: both appear, or none does, as far as the target allows.

#include "core/pipeline/writer.hpp"

#include <memory>

namespace sluice::pipeline {

// Rows of the window go to open(), those of `first` to first().open().
class JoinedWriter final : public WindowWriter {
 public:
  JoinedWriter(std::unique_ptr<WindowWriter> first, std::unique_ptr<WindowWriter> window)
      : first_(std::move(first)), window_(std::move(window)) {}

  WindowWriter& first() noexcept { return *first_; }

  awaitable<Result<void>> prepare() override;
  ShardSink& open(std::uint32_t index) override { return window_->open(index); }
  // Of records and positions `first` holds nothing.
  void describe(const WindowFacts& facts) override;
  // The objects of `first` become visible before the window's, and stand before them in the result.
  awaitable<Result<std::vector<ObjectInfo>>> commit() override;
  // The objects of `first` stay with the window's where these replaced others; the window's never stay for
  // those of `first`.
  awaitable<void> abort() override;
  bool has_replaced() const noexcept override { return window_->has_replaced(); }
  bool left_behind() const noexcept override { return window_->left_behind() || first_->left_behind(); }

 private:
  std::unique_ptr<WindowWriter> first_;
  std::unique_ptr<WindowWriter> window_;
};

}  // namespace sluice::pipeline
