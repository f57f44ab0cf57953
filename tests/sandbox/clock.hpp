#pragma once
// Wall clock of the sandbox and the date formats of both protocols.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sandbox {

std::int64_t now_us();
inline std::int64_t now_ms() { return now_us() / 1000; }

/// 2024-05-17T08:09:10.123456Z, as Table Store writes times.
std::string iso8601(std::int64_t us);
/// 2012-02-24T08:43:27.000Z, as OSS writes times in XML: the fraction is always zero, and oss2 relies on it.
std::string oss_time(std::int64_t us);
/// Fri, 24 Feb 2012 06:03:28 GMT
std::string rfc1123(std::int64_t us);

/// Seconds since the epoch; any number of fraction digits is taken and ignored.
std::optional<std::int64_t> parse_iso8601(std::string_view text);
/// 20231203T121212Z
std::optional<std::int64_t> parse_basic_iso8601(std::string_view text);
std::optional<std::int64_t> parse_rfc1123(std::string_view text);

}  // namespace sluice::sandbox
