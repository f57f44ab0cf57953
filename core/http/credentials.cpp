#include "core/http/credentials.hpp"

#include <algorithm>
#include <string_view>

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

// A beginning that foreign_line() has left is masked as well, unless it is too short to be of use.
void mask(std::string& text, std::string_view secret) {
  constexpr std::string_view kStars = "******";
  constexpr std::string_view kCut = "...";
  constexpr std::size_t kLeftMax = 7;
  const std::string_view first = secret.substr(0, kLeftMax + 1);
  for (std::size_t at = text.find(first); at != std::string::npos; at = text.find(first, at)) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto [end, unused] = std::ranges::mismatch(rest, secret);
    const auto same = static_cast<std::size_t>(end - rest.begin());
    if (same == secret.size() || (same > kLeftMax && rest.substr(same).starts_with(kCut))) {
      text.replace(at, same, kStars);
      at += kStars.size();
    } else {
      ++at;
    }
  }
}

}  // namespace

std::shared_ptr<CredentialsProvider> fixed_credentials(Credentials credentials) {
  return std::make_shared<FixedCredentials>(std::move(credentials));
}

std::string masked(std::string text, const Credentials& credentials) {
  for (const Secret* secret : {&credentials.key, &credentials.token}) {
    if (!secret->empty()) mask(text, secret->reveal());
  }
  return text;
}

}  // namespace sluice::http
