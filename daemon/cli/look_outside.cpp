#include "daemon/cli/look_outside.hpp"

#include "core/base/system_clock.hpp"
#include "daemon/app/foreground.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/export/outgoing.hpp"

namespace sluice::daemon {

std::optional<int> look_outside(const Config& config, const std::function<awaitable<void>(Outside)>& look) {
  boost::asio::io_context loop(1);
  SystemClock clock;
  SystemRandom random;
  auto outgoing = transport_options(config, read_proxy_environment());
  if (!outgoing) throw CommandFailure(outgoing.error());
  const auto transport = http::make_transport(loop.get_executor(), clock, std::move(*outgoing));
  ExportRunner runner(
      ExportPorts{loop.get_executor(), clock, random, *transport}, config.sources,
      [](const scheduler::Instance&, int) -> std::unique_ptr<pipeline::Log> { return nullptr; },
      [](const std::string&, const pipeline::Statistics&) {});
  return run_in_foreground(loop, look(Outside{clock, *transport, runner}));
}

}  // namespace sluice::daemon
