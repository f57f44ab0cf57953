#include "scheduler/instance.hpp"

#include "core/job/civil_time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace sluice::scheduler {
namespace {

constexpr std::array kStateNames = {
    std::pair(State::not_run, std::string_view("NOT_RUN")),
    std::pair(State::wait_time, std::string_view("WAIT_TIME")),
    std::pair(State::wait_resource, std::string_view("WAIT_RESOURCE")),
    std::pair(State::running, std::string_view("RUNNING")),
    std::pair(State::retry_wait, std::string_view("RETRY_WAIT")),
    std::pair(State::success, std::string_view("SUCCESS")),
    std::pair(State::failure, std::string_view("FAILURE")),
    std::pair(State::frozen, std::string_view("FROZEN")),
    std::pair(State::killing, std::string_view("KILLING")),
    std::pair(State::lost, std::string_view("LOST")),
    std::pair(State::skipped, std::string_view("SKIPPED")),
};

}  // namespace

std::string_view to_string(State state) noexcept {
  for (const auto& [value, name] : kStateNames) {
    if (value == state) return name;
  }
  return "UNKNOWN";
}

std::optional<State> state_from_string(std::string_view text) noexcept {
  for (const auto& [value, name] : kStateNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view to_string(AttemptResult result) noexcept {
  switch (result) {
    case AttemptResult::open:
      return "open";
    case AttemptResult::success:
      return "success";
    case AttemptResult::failed:
      return "failed";
    case AttemptResult::lost:
      return "lost";
    case AttemptResult::killed:
      return "killed";
    case AttemptResult::timed_out:
      return "timed_out";
  }
  return "unknown";
}

std::string chain_of(std::string_view job, std::int64_t group) {
  return group == 0 ? std::string(job) : fmt::format("{}#{}", job, group);
}

Chain parse_chain(std::string_view chain) {
  const std::size_t sharp = chain.find('#');
  Chain parsed;
  parsed.job = chain.substr(0, sharp);
  if (sharp == std::string_view::npos) return parsed;
  const std::string_view digits = chain.substr(sharp + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.group);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) parsed.group = -1;
  return parsed;
}

std::string to_string(const InstanceId& id, std::string_view zone) {
  return fmt::format("{}@{}", chain_of(id), job::format_local(id.scheduled, zone));
}

Result<InstanceId> parse_instance_id(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0) {
    return Error(Errc::invalid_argument,
                 fmt::format("read instance id \"{}\": expected JOB@TIME, for example "
                             "orders@2018-10-16T00:15+08:00",
                             text));
  }
  const Result<Instant> scheduled = job::parse_local(text.substr(at + 1));
  if (!scheduled) return scheduled.error().in(fmt::format("read instance id \"{}\"", text));
  Chain chain = parse_chain(text.substr(0, at));
  if (chain.group < 0 || chain.job.empty()) {
    return Error(
        Errc::invalid_argument,
        fmt::format("read instance id \"{}\": expected the number of a backfill's group behind \"#\"", text));
  }
  InstanceId id;
  id.job = std::move(chain.job);
  id.scheduled = *scheduled;
  id.group = chain.group;
  return id;
}

Error none_planned(const InstanceId& id) {
  return Error(Errc::not_found, fmt::format("find instance {}: none is planned for that time; list them with "
                                            "sluice instances {}",
                                            to_string(id, "UTC"), id.job));
}

}  // namespace sluice::scheduler
