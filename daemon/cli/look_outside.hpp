#pragma once
// Looking at what jobs name, for commands that export nothing.

#include "core/base/clock.hpp"
#include "core/http/transport.hpp"
#include "daemon/config/config.hpp"
#include "daemon/export/export_runner.hpp"

#include <functional>
#include <optional>

namespace sluice::daemon {

struct Outside {
  Clock& clock;
  http::Transport& transport;
  ExportRunner& runner;  // for what it opens; it keeps no log
};

// Runs the task that `look` makes, with what it may ask through. The result as of run_in_foreground().
// Throws CommandFailure for a proxy that cannot be used.
std::optional<int> look_outside(const Config& config, const std::function<awaitable<void>(Outside)>& look);

}  // namespace sluice::daemon
