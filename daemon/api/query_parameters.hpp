#pragma once
// Reading the query of a request. Errors are invalid_argument and say which parameter, what it was and what
// is allowed.

#include "daemon/api/service.hpp"
#include "daemon/http/http_message.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::daemon {

// The zone of the job whose chain this is; of the first job if there is no such job.
std::string zone_of_chain(const Service& service, std::string_view chain);

// A time as time_from_text() reads it; nothing when absent.
Result<std::optional<Instant>> time_parameter(const HttpRequest& request, std::string_view name,
                                              std::string_view zone);

// The id of an instance; nothing when absent.
Result<std::optional<scheduler::InstanceId>> instance_parameter(const HttpRequest& request,
                                                                std::string_view name);

// One of `words`; the first when absent.
Result<std::string> word_parameter(const HttpRequest& request, std::string_view name,
                                   std::initializer_list<std::string_view> words);

// Slots, from `date` or from `from` and `to`. Both are nothing when the request has none of them.
struct SlotRange {
  std::optional<Instant> from;
  std::optional<Instant> to;
};
Result<SlotRange> slots_parameter(const HttpRequest& request, std::string_view zone);

// As the command line and queries spell it: FAILURE or retry-wait, in any case, '-' for '_'.
std::optional<scheduler::State> state_from_word(std::string name);

// The states that instances may be stored with which are shown as one of `states`.
std::vector<scheduler::State> stored_states(std::vector<scheduler::State> states);

// What GET /api/v1/instances asks for.
struct InstanceListing {
  scheduler::InstanceQuery query;               // with the states that are stored
  std::vector<scheduler::State> wanted;         // those to show; empty: all
  std::optional<scheduler::Backfill> backfill;  // only the instances of this one
};
// not_found: no such backfill.
awaitable<Result<InstanceListing>> instance_listing(Service& service, const HttpRequest& request);

// Its page, in order.
awaitable<std::vector<scheduler::Instance>> find_instances(Service& service, InstanceListing listing);

}  // namespace sluice::daemon
