#include "daemon/alerts/alert_outbox.hpp"

#include "core/base/within.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

using scheduler::Delivery;
using scheduler::DeliveryState;

constexpr Duration kPauseMin = std::chrono::seconds(10);
constexpr Duration kPauseMax = std::chrono::minutes(10);
constexpr int kDoublingsMax = 10;
constexpr Duration kLookEvery = std::chrono::minutes(1);  // whatever was missed
constexpr Duration kStorePause = std::chrono::seconds(15);
constexpr std::size_t kUnstoredMax = 100;

std::string_view type_name(ChannelType type) {
  switch (type) {
    case ChannelType::webhook:
      return "webhook";
    case ChannelType::command:
      return "command";
    case ChannelType::sendmail:
      return "sendmail";
  }
  return "";
}

// One that is due later than any pause lasts was put off before the clock was set back.
bool is_due(const Delivery& delivery, Instant now) {
  return delivery.next <= now || delivery.next > now + kPauseMax;
}

bool is_test(const Delivery& delivery) { return delivery.notice.event == scheduler::NoticeEvent::test; }

Instant sooner(std::optional<Instant> known, Instant other) { return std::min(known.value_or(other), other); }

}  // namespace

Duration delivery_pause(int tries, Random& random) {
  const int doublings = std::clamp(tries - 1, 0, kDoublingsMax);
  const Duration longest = std::min<Duration>(kPauseMin * (1 << doublings), kPauseMax);
  const auto half = static_cast<std::uint64_t>(longest.count() / 2);
  return Duration(static_cast<Duration::rep>(half + random.below(half + 1)));
}

AlertOutbox::AlertOutbox(Parts parts, std::vector<std::unique_ptr<Channel>> channels)
    : parts_(std::move(parts)), signal_(parts_.executor), tasks_(parts_.executor) {
  for (std::size_t at = 0; at < channels.size(); ++at) {
    const ChannelConfig& config = parts_.config.channels.at(at);
    Lane& lane = lanes_[config.name];
    lane.config = &config;
    lane.channel = std::move(channels[at]);
    lane.status.name = config.name;
    lane.status.type = type_name(config.type);
  }
}

void AlertOutbox::start() {
  tasks_.start(drop_unknown());
  for (auto& [name, lane] : lanes_) tasks_.start(run(&lane));
}

awaitable<void> AlertOutbox::stop() {
  tasks_.stop();
  co_await tasks_.join();
}

void AlertOutbox::wake() {
  for (auto& [name, lane] : lanes_) lane.woken = true;
  signal_.notify_all();
}

void AlertOutbox::send_unstored(Delivery delivery) {
  const auto lane = lanes_.find(delivery.channel);
  if (lane == lanes_.end()) return;
  if (lane->second.unstored.size() >= kUnstoredMax) lane->second.unstored.pop_front();
  lane->second.unstored.push_back(std::move(delivery));
  wake();
}

std::vector<ChannelStatus> AlertOutbox::channels() const {
  std::vector<ChannelStatus> all;
  for (const ChannelConfig& config : parts_.config.channels) all.push_back(lanes_.at(config.name).status);
  return all;
}

// Notices for channels that were taken out of sluice.yaml.
awaitable<void> AlertOutbox::drop_unknown() {
  for (bool done = false; !done;) {
    try {
      auto owed = co_await parts_.store.pending();
      for (Delivery& delivery : owed) {
        if (lanes_.contains(delivery.channel)) continue;
        delivery.state = DeliveryState::failed;
        delivery.ended = parts_.clock.now();
        delivery.error = "there is no such channel any more";
        co_await parts_.store.record(delivery);
      }
      done = true;
    } catch (const ErrorException& failure) {
      spdlog::debug("look for notices without a channel: {}", failure.what());
    }
    if (!done) co_await parts_.clock.sleep_for(kStorePause);
  }
}

awaitable<void> AlertOutbox::run(Lane* lane) {
  for (;;) {
    lane->woken = false;
    const auto next = co_await turn(*lane);
    Duration rest = kLookEvery;
    if (next) rest = std::clamp<Duration>(*next - parts_.clock.now(), Duration(0), kLookEvery);
    co_await sleep(*lane, rest);
  }
}

// Sends what may be sent; when to look again, or nothing if nothing is owed.
awaitable<std::optional<Instant>> AlertOutbox::turn(Lane& lane) {
  std::optional<Instant> next = co_await deliver_unstored(lane);
  const bool tests_only = next.has_value();  // in order: what is stored comes behind
  try {
    const auto stored = co_await deliver_stored(lane, tests_only);
    if (stored) next = sooner(next, *stored);
  } catch (const ErrorException& failure) {
    spdlog::debug("channel={} waits for the state store: {}", lane.status.name, failure.what());
    next = sooner(next, parts_.clock.now() + kStorePause);
  }
  co_return next;
}

// When to go on, if one of them waits.
awaitable<std::optional<Instant>> AlertOutbox::deliver_unstored(Lane& lane) {
  while (!lane.unstored.empty()) {
    Delivery delivery = lane.unstored.front();
    if (!is_due(delivery, parts_.clock.now())) co_return delivery.next;
    co_await attempt(lane, delivery);
    // The queue may have been cut meanwhile.
    if (lane.unstored.empty() || lane.unstored.front().id != delivery.id) continue;
    if (delivery.state == DeliveryState::pending) {
      lane.unstored.front() = delivery;
    } else {
      lane.unstored.pop_front();
    }
  }
  co_return std::nullopt;
}

