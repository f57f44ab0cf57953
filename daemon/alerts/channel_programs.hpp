#pragma once
// The channels that run a program: any command, and sendmail.

#include "daemon/alerts/channel.hpp"
#include "daemon/alerts/channel_process.hpp"

namespace sluice::daemon {

// JSON on stdin, and each variable as SLUICE_<NAME>. Exit code 0 means taken.
ProcessRequest command_request(const ChannelConfig& config, const AlertMessage& message);

// A whole message of RFC 5322 on stdin, its lines ended as programs on this system expect: encoded words in
// the subject, text in UTF-8 as base64, the same Message-ID each time it is sent. `host` is the part of the
// Message-ID behind "@".
ProcessRequest mail_request(const ChannelConfig& config, const AlertMessage& message, Instant now,
                            std::string_view host);

class ProgramChannel final : public Channel {
 public:
  ProgramChannel(ChannelConfig config, ChannelPorts ports)
      : config_(std::move(config)), ports_(std::move(ports)) {}
  awaitable<Result<void>> send(AlertMessage message) override;

 private:
  ChannelConfig config_;
  ChannelPorts ports_;
};

}  // namespace sluice::daemon
