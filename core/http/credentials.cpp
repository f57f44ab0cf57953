#include "core/http/credentials.hpp"

namespace sluice::http {
namespace {

class FixedCredentials final : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  awaitable<Result<Credentials>> get() override { co_return credentials_; }
  bool renew(const Credentials&) override { return false; }

 private:
  Credentials credentials_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> fixed_credentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

std::string masked(std::string text, const Credentials& credentials) {
  for (const Secret* secret : {&credentials.key, &credentials.token}) {
    if (secret->empty()) continue;
    const std::string& value = secret->reveal();
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
      text.replace(at, value.size(), "******");
      at += 6;
    }
  }
  return text;
}

}  // namespace sluice::http
