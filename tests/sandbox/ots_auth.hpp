#pragma once
// Request checks before an operation runs, and the signature of answers.

#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"

#include <string>

namespace sluice::sandbox {

/// Throws Refusal in the order: headers, date, version, key, MD5, signature (V2 or V4), token.
void authenticate_ots(const Request& request, const KeyRing& keys);

/// The key answers to this request are signed with: the secret, or the key derived for V4.
std::string ots_answer_key(const Request& request, const AccessKey& key);

/// Adds Authorization over the x-ots-* headers of the response.
void sign_ots_answer(Response& response, const std::string& operation, const std::string& access_id,
                     const std::string& key);

}  // namespace sluice::sandbox
