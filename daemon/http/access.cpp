#include "daemon/http/access.hpp"

#include "core/http/crypto.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice::daemon {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"none", "viewer", "operator", "admin"};
constexpr std::size_t kTokenTextMax = 256;

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
}

Access refuse_token(const Caller& caller, std::string why) {
  Access access;
  access.actor = fmt::format("refused token ({})", caller.name);
  access.can_sign_in = true;
  access.refused = std::move(why);
  return access;
}

Access of_token(const AccessConfig& config, const Caller& caller, std::string_view authorization,
                Instant now) {
  const auto given = bearer_token(authorization);
  if (!given) return refuse_token(caller, "the Authorization is no bearer token");
  const auto found = find_token(config.tokens, http::sha256(*given));
  if (!found) return refuse_token(caller, "no such token");
  const Token& token = config.tokens[*found];
  if (token.expires && now >= *token.expires)
    return refuse_token(caller, fmt::format("token {} has expired", token.name));
  Access access;
  access.role = token.role;
  access.can_sign_in = true;
  access.actor = caller.certificate.empty() ? fmt::format("token {} ({})", token.name, caller.name)
                                            : fmt::format("token {} ({}, certificate {})", token.name,
                                                          caller.name, caller.certificate);
  return access;
}

}  // namespace

std::string_view to_string(Role role) noexcept { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> role_from_text(std::string_view text) noexcept {
  const auto* const found = std::find(kRoles.begin(), kRoles.end(), text);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

std::string token_of(std::string_view bytes) { return std::string(kTokenPrefix) + http::hex(bytes); }

std::string new_token() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("make a token: the system gives no random bytes");
  std::string token = token_of(std::string(bytes.begin(), bytes.end()));
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return token;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  const bool scheme = std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                                 [](char wanted, char given) { return wanted == lower_letter(given); });
  const std::string_view token = authorization.substr(kScheme.size());
  if (!scheme || token.size() > kTokenTextMax) return std::nullopt;
  if (!std::all_of(token.begin(), token.end(), is_token_letter)) return std::nullopt;
  return token;
}

int compare_bytes(const void* left, const void* right, std::size_t size) {
  return CRYPTO_memcmp(left, right, size);
}

std::optional<std::size_t> find_token(std::span<const Token> tokens, std::string_view sha256,
                                      CompareBytes compare) {
  std::size_t found = tokens.size();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].sha256.size() != sha256.size()) continue;
    const bool same = compare(tokens[i].sha256.data(), sha256.data(), sha256.size()) == 0;
    found = same ? i : found;
  }
  if (found == tokens.size()) return std::nullopt;
  return found;
}

Access decide_access(const AccessConfig& config, const Caller& caller, std::string_view authorization,
                     Instant now) {
  Access access;
  if (caller.unix_socket) {
    access.role = Role::admin;
    access.actor = caller.name;
    return access;
  }
  if (!authorization.empty()) return of_token(config, caller, authorization, now);
  access.can_sign_in = !config.tokens.empty();
  if (!caller.certificate.empty()) {
    access.role = Role::viewer;
    access.actor = fmt::format("certificate {} ({})", caller.certificate, caller.name);
    return access;
  }
  access.role = caller.loopback ? config.anonymous : Role::none;
  access.actor = fmt::format("anonymous ({})", caller.name);
  return access;
}

}  // namespace sluice::daemon
