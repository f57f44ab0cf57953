#include "daemon/api/query_parameters.hpp"

#include "core/job/problems.hpp"
#include "daemon/api/api_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

using scheduler::Instance;
using scheduler::InstanceQuery;
using scheduler::State;

constexpr std::size_t kPageDefault = 100;
constexpr std::size_t kPageMax = 1000;
constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 62U;

Error not_together(std::string_view one, std::string_view other) {
  return Error(Errc::invalid_argument,
               fmt::format("read the query: {} does not go with {}; leave one out", one, other));
}

bool has(const std::vector<State>& states, State state) {
  return std::ranges::find(states, state) != states.end();
}

Error no_such_state(std::string_view name) {
  std::vector<std::string_view> names;
  for (int n = 0; n <= static_cast<int>(State::skipped); ++n)
    names.push_back(to_string(static_cast<State>(n)));
  return Error(Errc::invalid_argument,
               fmt::format("read state: expected {}, got \"{}\"", job::join_names(names, " or "), name));
}

Result<std::vector<State>> states_parameter(const HttpRequest& request) {
  std::vector<State> states;
  const std::string whole = request.parameter("state").value_or("");
  std::string_view text = whole;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string name(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const auto state = state_from_word(name);
    if (!state) return no_such_state(name);
    states.push_back(*state);
  }
  return states;
}

// The slots, and of them only those that are due.
Result<void> add_slots(const Service& service, const HttpRequest& request, InstanceListing& listing) {
  InstanceQuery& query = listing.query;
  const auto slots =
      slots_parameter(request, listing.backfill ? listing.backfill->zone : zone_of_chain(service, query.job));
  if (!slots) return slots.error();
  query.from = slots->from;
  query.to = slots->to;
  const auto due = word_parameter(request, "due", {"false", "true"});
  if (!due) return due.error();
  const Instant soon = service.now() + Duration(1);
  if (*due == "true") query.to = std::min(query.to.value_or(soon), soon);
  return {};
}

}  // namespace

std::optional<State> state_from_word(std::string name) {
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return scheduler::state_from_string(name);
}

// Which of the waiting states an instance is in is not stored; a page of them may come out shorter for it.
std::vector<State> stored_states(std::vector<State> states) {
  constexpr std::array kWaiting = {State::not_run, State::wait_time, State::wait_resource};
  const bool any = std::ranges::any_of(kWaiting, [&](State state) { return has(states, state); });
  const bool paused = has(states, State::frozen);
  for (const State state : kWaiting) {
    if ((any || paused) && !has(states, state)) states.push_back(state);
  }
  if (paused && !has(states, State::retry_wait)) states.push_back(State::retry_wait);
  if (has(states, State::killing) && !has(states, State::running)) states.push_back(State::running);
  return states;
}

std::string zone_of_chain(const Service& service, std::string_view chain) {
  const std::string name = scheduler::parse_chain(chain).job;
  const JobList jobs = service.jobs();
  if (const job::Job* const found = jobs.find(name)) return found->schedule.zone;
  return jobs.empty() ? "Asia/Shanghai" : jobs.begin()->schedule.zone;
}

Result<std::optional<Instant>> time_parameter(const HttpRequest& request, std::string_view name,
                                              std::string_view zone) {
  const auto text = request.parameter(name);
  if (!text) return std::optional<Instant>();
  const auto time = time_from_text(*text, zone);
  if (!time) return time.error().in(name);
  return std::optional<Instant>(*time);
}

Result<std::optional<scheduler::InstanceId>> instance_parameter(const HttpRequest& request,
                                                                std::string_view name) {
  const auto text = request.parameter(name);
  if (!text) return std::optional<scheduler::InstanceId>();
  const auto id = scheduler::parse_instance_id(*text);
  if (!id) return id.error().in(name);
  return std::optional<scheduler::InstanceId>(*id);
}

Result<std::string> word_parameter(const HttpRequest& request, std::string_view name,
                                   std::initializer_list<std::string_view> words) {
  const auto text = request.parameter(name);
  if (!text) return std::string(*words.begin());
  if (std::ranges::find(words, std::string_view(*text)) != words.end()) return *text;
  return Error(Errc::invalid_argument,
               fmt::format("read {}: expected {}, got \"{}\"", name,
                           job::join_names(std::vector<std::string_view>(words), " or "), *text));
}

Result<SlotRange> slots_parameter(const HttpRequest& request, std::string_view zone) {
  SlotRange slots;
  if (const auto date = request.parameter("date")) {
    for (const std::string_view bound : {"from", "to"})
      if (request.parameter(bound)) return not_together("date", bound);
    const auto day = local_day(*date, zone);
    if (!day) return day.error();
    slots.from = day->from;
    slots.to = day->to;
    return slots;
  }
  const auto from = time_parameter(request, "from", zone);
  if (!from) return from.error();
  const auto to = time_parameter(request, "to", zone);
  if (!to) return to.error();
  slots.from = *from;
  slots.to = *to;
  return slots;
}

awaitable<Result<InstanceListing>> instance_listing(Service& service, const HttpRequest& request) {
  InstanceListing listing;
  InstanceQuery& query = listing.query;
  query.job = request.parameter("job").value_or("");
  const auto limit = number_parameter(request, "limit", kPageDefault, 1, kPageMax);
  if (!limit) co_return limit.error();
  query.limit = *limit;
  if (request.parameter("backfill")) {
    const auto id = number_parameter(request, "backfill", 1, 1, kNumberMax);
    if (!id) co_return id.error();
    if (!query.job.empty()) co_return not_together("backfill", "job");
    listing.backfill = co_await service.backfills().backfill(static_cast<std::int64_t>(*id));
    if (!listing.backfill)
      co_return Error(Errc::not_found, fmt::format("find backfill {}: there is none", *id));
  }
  const auto slots = add_slots(service, request, listing);
  if (!slots) co_return slots.error();
  auto states = states_parameter(request);
  if (!states) co_return states.error();
  query.states = stored_states(*states);
  listing.wanted = std::move(*states);
  const auto order = word_parameter(request, "order", {"desc", "asc"});
  if (!order) co_return order.error();
  query.ascending = *order == "asc";
  const auto after = instance_parameter(request, "after");
  if (!after) co_return after.error();
  query.after = *after;
  co_return listing;
}

awaitable<std::vector<Instance>> find_instances(Service& service, InstanceListing listing) {
  InstanceQuery& query = listing.query;
  if (!listing.backfill) co_return co_await service.store().instances(query);
  // Of each group as many as a page holds, by its index; the page is the first of them.
  std::vector<Instance> found;
  for (const scheduler::BackfillGroup& group : listing.backfill->groups) {
    query.job = scheduler::chain_of(listing.backfill->order.job, group.id);
    std::vector<Instance> of_group = co_await service.store().instances(query);
    std::ranges::move(of_group, std::back_inserter(found));
  }
  std::ranges::sort(found,
                    [&](const Instance& a, const Instance& b) { return comes_before(query, a.id, b.id); });
  if (found.size() > query.limit) found.resize(query.limit);
  co_return found;
}

}  // namespace sluice::daemon
