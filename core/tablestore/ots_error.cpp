#include "core/tablestore/ots_error.hpp"

#include "core/base/utf8.hpp"
#include "core/tablestore/ots.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::tablestore {
namespace {

constexpr std::size_t kServerTextMax = 1000;  // what the service says has a line

struct Rule {
  std::string_view code;
  Errc errc;
  RetryClass retry;
};

// Retry classes are those of the SDKs. Two are wider, as in the stream reader we replace: a throttled request
// (OTSFlowControl) was refused unread, and one that arrived too slowly (OTSRequestTimeout) may be read again.
constexpr auto kRules = std::to_array<Rule>({
    {"OTSAuthFailed", Errc::unauthenticated, RetryClass::never},
    {"OTSNoPermissionAccess", Errc::permission_denied, RetryClass::never},
    {"OTSRequestBodyTooLarge", Errc::invalid_argument, RetryClass::never},
    {"OTSRequestTimeout", Errc::timeout, RetryClass::idempotent},
    {"OTSMethodNotAllowed", Errc::internal, RetryClass::never},
    {"OTSParameterInvalid", Errc::invalid_argument, RetryClass::never},
    {"OTSInvalidPK", Errc::invalid_argument, RetryClass::never},
    {"OTSOutOfRowSizeLimit", Errc::invalid_argument, RetryClass::never},
    {"OTSOutOfColumnCountLimit", Errc::invalid_argument, RetryClass::never},
    {"OTSForbiddenUpdateCapacityUnit", Errc::refused_by_state, RetryClass::never},
    {"OTSConditionCheckFail", Errc::conflict, RetryClass::never},
    {"OTSTooFrequentReservedThroughputAdjustment", Errc::throttled, RetryClass::never},
    {"OTSCapacityUnitExhausted", Errc::throttled, RetryClass::always},
    {"OTSNotEnoughCapacityUnit", Errc::throttled, RetryClass::always},
    {"OTSObjectNotExist", Errc::not_found, RetryClass::never},
    {"OTSTableNotReady", Errc::unavailable, RetryClass::always},
    {"OTSTrimmedDataAccess", Errc::trimmed, RetryClass::never},
    {"OTSObjectAlreadyExist", Errc::conflict, RetryClass::never},
    {"OTSRowOperationConflict", Errc::conflict, RetryClass::always},
    {"OTSFlowControl", Errc::throttled, RetryClass::always},
    {"OTSOperationThrottled", Errc::throttled, RetryClass::always},
    {"OTSInternalServerError", Errc::unavailable, RetryClass::idempotent},
    {"OTSServerBusy", Errc::throttled, RetryClass::always},
    {"OTSStorageServerBusy", Errc::throttled, RetryClass::always},
    {"OTSPartitionUnavailable", Errc::unavailable, RetryClass::always},
    {"OTSTimeout", Errc::unavailable, RetryClass::idempotent},
    {"OTSServerUnavailable", Errc::unavailable, RetryClass::idempotent},
    {"OTSTunnelServerUnavailable", Errc::unavailable, RetryClass::idempotent},
});

// One code with two meanings, told apart by this text only.
constexpr std::string_view kQuotaCode = "OTSQuotaExhausted";
constexpr std::string_view kTooFrequent = "Too frequent table operations.";

Rule rule_of_status(int status) {
  if (status >= 500) return Rule{{}, Errc::unavailable, RetryClass::idempotent};
  switch (status) {
    case 401:
      return Rule{{}, Errc::unauthenticated, RetryClass::never};
    case 403:
      return Rule{{}, Errc::permission_denied, RetryClass::never};
    case 404:
      return Rule{{}, Errc::not_found, RetryClass::never};
    case 408:
      return Rule{{}, Errc::timeout, RetryClass::idempotent};
    case 409:
      return Rule{{}, Errc::conflict, RetryClass::never};
    case 429:
      return Rule{{}, Errc::throttled, RetryClass::always};
    default:
      return Rule{{}, Errc::invalid_argument, RetryClass::never};
  }
}

Rule rule_of(const ServerError& error) {
  if (error.code == kQuotaCode) {
    if (error.message == kTooFrequent) return Rule{{}, Errc::throttled, RetryClass::always};
    return Rule{{}, Errc::refused_by_state, RetryClass::never};
  }
  const auto* const rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& r) { return r.code == error.code; });
  return rule != kRules.end() ? *rule : rule_of_status(error.status);
}

std::string_view way_out(const ServerError& error) {
  const auto says = [&](std::string_view text) { return error.message.find(text) != std::string::npos; };
  if (error.code.empty() && error.status < 500)
    return "this is not an answer of Table Store: check the endpoint";
  if (error.code == "OTSAuthFailed") {
    if (says("AccessKeyID")) return "check accessId";
    if (says("Signature mismatch")) return "check accessKey";
    if (says("instance is not found")) return "check instanceName and endpoint";
    if (says("x-ots-date")) return "set this machine's clock";
    if (says("token")) return "get a new security token";
    return "check the key's access to the instance";
  }
  if (error.code == "OTSParameterInvalid" && says("is a timeseries table")) {
    return "set isTimeseriesTable to true";
  }
  if (error.code == "OTSNoPermissionAccess") return "grant the key read access to the table and its stream";
  if (error.code == "OTSObjectNotExist") return "check the table's name and that its stream is on";
  return {};
}

}  // namespace

ServerError parse_server_error(const http::Response& answer) {
  ServerError error;
  error.status = answer.status;
  error.request_id = foreign_line(answer.header("x-ots-requestid"), kServerTextMax);
  ots::proto::Error body;
  if (body.ParsePartialFromString(answer.body) && body.IsInitialized()) {
    error.code = foreign_line(body.code(), kServerTextMax);
    error.message = foreign_line(body.message(), kServerTextMax);
  }
  return error;
}

Errc errc_of(const ServerError& error) { return rule_of(error).errc; }

RetryClass retry_class_of(const ServerError& error) { return rule_of(error).retry; }

RetryClass retry_class_of(const Error& error) {
  return is_transient(error.code()) ? RetryClass::idempotent : RetryClass::never;
}

bool is_clock_skew(const ServerError& error) {
  return error.code == "OTSAuthFailed" &&
         error.message.starts_with("Mismatch between system time and x-ots-date");
}

bool is_key_refused(const ServerError& error) {
  return error.code == "OTSAuthFailed" && !is_clock_skew(error);
}

Error to_error(const ServerError& error, std::string_view doing) {
  std::string text = fmt::format("{}: {}", doing, error.status);
  if (!error.code.empty()) text += fmt::format(" {}: {}", error.code, error.message);
  if (!error.request_id.empty()) text += fmt::format(", request {}", error.request_id);
  if (const auto advice = way_out(error); !advice.empty()) text += fmt::format(" ({})", advice);
  return Error(errc_of(error), std::move(text));
}

}  // namespace sluice::tablestore
