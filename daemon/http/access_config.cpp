#include "daemon/http/access_config.hpp"

#include "daemon/base/time_text.hpp"

#include <algorithm>
#include <array>

namespace sluice::daemon {
namespace {

using job::Word;
using job::YamlMap;
using job::YamlNode;

constexpr std::array<Word<Role>, 3> kTokenRoles = {
    {{"viewer", Role::viewer}, {"operator", Role::operator_}, {"admin", Role::admin}}};
constexpr std::array<Word<Role>, 2> kAnonymousRoles = {{{"viewer", Role::viewer}, {"none", Role::none}}};

// It goes into log lines and the audit log as it is.
bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
}

// The bytes of 64 hexadecimal digits; "" for other text.
std::string hash_bytes(std::string_view text) {
  std::string out;
  if (text.size() != 64) return out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int byte = 0;
    for (const char c : text.substr(i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!digit && !letter) return "";
      byte = byte * 16 + (digit ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

Token read_token(YamlMap map, const std::string& name) {
  Token token;
  token.name = name;
  map.require("role", "say viewer, operator or admin");
  job::read_word(map, "role", kTokenRoles, token.role);
  map.require("sha256", "give the hash that `sluice token` prints");
  if (const auto text = map.text("sha256")) {
    token.sha256 = hash_bytes(*text);
    if (token.sha256.empty())
      map.error("sha256",
                "expected 64 hexadecimal digits, as `sluice token` prints them; not the token itself");
  }
  if (const auto text = map.text("expires")) {
    token.expires = end_of_date(*text);
    if (!token.expires) map.error("expires", "expected a date such as 2026-12-31");
  }
  map.finish();
  return token;
}

}  // namespace

AccessConfig read_access(YamlMap access) {
  AccessConfig config;
  YamlMap tokens = access.map("tokens");
  for (const YamlNode& key : tokens.node().keys) {
    const auto is_same = [&](const Token& token) { return token.name == key.text; };
    if (std::any_of(config.tokens.begin(), config.tokens.end(), is_same)) continue;  // reported by the map
    if (!is_token_name(key.text))
      tokens.error(key.text, "expected a name of at most 64 letters, digits, \"-\", \"_\", \".\" and \"@\"");
    Token token = read_token(tokens.map(key.text), key.text);
    const auto is_twin = [&](const Token& other) {
      return !token.sha256.empty() && other.sha256 == token.sha256;
    };
    if (std::any_of(config.tokens.begin(), config.tokens.end(), is_twin))
      tokens.error(key.text, "the same token has another name already: make one for each");
    config.tokens.push_back(std::move(token));
  }
  job::read_word(access, "anonymous", kAnonymousRoles, config.anonymous);
  access.finish();
  return config;
}

}  // namespace sluice::daemon
