#include "daemon/alerts/alert_heartbeat.hpp"

#include "core/base/within.hpp"
#include "core/job/references.hpp"
#include "daemon/alerts/channel_address.hpp"
#include "daemon/alerts/channel_webhook.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace sluice::daemon {
namespace {

constexpr Duration kBeatLimit = std::chrono::seconds(10);
constexpr std::size_t kBeatAnswerMax = 64 * 1024;

}  // namespace

awaitable<void> Heartbeat::run() {
  if (parts_.config.url.empty()) co_return;
  for (;;) {
    const Duration begun = parts_.clock.monotonic();
    const auto sent = co_await beat();
    note(sent);
    const Duration taken = parts_.clock.monotonic() - begun;
    co_await parts_.clock.sleep_for(
        std::max<Duration>(parts_.config.interval - taken, std::chrono::milliseconds(1)));
  }
}

awaitable<Result<void>> Heartbeat::beat() {
  const std::string trouble = parts_.trouble();
  if (!trouble.empty()) co_return Error(Errc::refused_by_state, "give no sign of life: " + trouble);
  const auto url = job::open_reference(parts_.config.url.reveal(), "alerts.heartbeat.url");
  if (!url) co_return url.error();
  const Duration limit =
      std::min<Duration>(kBeatLimit, std::max<Duration>(parts_.config.interval / 2, std::chrono::seconds(1)));
  const auto response = co_await within(parts_.clock, limit, "send heartbeat", ask(*url));
  WebhookSecrets secrets;
  secrets.url = *url;
  if (!response) co_return Error(response.error().code(), mask_secrets(response.error().message(), secrets));
  if (response->status < 200 || response->status > 299)
    co_return Error(Errc::unavailable,
                    fmt::format("send heartbeat: the server answered {}", response->status));
  co_return Result<void>();
}

awaitable<Result<http::Response>> Heartbeat::ask(std::string url) {
  const auto address = parse_web_address(url);
  if (!address) co_return address.error().in("alerts.heartbeat.url");
  http::Request request;
  request.method = parts_.config.post ? "POST" : "GET";
  request.target = address->target;
  request.headers = {{"User-Agent", "sluice"}};
  request.limit = kBeatLimit;
  request.answer_bytes_max = kBeatAnswerMax;
  auto response = co_await parts_.transport.send(address->endpoint, request);
  co_return response;
}

// Said once, not at every beat.
void Heartbeat::note(const Result<void>& sent) {
  parts_.metrics.add("sluice_heartbeats_total", {{"result", sent ? "sent" : "failed"}});
  const std::string failure = sent ? std::string() : sent.error().message();
  if (failure == said_) return;
  if (failure.empty()) {
    spdlog::info("heartbeat works again");
  } else {
    spdlog::warn("no heartbeat: {}", failure);
  }
  said_ = failure;
}

}  // namespace sluice::daemon
