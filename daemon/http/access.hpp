#pragma once
// Who may do what: roles, tokens, and what a request over a given door comes to. Pure but for new_token().

#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// Ascending: each may do what those before it may.
enum class Role : std::uint8_t {
  none,       // the pages of the dashboard, without any data
  viewer,     // reads
  operator_,  // acts on instances, jobs, backfills and incidents
  admin,      // changes what is in force, and writes files on the daemon's machine
};
std::string_view to_string(Role role) noexcept;                      // "operator"
std::optional<Role> role_from_text(std::string_view text) noexcept;  // "none" included

// A token as sluice.yaml has it: never the token itself.
struct Token {
  std::string name;
  Role role = Role::viewer;
  std::string sha256;              // of the whole token, 32 raw bytes
  std::optional<Instant> expires;  // refused from then on
};

struct AccessConfig {
  std::vector<Token> tokens;
  Role anonymous = Role::viewer;  // of who comes over loopback TCP without a token: viewer or none
};

// Where a request came from.
struct Caller {
  bool unix_socket = false;
  std::string name;         // "uid 1000 (unix socket)", or the address "203.0.113.7"
  bool loopback = false;    // the door is on a loopback address
  std::string certificate;  // the common name of the client's certificate, verified; empty: none
};

// What a request may do, and under which name it goes into the audit log.
struct Access {
  Role role = Role::none;
  std::string actor;         // "token alice (203.0.113.7)"
  bool can_sign_in = false;  // a token would give another role
  std::string refused;       // why the token is not accepted, for the log; never the token
};

inline constexpr std::size_t kTokenBytes = 32;
inline constexpr std::string_view kTokenPrefix = "sluice_";

// "sluice_" and 64 hexadecimal digits of 32 random bytes.
std::string token_of(std::string_view bytes);
// From the operating system's generator; throws std::runtime_error when it has none.
std::string new_token();

// The token of "Bearer TOKEN"; nothing when the header is no such thing.
std::optional<std::string_view> bearer_token(std::string_view authorization) noexcept;

using CompareBytes = int (*)(const void* left, const void* right, std::size_t size);
// 0 if the bytes are the same; takes as long for any that differ.
int compare_bytes(const void* left, const void* right, std::size_t size);

// The place in `tokens` of the one whose hash is `sha256`. Each is compared, whatever was found before, so
// that the time tells nothing about which are near or where.
std::optional<std::size_t> find_token(std::span<const Token> tokens, std::string_view sha256,
                                      CompareBytes compare = compare_bytes);

// `authorization` is the header as sent; empty: none.
Access decide_access(const AccessConfig& config, const Caller& caller, std::string_view authorization,
                     Instant now);

}  // namespace sluice::daemon
