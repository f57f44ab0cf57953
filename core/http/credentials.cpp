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

}  // namespace sluice::http