awaitable<std::optional<Instant>> AlertOutbox::deliver_stored(Lane& lane, bool tests_only) {
  auto owed = co_await owed_to(lane);
  lane.status.pending = owed.size();
  std::optional<Instant> next;
  for (Delivery& delivery : owed) {
    const bool test = is_test(delivery);
    if (tests_only && !test) break;
    bool changed = lane.unrecorded.contains(delivery.id);
    const bool due = test || is_due(delivery, parts_.clock.now());
    if (delivery.state == DeliveryState::pending && due) {
      co_await attempt(lane, delivery);
      changed = true;
    }
    if (changed) co_await record(lane, delivery);
    // In order: what comes behind waits for it.
    if (delivery.state == DeliveryState::pending) {
      next = delivery.next;
      break;
    }
    --lane.status.pending;
  }
  if (!lane.unrecorded.empty()) next = sooner(next, parts_.clock.now() + kStorePause);
  co_return next;
}

// Each as it is by now, recorded or not. Tests first: somebody waits for them, and they are tried once.
awaitable<std::vector<Delivery>> AlertOutbox::owed_to(Lane& lane) {
  auto owed = co_await parts_.store.pending();
  std::erase_if(owed, [&](const Delivery& delivery) { return delivery.channel != lane.status.name; });
  std::map<std::int64_t, Delivery> unrecorded;
  for (Delivery& delivery : owed) {
    const auto known = lane.unrecorded.find(delivery.id);
    if (known == lane.unrecorded.end()) continue;
    delivery = known->second;
    unrecorded.insert(*known);
  }
  // The others were recorded, though the store said that they were not.
  lane.unrecorded = std::move(unrecorded);
  std::stable_partition(owed.begin(), owed.end(), is_test);
  co_return owed;
}

// What cannot be written down is kept: nothing is sent twice for it, or tried without its pause.
awaitable<void> AlertOutbox::record(Lane& lane, const Delivery& delivery) {
  try {
    co_await parts_.store.record(delivery);
    lane.unrecorded.erase(delivery.id);
  } catch (const ErrorException& failure) {
    spdlog::debug("record delivery={}: {}", delivery.id, failure.what());
    lane.unrecorded.insert_or_assign(delivery.id, delivery);
  }
}

awaitable<void> AlertOutbox::attempt(Lane& lane, Delivery& delivery) {
  AlertMessage message = compose_alert(delivery, lane.config->language, parts_.config);
  Result<void> sent = Error(Errc::internal, "send notice: not tried");
  try {
    sent = co_await lane.channel->send(std::move(message));
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;
    sent = Error(Errc::internal, fmt::format("send notice: {}", failure.what()));
  } catch (const std::exception& failure) {
    sent = Error(Errc::internal, fmt::format("send notice: {}", failure.what()));
  }
  const Instant now = parts_.clock.now();
  ++delivery.tries;
  if (sent) {
    delivery.state = DeliveryState::sent;
    delivery.ended = now;
    delivery.error.clear();
  } else {
    delivery.error = cut_text(sent.error().message(), 1000);
    // By a clock in doubt everything is old.
    const bool old =
        now - delivery.notice.at >= kDeliveryAgeMax && !(parts_.clock_in_doubt && parts_.clock_in_doubt());
    const bool hopeless = delivery.tries >= kDeliveryTriesMax || old || is_test(delivery);
    delivery.state = hopeless ? DeliveryState::failed : DeliveryState::pending;
    if (hopeless) delivery.ended = now;
    delivery.next = now + delivery_pause(delivery.tries, parts_.random);
  }
  note(lane, delivery, sent);
}

void AlertOutbox::note(Lane& lane, const Delivery& delivery, const Result<void>& sent) {
  const Instant now = parts_.clock.now();
  const bool failed_before = lane.status.failing_since.has_value();
  std::string result = "sent";
  if (!sent) result = delivery.state == DeliveryState::failed ? "given_up" : "failed";
  parts_.metrics.add("sluice_alert_deliveries_total", {{"channel", lane.status.name}, {"result", result}});
  if (sent) {
    lane.status.last_sent = now;
    lane.status.failing_since.reset();
    lane.status.error.clear();
    spdlog::info("notice sent channel={} delivery={} event={} rule={}", lane.status.name, delivery.id,
                 to_string(delivery.notice.event), to_string(delivery.notice.kind));
  } else {
    if (!failed_before) lane.status.failing_since = now;
    lane.status.error = delivery.error;
    spdlog::warn("notice not sent channel={} delivery={} try={} {}error=\"{}\"", lane.status.name,
                 delivery.id, delivery.tries, delivery.state == DeliveryState::failed ? "given_up=yes " : "",
                 delivery.error);
  }
  if (failed_before != lane.status.failing_since.has_value()) parts_.on_change();
}

awaitable<Result<bool>> AlertOutbox::woken(Lane& lane) {
  while (!lane.woken) co_await signal_.wait();
  co_return true;
}

awaitable<void> AlertOutbox::sleep(Lane& lane, Duration duration) {
  if (duration <= Duration(0) || lane.woken) co_return;
  const auto early = co_await within(parts_.clock, duration, "sleeping", woken(lane));
  static_cast<void>(early);
}

}  // namespace sluice::daemon
