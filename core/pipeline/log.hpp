#pragma once
// The log of one attempt, as the data plane sees it.

#include <string_view>

namespace sluice::pipeline {

enum class Level { info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  // One line without line end. Never throws: a full disk must not stop a window.
  virtual void line(Level level, std::string_view text) noexcept = 0;
};

// Forgets everything.
class NullLog final : public Log {
 public:
  void line(Level, std::string_view) noexcept override {}
};

}  // namespace sluice::pipeline
