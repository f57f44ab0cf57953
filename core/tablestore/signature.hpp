#pragma once
// Signature V2 of requests and answers, and the dates they carry. Pure.

#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::tablestore {

using http::Credentials;

// What is signed: the operation and all x-ots-* headers but the signature itself.
std::string request_string_to_sign(std::string_view operation, const http::Headers& headers);

// Value of x-ots-signature.
std::string request_signature(std::string_view operation, const http::Headers& headers, const Secret& key);

std::string answer_string_to_sign(std::string_view operation, const http::Headers& headers);

// The value that the Authorization header of a genuine answer has.
std::string answer_authorization(std::string_view operation, const http::Headers& headers,
                                 const Credentials& credentials);

// corrupt, naming what is wrong, unless `answer` is complete and genuine: the five headers every answer has,
// the MD5 of the body, the signature. An answer that reports an error may lack headers; those it has must be
// right, except that nobody can sign for an unknown or wrong key (`code` is OTSAuthFailed).
Result<void> verify_answer(std::string_view operation, const Credentials& credentials,
                           const http::Response& answer, std::string_view code);

// "2024-05-17T08:09:10.123Z"
std::string format_ots_date(Instant time);

// The same with 0 to 9 digits of fraction, cut to microseconds.
std::optional<Instant> parse_ots_date(std::string_view text);

}  // namespace sluice::tablestore
