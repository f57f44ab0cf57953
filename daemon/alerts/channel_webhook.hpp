#pragma once
// Webhooks: what goes into a request for each shape, and what its answer means. Pure but for the channel at
// the end.

#include "daemon/alerts/channel.hpp"

namespace sluice::daemon {

// References opened.
struct WebhookSecrets {
  std::string url;
  std::string secret;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct WebhookRequest {
  http::Endpoint endpoint;
  std::string target;
  http::Headers headers;
  std::string body;
};

// DingTalk: HmacSHA256 of "TIMESTAMP\nSECRET" under the secret, with the timestamp (ms) in the query. Feishu:
// of nothing under "TIMESTAMP\nSECRET" (s), both in the body. invalid_argument: the address is none.
Result<WebhookRequest> webhook_request(const ChannelConfig& config, const WebhookSecrets& secrets,
                                       const AlertMessage& message, Instant now);

// Robots answer 200 and say in the body what went wrong.
Result<void> webhook_answer(WebhookShape shape, const http::Response& response);

// `text` with every secret replaced by "******".
std::string mask_secrets(std::string text, const WebhookSecrets& secrets);

class WebhookChannel final : public Channel {
 public:
  WebhookChannel(ChannelConfig config, ChannelPorts ports)
      : config_(std::move(config)), ports_(std::move(ports)) {}
  awaitable<Result<void>> send(AlertMessage message) override;

 private:
  Result<WebhookSecrets> open() const;
  awaitable<Result<http::Response>> exchange(const WebhookRequest& prepared);

  ChannelConfig config_;
  ChannelPorts ports_;
};

}  // namespace sluice::daemon
